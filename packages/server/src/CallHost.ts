/**
 * Holds one call on a server, whatever its protocol and whatever carries it: makes the agent in time, records, starts, ends
 * and releases, and bounds each of these.
 *
 * Everything that happens is told to the machine of the protocol, and what the machine wants is done: what goes to the
 * platform at once and in order, what goes to the call one report after the other. A `Link` is the way to the platform, a
 * socket or HTTP responses, and knows nothing of the call.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import { CallError } from "@antiphon/core/CallError"
import type { CallRequest } from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import * as EventId from "@antiphon/core/EventId"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Scope from "effect/Scope"
import type { Calls, OpenCall } from "./Calls.ts"
import * as Ending from "./Ending.ts"
import * as Alarm from "./internal/alarm.ts"
import * as CallLog from "./internal/callLog.ts"
import * as Courier from "./internal/courier.ts"
import * as Making from "./internal/making.ts"
import * as Monotonic from "./internal/monotonic.ts"
import * as TurnWatch from "./internal/turnWatch.ts"
import * as Protocol from "./Protocol.ts"
import type { Settings } from "./Settings.ts"

/** The way to the platform. None of its effects fails. */
export interface Link {
  /** Carries out what goes to the platform, in order. Does not wait until the platform has taken it. */
  readonly perform: (wanted: ReadonlyArray<Protocol.Outward>) => Effect.Effect<void>
  /** Waits while the platform is behind with what was sent. */
  readonly ready: Effect.Effect<void>
  /** Stops reading. Does not wait for what is being read. */
  readonly deafen: Effect.Effect<void>
  /** Carries out the last words, and closes what they leave open. */
  readonly end: (lastWords: ReadonlyArray<Protocol.Outward>) => Effect.Effect<void>
  /** Drops the platform without a word, for one that reads none. */
  readonly drop: Effect.Effect<void>
}

/** A call on a server. */
export interface CallHost {
  /** Tells the machine what happened, and does what goes to the platform. Does not wait for the call. */
  readonly tell: (told: Protocol.Told) => Effect.Effect<void>
  /** Ends the call for a reason. The first reason counts; the call ends in a fiber of its own. */
  readonly stop: (ending: Ending.Ending) => Effect.Effect<void>
  /** Notes that so many messages were received: the call is not idle. */
  readonly touch: (messages: number) => void
  /** What waits until the call has taken all but a few of the reports it was told, or undefined if it has. */
  readonly room: () => Effect.Effect<void> | undefined
  /** Whether the call has ended, or is ending. */
  readonly isOver: () => boolean
}

/** How a call is opened. */
export interface Options<State, E = never> {
  readonly protocol: Protocol.Protocol<State>
  readonly admitted: Protocol.Admitted
  /** Makes the way to the platform, once the call has its place. `stop` ends the call. */
  readonly connect: (stop: CallHost["stop"]) => Effect.Effect<Link, E>
  /** Holds what the call needs of its surroundings. The host closes it when the call is over and released. */
  readonly scope: Scope.Closeable
  /** Time without anything received after which the call ends; that of the settings by default. */
  readonly idleTimeout?: Duration.Duration | undefined
}

/** Makes the recorder of a call. */
export type Record = (request: CallRequest) => Effect.Effect<Recorder.Recorder, never, Scope.Scope>

/** Opens the calls of one agent. What a protocol's routes are given. */
export interface Reception {
  readonly settings: Settings
  readonly calls: Calls["Service"]
  /** Opens a call. It outlives the fiber that opened it, and is in the hands of `Calls` from there on. */
  readonly open: <State, E = never>(options: Options<State, E>) => Effect.Effect<CallHost, E>
}

