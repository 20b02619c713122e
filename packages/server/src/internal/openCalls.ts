/**
 * Watches over the open calls of one server: counts them, stops the silent ones, and drains them when the server stops.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import type * as Calls from "../Calls.ts"
import type { Settings } from "../Settings.ts"
import * as Monotonic from "./monotonic.ts"
import * as Tally from "./tally.ts"

/** How often the log says how far a drain is. */
const progressEvery = Duration.seconds(10)

const calls = (count: number) => (count === 1 ? "1 call is" : `${count} calls are`)

/** Makes the service. When the scope closes, the calls that are still open are ended. */
export const make = Effect.fnUntraced(function* (
  settings: Pick<Settings, "maxCalls" | "idleTimeout" | "drainTimeout"> &
    Partial<Pick<Settings, "leaseTimeout" | "maxOpenings">>
): Effect.fn.Return<Calls.Calls["Service"], never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const open = new Set<Calls.OpenCall>()
  /** Sockets on which no call has started yet, oldest first. */
  const opening = new Set<Calls.OpenCall>()
  const maxOpenings = settings.maxOpenings ?? Number.POSITIVE_INFINITY
  const empty = yield* Latch.make(true)
  const idleMs = Duration.toMillis(settings.idleTimeout)
  const shortestMs = Math.min(idleMs, Duration.toMillis(settings.leaseTimeout ?? Duration.infinity))
  let draining = false

  // One sweep over all calls is cheaper than a timer for each. A call ends late by at most an eighth of its timeout.
  const sweep = Effect.suspend(() => {
    const now = Monotonic.millis(clock)
    const silent = [...open].filter(
      ({ idleTimeout, lastReceivedAt }) =>
        now - lastReceivedAt >= (idleTimeout === undefined ? idleMs : Duration.toMillis(idleTimeout))
    )
    return Effect.forEach(silent, (call) => call.stop("Idle"), { discard: true })
  })
  yield* Effect.forkScoped(Effect.forever(Effect.delay(sweep, Duration.millis(Math.max(shortestMs / 8, 10)))))

  const isFull = () => open.size - opening.size >= settings.maxCalls
  const refusal = () => (draining ? "Draining" : isFull() ? "Full" : undefined)
  const health = Tally.make(clock, () => ({
    openCalls: open.size - opening.size,
    openings: opening.size,
    maxCalls: settings.maxCalls,
    refusal: refusal(),
    draining
  }))

  /** A genuine caller sends its start message at once, so the socket that has been silent for longest is closed. */
  const makeRoom = Effect.suspend(() => {
    if (opening.size < maxOpenings) return Effect.void
    const [oldest] = opening
    if (oldest === undefined) return Effect.void
    opening.delete(oldest)
    return oldest.stop("Full")
  })

  const remove = (call: Calls.OpenCall) =>
    Effect.suspend(() => {
      open.delete(call)
      opening.delete(call)
      return open.size === 0 ? empty.open : Effect.void
    })

  const hurry = Effect.suspend(() => {
    draining = true
    return Effect.forEach([...open], (call) => call.stop("Draining"), { discard: true })
  })
  const stop = Effect.andThen(hurry, empty.await)
  /** Says every few seconds how far a drain is. */
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
    yield* Effect.logInfo(`Draining: ${calls(open.size)} open and may go on for ${waitMs / 1000} seconds.`)
    const ended = Effect.as(empty.await, true)
    const waited = Effect.raceFirst(ended, progress(Monotonic.millis(clock) + waitMs))
    const inTime = yield* Effect.timeoutOrElse(waited, { duration: drainTimeout, orElse: () => Effect.succeed(false) })
    if (!inTime) {
      yield* Effect.logWarning(`Draining: ${calls(open.size)} still open and ended now.`)
      yield* stop
    }
    yield* Effect.logInfo("Draining: no call is open any more.")
  })
  // No call outlives its server, even if the server was not drained.
  yield* Effect.addFinalizer(() => stop)

  return {
    refusal: Effect.sync(refusal),
    health,
    count: Effect.sync(() => open.size),
    open: (call) =>
      Effect.acquireRelease(
        Effect.suspend(() => {
          const admit = Effect.suspend(() => {
            open.add(call)
            opening.add(call)
            return empty.close
          })
          return Effect.andThen(makeRoom, admit)
        }),
        () => remove(call)
      ),
    begin: (call) => Effect.sync(() => !isFull() && opening.delete(call)),
    hurry,
    // Whoever asks for it while it goes on waits for the same end.
    drain: Effect.suspend(() => {
      draining = true
      return drained === undefined
        ? Effect.flatMap(Effect.forkDetach(drainCalls, { startImmediately: true }), (fiber) =>
            Fiber.join((drained = fiber))
          )
        : Fiber.join(drained)
    })
  }
})
