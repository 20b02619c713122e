/**
 * Supervises the open calls of a server: counts them, in total and by client, ends those that are silent, too long or
 * too large, and drains them when the server stops.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Scope from "effect/Scope"
import type * as Calls from "../Calls.ts"
import type { OfServer } from "../Ending.ts"
import type { Settings } from "../Settings.ts"
import * as Bucket from "./bucket.ts"
import * as Clients from "./clients.ts"
import * as Heap from "./heap.ts"
import * as Monotonic from "@antiphon/core/Monotonic"
import * as Tally from "./tally.ts"

/** How often to log the progress of a drain. */
const progressEvery = Duration.seconds(10)
/** Interval between checks of the heap. */
const heapMs = 1000
/** Maximum number of sockets without a call, as a multiple of `maxOpenings`, while they are young. */
const crowding = 10
/** Time for the agent to say goodbye before a call that exceeds its duration is ended. */
const farewellMs = 60_000

const calls = (count: number) => (count === 1 ? "1 call is" : `${count} calls are`)

/** Limits for the calls of a server. Absent ones do not apply. */
export type Limits = Pick<Settings, "maxCalls" | "idleTimeout" | "drainTimeout"> &
  Partial<
    Pick<
      Settings,
      | "leaseTimeout"
      | "maxOpenings"
      | "maxCallsPerSecond"
      | "maxCallsPerClient"
      | "maxOpeningsPerClient"
      | "maxBytesPerSecondPerClient"
      | "maxCallDuration"
      | "maxHeapPercent"
    >
  >

