/**
 * Runs one call on a server, over any protocol and any connection: creates the agent, records the call, ends it and
 * releases it, each within a time limit.
 *
 * The host tells the protocol's machine everything that happens, and carries out what the machine wants: messages to
 * the platform are sent at once and in order; reports to the call are delivered one at a time. A `Link` is the
 * connection to the platform (a socket or HTTP responses) and knows nothing about the call.
 *
 * @since 0.1.0
 */
import type * as Harness from "@antiphon/core/Harness"
import type * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as Limits from "@antiphon/core/CallLimits"
import { CallError } from "@antiphon/core/CallError"
import type { CallRequest } from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import type * as EventFilter from "@antiphon/core/EventFilter"
import * as EventId from "@antiphon/core/EventId"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Scope from "effect/Scope"
import type { Calls, OpenCall } from "./Calls.ts"
import * as Ending from "./Ending.ts"
import * as Alarm from "./internal/alarm.ts"
import * as CallLimits from "./internal/callLimits.ts"
import * as CallLog from "./internal/callLog.ts"
import * as Client from "./internal/client.ts"
import * as Courier from "./internal/courier.ts"
import * as Machine from "./internal/machine.ts"
import * as Making from "./internal/making.ts"
import * as Meaning from "./internal/meaning.ts"
import * as Monotonic from "@antiphon/core/Monotonic"
import * as Refusals from "./internal/refusals.ts"
import * as Running from "./internal/running.ts"
import type * as Protocol from "./Protocol.ts"
import type { Settings } from "./Settings.ts"

/** The connection to the platform. None of its effects fails. */
export interface Link {
  /** Carries out actions for the platform, in order. Does not wait until the platform has received them. */
  readonly perform: (wanted: ReadonlyArray<Protocol.Outward>) => Effect.Effect<void>
  /** Waits while the platform is behind with what was sent. */
  readonly ready: Effect.Effect<void>
  /** Stops reading. Does not wait for frames being read. */
  readonly deafen: Effect.Effect<void>
  /** Sends the last words, and closes everything still open. */
  readonly end: (lastWords: ReadonlyArray<Protocol.Outward>) => Effect.Effect<void>
  /** Drops the connection without a closing message, for a platform that no longer reads. */
  readonly drop: Effect.Effect<void>
}

/** A call on a server. */
export interface CallHost {
  /** Tells the machine what happened, and sends what it wants for the platform. Does not wait for the call. */
  readonly tell: (told: Protocol.Told) => Effect.Effect<void>
  /** Ends the call for a reason. The first reason counts; the call ends in a fiber of its own. */
  readonly stop: (ending: Ending.Ending) => Effect.Effect<void>
  /** Counts messages that were received, so that the call is not idle. */
  readonly touch: (messages: number) => void
  /** Waits until the call has taken all but a few of its reports. Undefined if there is nothing to wait for. */
  readonly room: () => Effect.Effect<void> | undefined
  /** Whether the call has ended, or is ending. */
  readonly isOver: () => boolean
}

/** Options for opening a call. */
export interface Options<State, E = never> {
  readonly protocol: Protocol.Protocol<State>
  readonly admitted: Protocol.Admitted
  /** Identifies the client that opens the call, for limits per client. */
  readonly client?: string | undefined
  /** Connects to the platform, once the call has a place among the server's calls. `stop` ends the call. */
  readonly connect: (stop: CallHost["stop"]) => Effect.Effect<Link, E>
  /** Holds the call's external resources, such as its place. The host closes it once the call is over and released. */
  readonly scope: Scope.Closeable
  /** The call ends if nothing is received for this long. Defaults to the setting. */
  readonly idleTimeout?: Duration.Duration | undefined
}

/** Makes the recorder of a call. */
export type Record = (
  request: CallRequest,
  /** Ends the call: for a recorder without which there must be no call. */
  onFailed?: Effect.Effect<void>
) => Effect.Effect<Recorder.Recorder, never, Scope.Scope>

/** Opens the calls of one agent. Protocols get one when their routes are mounted. */
export interface Reception {
  readonly settings: Settings
  /** Notes that a request for a call was refused. The log gets a limited number of lines. */
  readonly refused: (status: number, detail: string) => Effect.Effect<void>
  readonly calls: Calls["Service"]
  /** Identifies the client of a request, for limits per client. */
  readonly clientOf: (request: HttpServerRequest) => string
  /** Makes the recorder of each call, if calls are recorded. `open` does so by itself. */
  readonly record?: Record | undefined
  /** Opens a call. `Calls` owns it from then on: it outlives the fiber that opened it. */
  readonly open: <State, E = never>(options: Options<State, E>) => Effect.Effect<CallHost, E>
}