/** Makes a reception from a factory of agents. The services that agents need are those of its context. */
export const reception = <E, R, R2>(
  factory: Agent.Factory<E, R, R2>,
  options: {
    readonly calls: Calls["Service"]
    readonly settings: Settings
    /** Makes the recorder of each call. Without it no call is recorded. */
    readonly record?: Record | undefined
  }
): Effect.Effect<Reception, never, Exclude<R | R2, Scope.Scope>> =>
  Effect.map(Effect.context<Exclude<R | R2, Scope.Scope>>(), (services) => ({
    settings: options.settings,
    calls: options.calls,
    open: (call) =>
      Effect.provideContext(
        open({ factory: factory as Agent.Factory<unknown>, ...options }, call),
        services as Context.Context<never>
      )
  }))

interface Place {
  readonly factory: Agent.Factory<unknown>
  readonly calls: Calls["Service"]
  readonly settings: Settings
  readonly record?: Record | undefined
}

/** Reports that may wait for the call before nothing more is read. */
const readAhead = 64

const open = <State, E>(place: Place, options: Options<State, E>): Effect.Effect<CallHost, E> =>
  Effect.gen(function* () {
    const { calls, factory, record, settings } = place
    const clock = yield* Clock.Clock
    const now = () => Monotonic.millis(clock)
    const nextId = yield* EventId.make
    const callScope = yield* Scope.make()
    const context = yield* Effect.context<never>()
    const log = CallLog.make(options.protocol.name, clock)
    const openCall: OpenCall = {
      lastReceivedAt: now(),
      idleTimeout: options.idleTimeout,
      stop: (reason) => stop(Ending.Ending[reason]())
    }
    let startBy: number | undefined = now() + Duration.toMillis(settings.startTimeout)
    let fork = Effect.runForkWith(context)
    let call: Call.Call | undefined
    let ending: Ending.Ending | undefined
    // None while the socket is being opened: a write would wait for it.
    let link: Link | undefined
    let silent = false

    // Whatever wants the call to end says so here and does not wait. The first reason counts.
    const stop = (reason: Ending.Ending): Effect.Effect<void> =>
      Effect.sync(() => {
        if (ending !== undefined) return
        ending = reason
        fork(conclude(reason))
      })

    const tell = (told: Protocol.Told): Effect.Effect<void> =>
      Effect.suspend(() => (silent ? Effect.void : carryOut(machine.tell(told, now()))))

    /** Does what goes to the platform, then has what goes to the call delivered. */
    const carryOut = (wanted: ReadonlyArray<Protocol.Wanted>): Effect.Effect<void> => {
      alarm.set(earlier(machine.due(), startBy))
      const inward = wanted.filter(Protocol.isInward)
      const outward = inward.length === 0 ? (wanted as ReadonlyArray<Protocol.Outward>) : wanted.filter(isOutward)
      const deliver = Effect.sync(() => inward.forEach(courier.give))
      if (outward.length === 0) return inward.length === 0 ? Effect.void : deliver
      log.sent(outward.length)
      return inward.length === 0 ? perform(outward) : Effect.andThen(perform(outward), deliver)
    }

    const perform = (outward: ReadonlyArray<Protocol.Outward>): Effect.Effect<void> => {
      const dropped = outward.filter((one) => one._tag === "Dropped")
      const performed = link === undefined ? Effect.void : link.perform(outward)
      return dropped.length === 0
        ? performed
        : Effect.andThen(
            performed,
            Effect.forEach(dropped, ({ reason }) => log.dropped(reason), { discard: true })
          )
    }

    const deliver = (inward: Protocol.Inward): Effect.Effect<void> => {
      switch (inward._tag) {
        case "Start":
          return begin(inward.request)
        case "Report":
          return call === undefined ? Effect.void : hear(call, inward.report)
        case "End":
          return stop(inward.ending)
      }
    }

    const begin = (request: CallRequest) =>
      Effect.gen(function* () {
        startBy = undefined
        yield* log.started(request.callId)
        const { callId } = request
        const annotated = Effect.annotateLogs({ callId: log.callId() })
        fork = Effect.runForkWith(yield* annotated(Effect.context<never>()))
        const made = yield* Making.agent(factory, request, { scope: callScope, within: settings.startTimeout }).pipe(
          Effect.flatMap((spec) => Scope.provide(Call.make(watch.agent(spec), { request, harness }), callScope)),
          record === undefined ? identity : recorded(record(request), callScope),
          Effect.catchCause((cause) => Effect.as(stop(Ending.Ending.FactoryFailed({ callId, cause })), undefined)),
          annotated
        )
        if (made === undefined) return
        call = made
        yield* tell({ _tag: "Started" })
      })

    const hear = (call: Call.Call, report: Event.Report) =>
      Effect.gen(function* () {
        const before = watch.accepted()
        yield* call.receive(report)
        const turn = watch.accepted() === before ? undefined : watch.accepted()
        yield* tell({ _tag: "Reported", report, turn })
      }).pipe(Effect.catchCause((cause) => stop(broken(cause))))

    const harness: Call.Harness = {
      // What outputs make the machine want is done whatever becomes of their turn: only the wait ends with it.
      send: (outputs) => Effect.andThen(Effect.uninterruptible(tell({ _tag: "Outputs", outputs })), link!.ready),
      fail: (error) => stop(Ending.Ending.AgentFailed({ error }))
    }
    const watch = TurnWatch.make(({ _tag, trigger, turn }) => {
      if (_tag !== "Started") return tell({ _tag: "TurnEnded", turn, trigger, how: _tag })
      log.turn()
      return tell({ _tag: "TurnStarted", turn, trigger })
    })

    const conclude = (reason: Ending.Ending) =>
      Effect.gen(function* () {
        // Whoever gave the reason goes on first: a turn may fail while its call is still being made.
        yield* Effect.yieldNow
        // Not waited for: what cannot be interrupted (a filter, a factory) would hold up the end of the call.
        courier.dismiss()
        alarm.cancel()
        if (link !== undefined) yield* link.deafen
        const errorId = nextId()
        const detail = Ending.detail(reason, settings)
        const lastWords = machine.tell({ _tag: "Ending", ending: reason, errorId, detail }, now()).filter(isOutward)
        silent = true
        yield* log.ended(reason, errorId)
        if (link !== undefined) yield* reason._tag === "Stalled" ? link.drop : link.end(lastWords)
        if (Ending.meaning(reason).callEnded && call !== undefined) yield* call.end
      }).pipe(
        Effect.ensuring(Making.release(callScope, settings.startTimeout)),
        Effect.ensuring(Scope.close(options.scope, Exit.void)),
        Effect.annotateLogs({ callId: log.callId() })
      )

    const courier = Courier.make({ deliver, fork: (effect) => fork(effect), ahead: readAhead })
    const alarm = Alarm.make({
      clock,
      fork: (effect) => fork(effect),
      ring: Effect.suspend(() => (startBy !== undefined && startBy <= now() ? stop(lateStart) : tell({ _tag: "Tick" })))
    })
    const [machine, first] = Protocol.start(options.protocol, options.admitted, now())

    yield* Scope.provide(calls.open(openCall), options.scope)
    link = yield* Effect.onError(options.connect(stop), () => Scope.close(options.scope, Exit.void))
    yield* carryOut(first)
    return {
      tell,
      stop,
      touch: (messages) => {
        log.received(messages)
        openCall.lastReceivedAt = now()
      },
      room: courier.room,
      isOver: () => ending !== undefined
    }
  })

const isOutward = (wanted: Protocol.Wanted): wanted is Protocol.Outward => !Protocol.isInward(wanted)

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)

const lateStart = Ending.Ending.StartFailed({ message: "no start message came in time" })

/** A fault of ours while a message was handled. */
export const broken = (cause: Cause.Cause<unknown>): Ending.Ending =>
  Ending.Ending.AgentFailed({ error: new CallError({ reason: "Filter", cause: Cause.squash(cause) }) })

/** Records what an effect makes, until the scope of the call has closed. */
const recorded =
  (record: ReturnType<Record>, callScope: Scope.Closeable) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Scope.provide(record, callScope), (recorder) => Recorder.provide(self, recorder))
