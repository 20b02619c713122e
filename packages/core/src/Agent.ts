/**
 * An agent: a function from an event of the call to a stream of things to do, with the filters and policies that say when
 * it runs.
 *
 * An agent is made for each call by a factory. A factory can be a service, so agents are composed as Layers:
 *
 * ```ts
 * class Support extends Agent.Service<Support>()("app/Support") {}
 * const SupportLive = Agent.layer(Support, (request) => Effect.succeed(Agent.make(...)))
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type { CallRequest } from "./CallRequest.ts"
import type * as Event from "./Event.ts"
import * as EventFilter from "./EventFilter.ts"
import * as Sources from "./internal/source.ts"
import type * as History from "./History.ts"
import type * as Turn from "./Turn.ts"

/** What an agent does about an event. Interruption of the stream is interruption of the turn. */
export interface Agent<out E = never, out R = never> {
  (event: Event.Input, turn: Turn.Turn): Stream.Stream<Event.Output, E, R>
}

/** When an agent runs, and what happens where it does not end well. */
export interface Policies {
  /**
   * What a turn that fails does. `recover` (the default): the caller hears the `apology`, `TurnFailed` joins the history
   * and the call goes on. `close`: the harness gets an error and the call ends. Line's way.
   */
  readonly turnFailure: "recover" | "close"
  /** What the caller hears when a turn fails and the call goes on. Nothing where it is empty. */
  readonly apology: string
  /** When the results of background work come back, where the work does not say so itself. `whenIdle` by default. */
  readonly backgroundDelivery: Turn.Delivery
  /** Longest wait of a `whenIdle` result for silence, so that a lost report cannot hold it for ever. 30 seconds. */
  readonly backgroundPatience: Duration.Duration
  /** Longest wait for the finalizers of an interrupted turn before the next one starts beside them. 1 second. */
  readonly cancelGrace: Duration.Duration
  /** Time that handling of `CallEnded` is given, and background work that is to finish. 10 seconds. */
  readonly endGrace: Duration.Duration
  /** Longest time that an uninterruptible region holds up what is to stop its turn. 30 seconds. */
  readonly regionLimit: Duration.Duration
  /** Longest time that a filter may take to answer. Its event is only recorded then. 2 seconds. */
  readonly filterTimeout: Duration.Duration
  /**
   * Longest wait for the first report of speech, before a harness is taken for one that reports none: what was said counts
   * as heard then. 3 seconds.
   */
  readonly firstSound: Duration.Duration
  /**
   * Words that come after the end of their turn are answered as a turn of their own once none have followed for this long.
   * 300 milliseconds; infinite to only record them, as Line does.
   */
  readonly lateWords: Duration.Duration
  /**
   * Longest time that the caller waits for a word once they have finished. Then `AnswerOverdue` joins the history, and the
   * caller hears `holding` if it is not empty. 10 seconds.
   */
  readonly answerDeadline: Duration.Duration
  /** What the caller hears when an answer is overdue. Empty by default: nothing. */
  readonly holding: string
  /**
   * What an output after the end of the call does. It never reaches the wire. `discard` (the default): the turn goes on to
   * its end. `stop`: the turn ends there. Line's way.
   */
  readonly outputAfterEnd: "discard" | "stop"
}

/** An agent with its filters and policies. */
export interface AgentSpec<out E = never, out R = never> extends Policies, EventFilter.Policy<R> {
  readonly agent: Agent<E, R>
  /**
   * A stream that lives as long as the call and makes both reports and outputs: where a speech-to-speech model, which takes
   * turns by itself, plugs in. If it fails, the call goes on without it, as after a turn that failed.
   */
  readonly session?: ((call: Session) => Stream.Stream<Event.Report | Event.Output, unknown, R>) | undefined
}

/** What a session is handed. */
export interface Session {
  readonly request: CallRequest
  /** What happens on the call, from its start on, the session's own reports included. */
  readonly events: Stream.Stream<Event.Input>
  /** The call up to now. */
  readonly history: Effect.Effect<History.History>
}