/** Makes a reception from a factory of agents. Agents get the services of its context. */
export const reception = <E, R, R2>(
  factory: Agent.Factory<E, R, R2>,
  options: {
    readonly calls: Calls["Service"]
    readonly settings: Settings
    /** Makes the recorder of each call. Calls are not recorded by default. */
    readonly record?: Record | undefined
  }
): Effect.Effect<Reception, never, Exclude<R | R2, Scope.Scope>> =>
  Effect.gen(function* () {
    const services = yield* Effect.context<Exclude<R | R2, Scope.Scope>>()
    const refused = Refusals.make(yield* Clock.Clock, options.calls.health)
    return {
      settings: options.settings,
      refused,
      clientOf: Client.namer(options.settings.trustedProxies),
      calls: options.calls,
      record: options.record,
      open: (call) =>
        Effect.provideContext(
          open({ factory: factory as Agent.Factory<unknown>, ...options }, call),
          services as Context.Context<never>
        )
    }
  })

interface Place {
  readonly factory: Agent.Factory<unknown>
  readonly calls: Calls["Service"]
  readonly settings: Settings
  readonly record?: Record | undefined
}

/** Time for a start message to arrive and be read, on a busy network and a busy server. */
const youngMs = 1000

/** Memory of a message beside its text, in bytes: measured at 200 to 500 for the events of a history. */
const entryBytes = 512

/** Number of reports that may wait for the call before reading pauses. */
const readAhead = 64

const open = <State, E>(place: Place, options: Options<State, E>): Effect.Effect<CallHost, E> =>
  Effect.gen(function* () {
    const { connect, scope } = options
    const hosted = new HostedCall(place, options, {
      clock: yield* Clock.Clock,
      callScope: yield* Scope.make(),
      context: yield* Effect.context<never>()
    })
    yield* Scope.provide(place.calls.open(hosted), scope)
    const link = yield* Effect.onError(connect(hosted.stop), () => Scope.close(scope, Exit.void))
    yield* hosted.attach(link)
    return hosted
  })

/** The parts each call is made with. */
interface Means {
  readonly clock: Clock.Clock
  /** Holds the agent and its resources. */
  readonly callScope: Scope.Closeable
  readonly context: Context.Context<never>
}

class HostedCall<State> implements CallHost, OpenCall {
  readonly #place: Place
  readonly #means: Means
  readonly #scope: Scope.Closeable
  readonly #machine: Machine.Machine
  readonly #first: ReadonlyArray<Protocol.Wanted>
  readonly #log: CallLog.CallLog
  readonly #courier: Courier.Courier<Protocol.Inward>
  readonly #alarm: Alarm.Alarm
  /** Starts a fiber, which runs at once. Its log lines carry the call's id as soon as the id is known. */
  #fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Deadline for the call to start. Undefined once it has. */
  #startBy: number | undefined
  /** When to end a call whose agent has said goodbye. */
  #endBy: number | undefined
  /** Undefined while the socket is being opened, because a write would wait for that. */
  #link: Link | undefined
  #call: Call.Call | undefined
  #ending: Ending.Ending | undefined
  /** Whether the last words were sent. */
  #silent = false
  /** Approximate bytes kept by the history. */
  #kept = 0
  lastReceivedAt: number
  readonly client: string | undefined
  readonly youngUntil: number
  readonly idleTimeout: Duration.Duration | undefined

  constructor(place: Place, options: Options<State, unknown>, means: Means) {
    const { clock, context } = means
    const { openingTimeout, startTimeout } = place.settings
    const now = Monotonic.millis(clock)
    this.#place = place
    this.#means = means
    this.#scope = options.scope
    this.#log = CallLog.make(options.protocol.name, clock, place.calls.health)
    this.#fork = this.#forkWith(context)
    this.#startBy = now + Math.min(...[openingTimeout, startTimeout].map(Duration.toMillis))
    this.client = options.client
    this.youngUntil = now + youngMs
    const fork = (effect: Effect.Effect<void>) => this.#fork(effect)
    this.#courier = Courier.make({ deliver: this.#deliver, fork, ahead: readAhead })
    this.#alarm = Alarm.make({ clock, fork, ring: this.#ring })
    const [machine, first] = Machine.start(options.protocol, options.admitted, now)
    this.#machine = machine
    this.#first = first
    this.lastReceivedAt = now
    this.idleTimeout = options.idleTimeout
  }

  /** Starts fibers on behalf of this call, including any work they leave behind. */
  #forkWith(context: Context.Context<never>) {
    const fork = Effect.runForkWith(context)
    return (effect: Effect.Effect<void>) => Running.enter(this.#log, () => fork(effect))
  }

