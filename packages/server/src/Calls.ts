/**
 * The calls that a server has open: how many may be, which ones have gone silent, and how they end when the server stops.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Monotonic from "./internal/monotonic.ts"
import type { OfServer } from "./Ending.ts"
import type { Settings } from "./Settings.ts"

/** A call that is open. */
export interface OpenCall {
  /** When something was last received, in milliseconds of the monotonic clock. */
  lastReceivedAt: number
  /** Time without anything received after which the call is stopped; that of the settings if undefined. */
  readonly idleTimeout?: Duration.Duration | undefined
  /** Ends the call for a reason of the server's. The first reason counts. */
  readonly stop: (reason: OfServer) => Effect.Effect<void>
}

/** The open calls of one server. */
export class Calls extends Context.Service<
  Calls,
  {
    /** Whether a call would be refused now, and why. */
    readonly refusal: Effect.Effect<"Draining" | "Full" | undefined>
    /** How many are open, those included on which no call has started yet. */
    readonly count: Effect.Effect<number>
    /**
     * Adds a call until the scope closes. It counts as opening until it has begun. If too many are opening, the one that has
     * been for the longest time is stopped.
     */
    readonly open: (call: OpenCall) => Effect.Effect<void, never, Scope.Scope>
    /** Counts an opening call as a call from here on, and says whether there was a place for it. */
    readonly begin: (call: OpenCall) => Effect.Effect<boolean>
    /** Refuses new calls, lets the open ones end by themselves, and ends those that are left after `drainTimeout`. */
    readonly drain: Effect.Effect<void>
  }
>()("@antiphon/server/Calls") {}

/** Watches over the calls of one server. When the scope closes, those that are left are ended. */
export const make = Effect.fnUntraced(function* (
  settings: Pick<Settings, "maxCalls" | "idleTimeout" | "drainTimeout"> &
    Partial<Pick<Settings, "leaseTimeout" | "maxOpenings">>
): Effect.fn.Return<Calls["Service"], never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const open = new Set<OpenCall>()
  /** Those on which no call has started yet, the oldest first. */
  const opening = new Set<OpenCall>()
  const maxOpenings = settings.maxOpenings ?? Number.POSITIVE_INFINITY
  const empty = yield* Latch.make(true)
  const idleMs = Duration.toMillis(settings.idleTimeout)
  const shortestMs = Math.min(idleMs, Duration.toMillis(settings.leaseTimeout ?? Duration.infinity))
  let draining = false

  // One sweep over all calls is cheaper than a timer for each: a call ends at most an eighth of the time too late.
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

  /** A peer that means to call says so at once, so whoever has been silent for the longest time gives way. */
  const makeRoom = Effect.suspend(() => {
    if (opening.size < maxOpenings) return Effect.void
    const [oldest] = opening
    if (oldest === undefined) return Effect.void
    opening.delete(oldest)
    return oldest.stop("Full")
  })

  const remove = (call: OpenCall) =>
    Effect.suspend(() => {
      open.delete(call)
      opening.delete(call)
      return open.size === 0 ? empty.open : Effect.void
    })

  const stop = Effect.suspend(() => {
    draining = true
    return Effect.andThen(
      Effect.forEach([...open], (call) => call.stop("Draining"), { discard: true }),
      empty.await
    )
  })
  // No call outlives its server, even if the server was not drained.
  yield* Effect.addFinalizer(() => stop)

  return {
    refusal: Effect.sync(() => (draining ? "Draining" : isFull() ? "Full" : undefined)),
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
    drain: Effect.suspend(() => {
      draining = true
      return Effect.timeoutOrElse(Effect.interruptible(empty.await), {
        duration: settings.drainTimeout,
        orElse: () => stop
      })
    })
  }
})