/** Makes the service. When the scope closes, the calls that are still open are ended. */
export const make = Effect.fnUntraced(function* (
  settings: Limits,
  /** The share of the heap in use. */
  heapShare: () => number = Heap.share
): Effect.fn.Return<Calls.Calls["Service"], never, Scope.Scope> {
  const clock = yield* Clock.Clock
  /** Open calls, with the time at which each became a call. */
  const open = new Map<Calls.OpenCall, number | undefined>()
  /** Sockets on which no call has started yet, oldest first. */
  const opening = new Set<Calls.OpenCall>()
  /** Those that are closed as soon as they are no longer young. */
  const condemned = new Set<Calls.OpenCall>()
  /** Number of calls that have started. */
  let begun = 0
  const scope = yield* Effect.scope
  const clients = Clients.make(settings, clock)
  const starts = Bucket.make(settings.maxCallsPerSecond ?? 0, clock)
  const maxOpenings = settings.maxOpenings ?? Number.POSITIVE_INFINITY
  const watermark = (settings.maxHeapPercent ?? 0) / 100
  const empty = yield* Latch.make(true)
  const idleMs = Duration.toMillis(settings.idleTimeout)
  const shortestMs = Math.min(idleMs, Duration.toMillis(settings.leaseTimeout ?? Duration.infinity))
  const longestMs = Duration.toMillis(settings.maxCallDuration ?? Duration.zero)
  const drains = yield* Latch.make(false)
  let draining = false

  /** The reason for which the server must end a call now, if any. */
  const due = (call: Calls.OpenCall, begunAt: number | undefined, now: number): OfServer | undefined => {
    const { idleTimeout, lastReceivedAt } = call
    if (now - lastReceivedAt >= (idleTimeout === undefined ? idleMs : Duration.toMillis(idleTimeout))) return "Idle"
    return longestMs > 0 && begunAt !== undefined && now - begunAt >= longestMs + farewellMs ? "Overlong" : undefined
  }

  /** The call that has received the most, if the heap is so full that one must end. */
  const largest = (): Calls.OpenCall | undefined => {
    if (watermark === 0 || heapShare() < (watermark + 1) / 2) return undefined
    const [first] = [...open.keys()].toSorted((a, b) => (b.weight?.() ?? 0) - (a.weight?.() ?? 0))
    return first
  }

  // One sweep over all calls is cheaper than a timer for each. A call ends at most an eighth of its timeout late.
  const pauses = [shortestMs / 8, longestMs > 0 ? longestMs / 8 : Infinity, watermark > 0 ? heapMs : Infinity]
  const sweep = Effect.suspend(() => {
    const now = Monotonic.millis(clock)
    clients.forget(now)
    const over = [...open].flatMap(([call, begunAt]): ReadonlyArray<readonly [Calls.OpenCall, OfServer]> => {
      const reason = due(call, begunAt, now)
      return reason === undefined ? [] : [[call, reason]]
    })
    const starved = largest()
    if (starved !== undefined) over.push([starved, "Starved"])
    return Effect.forEach(over, ([call, reason]) => call.stop(reason), { discard: true })
  })
  yield* Effect.forkScoped(Effect.forever(Effect.delay(sweep, Duration.millis(Math.max(Math.min(...pauses), 10)))))

  const isFull = () => begun >= settings.maxCalls
  const refusal = (client?: string): Calls.Refusal | undefined => {
    if (draining) return "Draining"
    if (isFull()) return "Full"
    if (watermark > 0 && heapShare() >= watermark) return "Memory"
    if (!starts.hasRoom()) return "Rush"
    return client !== undefined && clients.isFull(client) ? "Client" : undefined
  }
  const health = Tally.make(clock, () => ({
    openCalls: begun,
    openings: opening.size + condemned.size,
    maxCalls: settings.maxCalls,
    refusal: refusal(),
    draining
  }))

  /**
   * A genuine caller sends its start message at once, so the socket that has been silent for longest is closed: from
   * the client that has reached its maximum of openings, or else from the client with the most. A young socket is
   * closed only once it is older, because when many connect at once, their start messages may merely not have been read
   * yet.
   */
  const makeRoom = (client: string | undefined) =>
    Effect.suspend(() => {
      const crowd =
        client !== undefined && clients.hasAllOpenings(client)
          ? client
          : opening.size >= maxOpenings
            ? clients.mostOpenings()
            : undefined
      if (crowd === undefined && opening.size < maxOpenings) return Effect.void
      const oldest = [...opening].find((call) => crowd === undefined || call.client === crowd)
      if (oldest === undefined) return Effect.void
      leaveOpening(oldest)
      condemned.add(oldest)
      if (opening.size + condemned.size >= maxOpenings * crowding) return close([...condemned][0]!)
      const wait = (oldest.youngUntil ?? 0) - Monotonic.millis(clock)
      return wait <= 0
        ? close(oldest)
        : Effect.asVoid(Effect.forkIn(Effect.delay(close(oldest), Duration.millis(wait)), scope))
    })

  /** Closes a socket to make room, unless its call has started meanwhile. */
  const close = (call: Calls.OpenCall) =>
    Effect.suspend(() => (condemned.delete(call) ? call.stop("Full") : Effect.void))

  const admit = (call: Calls.OpenCall) =>
    Effect.suspend(() => {
      open.set(call, undefined)
      opening.add(call)
      clients.count(call.client, "openings", 1)
      return empty.close
    })

  const leaveOpening = (call: Calls.OpenCall): boolean => {
    if (!opening.delete(call)) return false
    clients.count(call.client, "openings", -1)
    return true
  }

  const remove = (call: Calls.OpenCall) =>
    Effect.suspend(() => {
      if (open.get(call) !== undefined) {
        begun--
        clients.count(call.client, "calls", -1)
      }
      open.delete(call)
      leaveOpening(call)
      condemned.delete(call)
      return open.size === 0 ? empty.open : Effect.void
    })

  const begin = (call: Calls.OpenCall): boolean => {
    if (isFull() || !(opening.has(call) || condemned.has(call))) return false
    if (call.client !== undefined && clients.isFull(call.client)) return false
    if (!starts.hasRoom() || !starts.take(1)) return false
    leaveOpening(call)
    condemned.delete(call)
    begun++
    open.set(call, Monotonic.millis(clock))
    clients.count(call.client, "calls", 1)
    return true
  }

  const hurry = Effect.suspend(() => {
    draining = true
    return Effect.forEach([...open.keys()], (call) => call.stop("Draining"), { discard: true })
  })
  const stop = Effect.andThen(hurry, empty.await)
  /** Logs the progress of a drain every few seconds. */
  const progress = (until: number): Effect.Effect<never> =>
    Effect.forever(
      Effect.delay(
        Effect.suspend(() => {
          const left = Math.max(0, Math.round((until - Monotonic.millis(clock)) / 1000))
          return Effect.logInfo(`Draining: ${calls(open.size)} still open, ${left} seconds are left.`)
        }),
        progressEvery
      )
    )
  let drained: Fiber.Fiber<void> | undefined
  const drainCalls = Effect.gen(function* () {
    health.count("drains")
    if (open.size === 0) return
    const { drainTimeout } = settings
    const waitMs = Duration.toMillis(drainTimeout)
    yield* Effect.logInfo(`Draining: ${calls(open.size)} open and may continue for ${waitMs / 1000} seconds.`)
    const ended = Effect.as(empty.await, true)
    const waited = Effect.raceFirst(ended, progress(Monotonic.millis(clock) + waitMs))
    const inTime = yield* Effect.timeoutOrElse(waited, { duration: drainTimeout, orElse: () => Effect.succeed(false) })
    if (!inTime) {
      yield* Effect.logWarning(`Draining: ${calls(open.size)} still open and will be ended now.`)
      yield* stop
    }
    yield* Effect.logInfo("Draining: all calls have ended.")
  })
  // No call outlives its server, even if the server was not drained.
  yield* Effect.addFinalizer(() => stop)

  return {
    refusal: Effect.sync(() => refusal()),
    refusalOf: (client) => Effect.sync(() => refusal(client)),
    paceOf: clients.paceOf,
    health,
    count: Effect.sync(() => open.size),
    // With a finalizer that keeps nothing but the call: that of `acquireRelease` keeps the context of the request as well.
    open: (call) =>
      Effect.uninterruptible(
        Effect.flatMap(Effect.scope, (scope) =>
          Effect.andThen(Effect.andThen(makeRoom(call.client), admit(call)), Scope.addFinalizer(scope, remove(call)))
        )
      ),
    begin: (call) => Effect.sync(() => begin(call)),
    hurry,
    draining: drains.await,
    // Further calls during a drain wait for the same end.
    drain: Effect.suspend(() => {
      draining = true
      drains.openUnsafe()
      return drained === undefined
        ? Effect.flatMap(Effect.forkDetach(drainCalls, { startImmediately: true }), (fiber) =>
            Fiber.join((drained = fiber))
          )
        : Fiber.join(drained)
    })
  }
})