  #now(): number {
    return Monotonic.millis(this.#means.clock)
  }

  /** Carries out the machine's first actions, now that there is a connection. */
  attach(link: Link): Effect.Effect<void> {
    this.#link = link
    return this.#carryOut(this.#first)
  }

  readonly tell = (told: Protocol.Told): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (this.#silent) return Effect.void
      const wanted = this.#machine.tell(told, this.#now())
      this.#keep(told, wanted)
      return this.#carryOut(wanted)
    })

  /**
   * Counts what the history keeps of this: reports, and what the agent says. Ends the call if the total exceeds the
   * limit.
   */
  #keep(told: Protocol.Told, wanted: ReadonlyArray<Protocol.Wanted>): void {
    const { maxHistoryBytes } = this.#place.settings
    if (told._tag === "Outputs") {
      for (const one of wanted) this.#kept += entryBytes + ("text" in one ? one.text.length : 0)
    } else if (wanted.some(({ _tag }) => _tag === "Report")) {
      const bytes = told._tag === "Frame" ? told.frame.length : told._tag === "Request" ? told.request.body.length : 0
      this.#kept += bytes + entryBytes
    }
    if (maxHistoryBytes > 0 && this.#kept > maxHistoryBytes && this.#ending === undefined) {
      this.#fork(this.stop(Ending.Ending.Spent({ limit: maxHistoryBytes })))
    }
  }

  weight(): number {
    return this.#kept
  }

  // All endings pass through here, and none of them waits. The first reason counts.
  readonly stop = (reason: Ending.Ending | Ending.OfServer): Effect.Effect<void> =>
    Effect.sync(() => {
      if (this.#ending !== undefined) return
      this.#ending = typeof reason === "string" ? Ending.Ending[reason]() : reason
      this.#fork(this.#conclude(this.#ending))
    })

  touch(messages: number): void {
    this.#log.received(messages)
    this.lastReceivedAt = this.#now()
  }

  room(): Effect.Effect<void> | undefined {
    return this.#courier.room()
  }

  isOver(): boolean {
    return this.#ending !== undefined
  }

  /** Sends actions for the platform, then passes on actions for the call. */
  #carryOut(wanted: ReadonlyArray<Protocol.Wanted>): Effect.Effect<void> {
    this.#setAlarm()
    const inward = wanted.filter(Machine.isInward)
    if (inward.length === 0) return this.#perform(wanted as ReadonlyArray<Protocol.Outward>)
    const deliver = Effect.sync(() => inward.forEach((one) => this.#courier.give(one)))
    return inward.length === wanted.length
      ? deliver
      : Effect.andThen(this.#perform(wanted.filter(Machine.isOutward)), deliver)
  }

  #perform(outward: ReadonlyArray<Protocol.Outward>): Effect.Effect<void> {
    if (outward.length === 0 || this.#link === undefined) return Effect.void
    const performed = this.#link.perform(outward)
    const dropped = outward.filter((one) => one._tag === "Dropped")
    this.#log.sent(outward.length - dropped.length)
    return dropped.length === 0
      ? performed
      : Effect.andThen(
          performed,
          Effect.forEach(dropped, ({ reason }) => this.#log.dropped(reason), { discard: true })
        )
  }

  #setAlarm(): void {
    this.#alarm.set(earlier(this.#machine.due(), earlier(this.#startBy, this.#endBy)))
  }

  readonly #endLater = (): void => {
    this.#endBy = this.#now() + CallLimits.farewellMs
    this.#setAlarm()
  }

  readonly #ring = Effect.suspend(() => {
    const now = this.#now()
    if (this.#startBy !== undefined && this.#startBy <= now) return this.stop(lateStart)
    return this.#endBy !== undefined && this.#endBy <= now ? this.stop("Overlong") : this.tell({ _tag: "Tick" })
  })

  readonly #deliver = (inward: Protocol.Inward): Effect.Effect<void> => {
    switch (inward._tag) {
      case "Start":
        return this.#begin(inward.request)
      case "Report":
        return this.#call === undefined ? Effect.void : this.#hear(this.#call, inward.report)
      case "End":
        return this.stop(inward.ending)
    }
  }

  #begin(request: CallRequest): Effect.Effect<void> {
    const { factory, settings } = this.#place
    const scope = this.#means.callScope
    const failed = (cause: unknown) =>
      Effect.as(this.stop(Ending.Ending.FactoryFailed({ callId: request.callId, cause })), undefined)
    return Effect.gen({ self: this }, function* () {
      this.#startBy = undefined
      if (!(yield* this.#place.calls.begin(this))) return yield* this.stop(Ending.Ending.Full())
      yield* this.#log.started(request.callId)
      const annotated = Effect.annotateLogs({ callId: this.#log.callId() })
      this.#fork = this.#forkWith(yield* annotated(Effect.context<never>()))
      this.#call = yield* Making.agent(factory, request, { scope, within: settings.startTimeout }).pipe(
        Effect.flatMap((spec) => Scope.provide(Call.make(spec, { request, harness: this.#harness }), scope)),
        Effect.provideService(Limits.Current, CallLimits.of(settings, this.#endLater)),
        // A call that must be recorded but cannot be is over before it starts.
        (made) => Effect.suspend(() => (this.isOver() ? Effect.undefined : made)),
        recorded(yield* annotated(this.#recorder(request))),
        Effect.catchCause(failed),
        annotated
      )
      if (this.#call !== undefined) yield* this.tell({ _tag: "Started" })
    })
  }

  /** Makes the recorder of the call, if calls are recorded. */
  #recorder(request: CallRequest): Effect.Effect<Recorder.Recorder | undefined> {
    const { record, settings } = this.#place
    if (record === undefined) return Effect.undefined
    const unrecorded = this.stop("Unrecorded")
    const made = Making.recorder(() => record(request, unrecorded), {
      scope: this.#means.callScope,
      within: settings.startTimeout
    })
    return Effect.tap(made, (recorder) => (recorder === undefined && settings.mustRecord ? unrecorded : Effect.void))
  }

  /** The call takes a report at once. Its decision may take longer, and nothing waits for the decision. */
  #hear(call: Call.Call, report: Event.Report): Effect.Effect<void> {
    const decided = (decision: EventFilter.Decision) =>
      this.tell({ _tag: "Reported", report, starts: decision === "Run" })
    const fork = (effect: Effect.Effect<void>) => Effect.sync(() => void this.#fork(effect))
    return call.receive(report).pipe(
      Effect.flatMap((receipt) => fork(Effect.flatMap(receipt.decision, decided))),
      Effect.catchCause((cause) => this.stop(broken(cause)))
    )
  }

  readonly #harness: Harness.Harness = {
    // Interrupting the turn interrupts only the wait: what the machine wants because of these outputs is carried out
    // anyway.
    send: (outputs) =>
      Effect.andThen(Effect.uninterruptible(this.tell({ _tag: "Outputs", outputs })), this.#link!.ready),
    turn: ({ _tag, trigger }) => {
      if (_tag === "Started") this.#log.turn()
      this.#fork(
        this.tell(_tag === "Started" ? { _tag: "TurnStarted", trigger } : { _tag: "TurnEnded", trigger, how: _tag })
      )
    },
    fail: (error) => this.stop(Ending.Ending.AgentFailed({ error }))
  }

  #conclude(reason: Ending.Ending): Effect.Effect<void> {
    const { settings } = this.#place
    return Effect.gen({ self: this }, function* () {
      // The fiber that gave the reason continues first, because a turn may fail while its call is still being created.
      yield* Effect.yieldNow
      // Does not wait: a filter or factory that cannot be interrupted would delay the end of the call.
      this.#courier.dismiss()
      this.#alarm.cancel()
      if (this.#link !== undefined) yield* this.#link.deafen
      const errorId = (yield* EventId.make)()
      const detail = Ending.detail(reason, settings)
      const lastWords = this.#machine.tell({ _tag: "Ending", ending: reason, errorId, detail }, this.#now())
      this.#silent = true
      yield* this.#log.ended(reason, errorId)
      if (this.#link !== undefined) {
        yield* reason._tag === "Stalled" ? this.#link.drop : this.#link.end(lastWords.filter(Machine.isOutward))
      }
      if (Meaning.of(reason).callEnded && this.#call !== undefined) yield* this.#call.end
    }).pipe(
      Effect.ensuring(Making.release(this.#means.callScope, settings.startTimeout)),
      Effect.ensuring(Scope.close(this.#scope, Exit.void)),
      Effect.annotateLogs({ callId: this.#log.callId() })
    )
  }
}

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)

const lateStart = Ending.Ending.StartFailed({ message: "no start message came in time" })

/** Makes the ending for a fault of ours while a message was handled. */
export const broken = (cause: Cause.Cause<unknown>): Ending.Ending =>
  Ending.Ending.AgentFailed({ error: new CallError({ reason: "Filter", cause: Cause.squash(cause) }) })

/** Records the call that an effect makes, if there is a recorder. */
const recorded =
  (recorder: Recorder.Recorder | undefined) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    recorder === undefined ? self : Recorder.provide(self, recorder)