/** What can be said about an agent. What is not said is the default. */
export interface Options<R = never> extends Partial<Omit<Policies, DurationKey>> {
  readonly session?: ((call: Session) => Stream.Stream<Event.Report | Event.Output, unknown, R>) | undefined
  readonly run?: EventFilter.Source<R> | undefined
  readonly cancel?: EventFilter.Source<R> | undefined
  readonly backgroundPatience?: Duration.Input | undefined
  readonly cancelGrace?: Duration.Input | undefined
  readonly endGrace?: Duration.Input | undefined
  readonly regionLimit?: Duration.Input | undefined
  readonly filterTimeout?: Duration.Input | undefined
  readonly firstSound?: Duration.Input | undefined
  readonly lateWords?: Duration.Input | undefined
  readonly answerDeadline?: Duration.Input | undefined
}
type DurationKey =
  | "backgroundPatience"
  | "cancelGrace"
  | "endGrace"
  | "regionLimit"
  | "filterTimeout"
  | "firstSound"
  | "lateWords"
  | "answerDeadline"

/** Makes the agent of a call. The scope is the call's. `R` is what the making needs, `R2` what the agent's turns need. */
export interface Factory<out E = never, out R = never, out R2 = R> {
  (request: CallRequest): Effect.Effect<AgentSpec<unknown, R2>, E, R | Scope.Scope>
}

/** Joins an agent with its filters and policies. */
export const make = <E, R, R2 = never>(agent: Agent<E, R>, options: Options<R2> = {}): AgentSpec<E, R | R2> => ({
  agent,
  run: options.run === undefined ? EventFilter.standard.run : EventFilter.from(options.run),
  cancel: options.cancel === undefined ? EventFilter.standard.cancel : EventFilter.from(options.cancel),
  turnFailure: options.turnFailure ?? "recover",
  apology: options.apology ?? "Sorry, something went wrong on my side.",
  backgroundDelivery: options.backgroundDelivery ?? "whenIdle",
  backgroundPatience: Duration.fromInputUnsafe(options.backgroundPatience ?? "30 seconds"),
  cancelGrace: Duration.fromInputUnsafe(options.cancelGrace ?? "1 second"),
  endGrace: Duration.fromInputUnsafe(options.endGrace ?? "10 seconds"),
  regionLimit: Duration.fromInputUnsafe(options.regionLimit ?? "30 seconds"),
  filterTimeout: Duration.fromInputUnsafe(options.filterTimeout ?? "2 seconds"),
  firstSound: Duration.fromInputUnsafe(options.firstSound ?? "3 seconds"),
  lateWords: Duration.fromInputUnsafe(options.lateWords ?? "300 millis"),
  answerDeadline: Duration.fromInputUnsafe(options.answerDeadline ?? "10 seconds"),
  holding: options.holding ?? "",
  outputAfterEnd: options.outputAfterEnd ?? "discard",
  ...(options.session === undefined ? {} : { session: options.session })
})

/** An agent of a call in the making: a factory, a spec, or a service. */
export type Made<E = never, R = never, R2 = R> =
  | Factory<E, R, R2>
  | AgentSpec<unknown, R2>
  | (ServiceClass<R, string> & Context.Key<R, Maker>)

/** Whatever may be given for an agent: a bare agent, a spec, a factory or a service. */
export type Source<E = never, R = never, R2 = R> = Made<E, R, R2> | Agent<unknown, R2>

/** Changes the agent of any source: an agent becomes an agent, and anything else a factory with the same policies. */
export interface Operator<out E = never, out R = never> {
  <E2, R2>(agent: Agent<E2, R2>): Agent<E | E2, R | R2>
  // The last one: it is what `pipe` goes by, and most of what is piped is made already.
  <E2 = never, R2 = never, R3 = never>(source: Made<E2, R2, R3>): Factory<E2, R2, R | R3>
}

/** The factory that makes the agent of a source. */
export const from: {
  <E = never, R = never, R2 = never>(source: Made<E, R, R2>): Factory<E, R, R2>
  <R>(agent: Agent<unknown, R>): Factory<never, never, R>
} = (source: Source<unknown, unknown, unknown>): Factory<never, never, never> =>
  Sources.toFactory(source, make) as Factory<never, never, never>

