/**
 * An agent: a function from an event of the call to a stream of outputs, with the filters and policies that say when it
 * runs.
 *
 * A factory makes the agent of each call. A factory can be a service, so agents are composed as Layers:
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

/** Answers an event. Interrupting the turn interrupts the stream. */
export interface Agent<out E = never, out R = never> {
  (event: Event.Input, turn: Turn.Turn): Stream.Stream<Event.Output, E, R>
}

/** When an agent runs, and what happens if it fails or is late. */
export interface Policies {
  /**
   * What happens if a turn fails. `recover` (the default): the caller hears the `apology`, `TurnFailed` is added to the
   * history and the call goes on. `close`, as in Line: the harness gets an error and the call ends.
   */
  readonly turnFailure: "recover" | "close"
  /** What the caller hears if a turn fails and the call goes on. Nothing if it is empty. */
  readonly apology: string
  /** When the results of background work come back, unless the work itself says so. `whenIdle` by default. */
  readonly backgroundDelivery: Turn.Delivery
  /**
   * Longest time that a `whenIdle` result waits for silence, so that a lost report cannot hold it for ever. 30 seconds.
   */
  readonly backgroundPatience: Duration.Duration
  /** Longest wait for the finalizers of an interrupted turn. After that, the next turn starts while they run. 1 second. */
  readonly cancelGrace: Duration.Duration
  /** Time to handle `CallEnded`, and for background work that must finish. 10 seconds. */
  readonly endGrace: Duration.Duration
  /** Longest time that an uninterruptible region delays the end of its turn. 30 seconds. */
  readonly regionLimit: Duration.Duration
  /** Longest time that a filter may take to answer. If it takes longer, its event is only recorded. 2 seconds. */
  readonly filterTimeout: Duration.Duration
  /**
   * If a harness has reported no speech for this long, it is assumed to report none: what was said then counts as
   * heard. 3 seconds.
   */
  readonly firstSound: Duration.Duration
  /**
   * How long to wait for more words after words that arrive late, when their turn has already ended. They then start a
   * turn. 300 milliseconds; with infinity late words are only recorded, as in Line.
   */
  readonly lateWords: Duration.Duration
  /**
   * Longest time that the caller waits for an answer. After that, `AnswerOverdue` is added to the history, and the caller
   * hears `holding` if it is not empty. 10 seconds.
   */
  readonly answerDeadline: Duration.Duration
  /** What the caller hears if an answer is overdue. Nothing by default. */
  readonly holding: string
  /**
   * What an output after the end of the call does to its turn. Such an output never reaches the wire. `discard` (the
   * default): the turn runs to its end. `stop`, as in Line: the turn ends there.
   */
  readonly outputAfterEnd: "discard" | "stop"
}

/** An agent with its filters and policies. */
export interface AgentSpec<out E = never, out R = never> extends Policies, EventFilter.Policy<R> {
  readonly agent: Agent<E, R>
  /**
   * A stream that lives as long as the call and emits both reports and outputs. A speech-to-speech model, which takes
   * turns by itself, plugs in here. If the stream fails, the call goes on without it, as after a failed turn.
   */
  readonly session?: ((call: Session) => Stream.Stream<Event.Report | Event.Output, unknown, R>) | undefined
}

/** What a session gets. */
export interface Session {
  readonly request: CallRequest
  /** Everything that happens on the call from its start, including the session's own reports. */
  readonly events: Stream.Stream<Event.Input>
  /** The call up to now. */
  readonly history: Effect.Effect<History.History>
}

/** Options of an agent. Whatever is missing has its default. */
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

/** Makes the agent of a call. The scope is the call's. `R` is needed to make the agent, `R2` by its turns. */
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

/** What an agent with policies can be made from: a factory, a spec, or a service. */
export type Made<E = never, R = never, R2 = R> =
  | Factory<E, R, R2>
  | AgentSpec<unknown, R2>
  | (ServiceClass<R, string> & Context.Key<R, Maker>)

/** Anything that can be given as an agent: a bare agent, a spec, a factory or a service. */
export type Source<E = never, R = never, R2 = R> = Made<E, R, R2> | Agent<unknown, R2>

/**
 * Changes the agent of any source. A bare agent stays a bare agent; anything else becomes a factory with the same
 * policies.
 */
export interface Operator<out E = never, out R = never> {
  <E2, R2>(agent: Agent<E2, R2>): Agent<E | E2, R | R2>
  // This overload is last because `pipe` uses the last one, and most sources that are piped are specs or factories.
  <E2 = never, R2 = never, R3 = never>(source: Made<E2, R2, R3>): Factory<E2, R2, R | R3>
}

/** Makes the factory of any source. */
export const from: {
  <E = never, R = never, R2 = never>(source: Made<E, R, R2>): Factory<E, R, R2>
  <R>(agent: Agent<unknown, R>): Factory<never, never, R>
  <E, R, R2>(source: Source<E, R, R2>): Factory<E, R, R2>
} = (source: Source<unknown, unknown, unknown>): Factory<never, never, never> =>
  Sources.toFactory(source, make) as Factory<never, never, never>

/**
 * Changes the agent of a source, and keeps its filters and policies.
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
 * Provides services that live as long as the call, for example state that the tools and agents of one call share. The
 * Layer is built once per call, and released when the call ends.
 *
 * An agent that a Layer provides (`Agent.layer`) does not see them: like any Layer, it already has what it requires. Provide
 * services that it needs for each call inside that Layer: `Agent.layer(Sales, Agent.provide(sales, Cart.layer))`.
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
 * Makes an agent with one function per kind of event. It is silent on events without a function. Background results
 * that came together are answered one after another, in one turn.
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

/** Runs an effect for each output of an agent as it passes, and changes nothing. */
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

/** Provides the services of a spec and its factory from a context. */
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

/** The service of an agent: makes the agent of a call. */
export interface Maker {
  readonly make: (request: CallRequest) => Effect.Effect<AgentSpec<unknown>, unknown, Scope.Scope>
}

/** The class of an agent's service, which is also a factory: it asks for the service. */
export type ServiceClass<Self, Id extends string> = Context.ServiceClass<Self, Id, Maker> & {
  /** Makes the agent that the Layer provides. */
  readonly factory: Factory<unknown, Self, never>
}

/**
 * Names an agent, so that a Layer can provide it: `class Support extends Agent.Service<Support>()("app/Support") {}`.
 */
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
 * Services of the call itself, which no Layer may replace: its scope, clock and runtime. A Layer that was built on the
 * process's clock must not keep a call from running on a clock of its own.
 */
const ofTheCall = [Scope.Scope, Clock.Clock, Random.Random, Scheduler.Scheduler, Tracer.ParentSpan]

/**
 * Layer that provides a named agent. It requires whatever the source and its agents require, and they get it from there
 * alone: services of the same name around the call do not replace it.
 */
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
            Effect.updateContext(factory(request), (own: Context.Context<Scope.Scope>) => Context.merge(own, services)),
            (spec) => provideContext(spec, services)
          )
      })
    })
  )
}