/**
 * Changes the agent of a source, which keeps its filters and policies.
 *
 * ```ts
 * const quiet = Agent.map(LlmAgent.make({ systemPrompt }), (agent) => (event, turn) =>
 *   event._tag === "UserDtmfSent" ? Stream.empty : agent(event, turn)
 * )
 * ```
 */
export const map: {
  <E, R>(f: (agent: Agent<unknown, never>) => Agent<E, R>): Operator<E, R>
  <E2 = never, R2 = never, R3 = never, R = never>(
    source: Made<E2, R2, R3>,
    f: (agent: Agent<unknown, R3>) => Agent<unknown, R>
  ): Factory<E2, R2, R | R3>
  <E, R, E2, R2>(agent: Agent<E, R>, f: (agent: Agent<E, R>) => Agent<E2, R2>): Agent<E2, R2>
} = dual(2, (source: Source<never, never, never>, f: (agent: Agent<unknown, unknown>) => Agent<unknown, unknown>) =>
  Sources.map(source, f, make as never)
)

/**
 * Gives a source services that live as long as the call: state that the tools and agents of one call share. The Layer is built
 * once for each call, and released when the call ends.
 */
export const provide: {
  <A, E, R>(
    layer: Layer.Layer<A, E, R>
  ): <E2, R2, R3 = never>(source: Source<E2, R2, R3>) => Factory<E | E2, R | Exclude<R2, A>, Exclude<R3, A>>
  <E2 = never, R2 = never, A = never, E = never, R = never, R3 = never>(
    source: Made<E2, R2, R3>,
    layer: Layer.Layer<A, E, R>
  ): Factory<E | E2, R | Exclude<R2, A>, Exclude<R3, A>>
  <R2, A, E, R>(agent: Agent<unknown, R2>, layer: Layer.Layer<A, E, R>): Factory<E, R, Exclude<R2, A>>
} = dual(2, (source: Made<unknown, never, never>, layer: Layer.Layer<never>): Factory<unknown, never, never> => {
  const factory = from(source)
  return Sources.factory((request: CallRequest) =>
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.flatMap(Layer.buildWithScope(layer, scope), (context) =>
        Effect.map(Effect.provideContext(factory(request), context), (spec) => provideContext(spec, context))
      )
    )
  )
})

type Routes<E, R> = {
  readonly [Tag in Event.Input["_tag"]]?: (
    event: Event.InputOf<Tag>,
    turn: Turn.Turn
  ) => Stream.Stream<Event.Output, E, R>
}

/**
 * An agent that answers each kind of event by the function of that name, and is silent if there is none. Results of
 * background work that came together are answered one after the other, in one turn.
 */
export const route = <E = never, R = never>(routes: Routes<E, R>): Agent<E, R> =>
  Sources.agent((event: Event.Input, turn: Turn.Turn) => {
    const answer = (event: Event.Input): Stream.Stream<Event.Output, E, R> => {
      const handle = routes[event._tag] as Agent<E, R> | undefined
      return handle === undefined ? Stream.empty : handle(event, turn)
    }
    if (turn.triggers.length === 1 || event !== turn.trigger) return answer(event)
    return Stream.flatMap(Stream.fromIterable(turn.triggers), answer)
  })

/** Changes each output of an agent. */
export const mapOutput: {
  (f: (output: Event.Output, event: Event.Input) => Event.Output): Operator
  <E = never, R = never, R2 = never>(
    source: Made<E, R, R2>,
    f: (output: Event.Output, event: Event.Input) => Event.Output
  ): Factory<E, R, R2>
  <E, R>(agent: Agent<E, R>, f: (output: Event.Output, event: Event.Input) => Event.Output): Agent<E, R>
} = dual(2, (source: AgentSpec, f: (output: Event.Output, event: Event.Input) => Event.Output) =>
  map(source, (agent) => (event, turn) => Stream.map(agent(event, turn), (output) => f(output, event)))
)

/** Looks at each output of an agent as it passes, and changes nothing. */
export const observe: {
  <X, E, R>(f: (output: Event.Output, event: Event.Input) => Effect.Effect<X, E, R>): Operator<E, R>
  <E2 = never, R2 = never, X = never, E = never, R = never, R3 = never>(
    source: Made<E2, R2, R3>,
    f: (output: Event.Output, event: Event.Input) => Effect.Effect<X, E, R>
  ): Factory<E2, R2, R | R3>
  <E2, R2, X, E, R>(
    agent: Agent<E2, R2>,
    f: (output: Event.Output, event: Event.Input) => Effect.Effect<X, E, R>
  ): Agent<E | E2, R | R2>
} = dual(2, (source: AgentSpec, f: (output: Event.Output, event: Event.Input) => Effect.Effect<unknown>) =>
  map(source, (agent) => (event, turn) => Stream.tap(agent(event, turn), (output) => f(output, event)))
)

/** The services that a spec or its factory asks for are taken from a context. */
const provideContext = <R>(spec: AgentSpec<unknown, R>, context: Context.Context<R>): AgentSpec<unknown> => {
  const filter =
    (filter: EventFilter.EventFilter<R>): EventFilter.EventFilter =>
    (event) => {
      const decision = filter(event)
      return typeof decision === "boolean" ? decision : Effect.provideContext(decision, context)
    }
  const { session, ...rest } = spec
  return {
    ...rest,
    agent: (event, turn) => Stream.provideContext(spec.agent(event, turn), context),
    ...(session === undefined ? {} : { session: (call: Session) => Stream.provideContext(session(call), context) }),
    run: filter(spec.run),
    cancel: filter(spec.cancel)
  }
}

/** What an agent's service does: it makes the agent of a call. */
export interface Maker {
  readonly make: (request: CallRequest) => Effect.Effect<AgentSpec<unknown>, unknown, Scope.Scope>
}

/** The class of an agent's service: its name, and the factory that asks for it. */
export type ServiceClass<Self, Id extends string> = Context.ServiceClass<Self, Id, Maker> & {
  /** Makes the agent that the Layer in force brings. */
  readonly factory: Factory<unknown, Self, never>
}

/** Names an agent, so that a Layer can bring it: `class Support extends Agent.Service<Support>()("app/Support") {}`. */
export const Service =
  <Self>() =>
  <const Id extends string>(id: Id): ServiceClass<Self, Id> => {
    const service = Context.Service<Self, Maker>()(id)
    const factory: Factory<unknown, Self, never> = Sources.factory((request: CallRequest) =>
      Effect.flatMap(service, (maker) => maker.make(request))
    )
    return Object.assign(service, { factory })
  }

/**
 * What a call brings itself and no Layer may put in its place: scopes, and what it runs on. A Layer that is built on the
 * clock of the process must not keep a call from running on one of its own.
 */
const ofTheCall = [Scope.Scope, Clock.Clock, Random.Random, Scheduler.Scheduler, Tracer.ParentSpan]

/** Layer that brings the agent of a name. What the source and its agents need is needed by the Layer. */
export const layer: {
  <Self = never, E = never, R = never, R2 = never>(
    service: Context.Key<Self, Maker>,
    source: Made<E, R, R2>
  ): Layer.Layer<Self, never, Exclude<R | R2, Scope.Scope>>
  <Self, R = never>(
    service: Context.Key<Self, Maker>,
    agent: Agent<unknown, R>
  ): Layer.Layer<Self, never, Exclude<R, Scope.Scope>>
} = <Self, R>(
  service: Context.Key<Self, Maker>,
  source: Source<unknown, R, R>
): Layer.Layer<Self, never, Exclude<R, Scope.Scope>> => {
  const factory: Factory<unknown, R, R> = from(source as Made<unknown, R, R>)
  return Layer.effect(
    service,
    Effect.contextWith((context: Context.Context<Exclude<R, Scope.Scope>>) => {
      const services = Context.omit(...(ofTheCall as ReadonlyArray<typeof Scope.Scope>))(
        context as Context.Context<R>
      ) as Context.Context<R>
      return Effect.succeed({
        make: (request: CallRequest) =>
          Effect.map(
            Effect.updateContext(factory(request), (own: Context.Context<Scope.Scope>) => Context.merge(services, own)),
            (spec) => provideContext(spec, services)
          )
      })
    })
  )
}
