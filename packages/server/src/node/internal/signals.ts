/**
 * What signals do to a server beside stopping it: a second one ends the calls that a drain waits for, a third one the process,
 * and the terminal that closes stops the server like any other signal.
 */
import * as Monotonic from "@antiphon/core/Monotonic"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Calls } from "../../Calls.ts"

/** Signals that `NodeRuntime.runMain` stops for. */
const stops = ["SIGTERM", "SIGINT"] as const

/** Signals that come so soon after each other are one, in milliseconds. */
const sameMs = 100

/** Listens until the scope closes. */
export const listen = (calls: Calls["Service"]): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const clock = yield* Clock.Clock
    let received = 0
    let lastAt = Number.NEGATIVE_INFINITY
    const onStop = (signal: NodeJS.Signals) => {
      const now = Monotonic.millis(clock)
      // A terminal signals every process of a group, and so may their parent: both count as one signal.
      if (now - lastAt < sameMs) return
      lastAt = now
      received++
      if (received === 2) {
        fork(Effect.andThen(Effect.logWarning(`${signal} again: the open calls are ended now.`), calls.hurry))
      }
      if (received > 2) process.exit(1)
    }
    // As if it had been the other: only what listens to that one is sure to stop well.
    const onHangUp = () => process.kill(process.pid, "SIGTERM")
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        for (const signal of stops) process.on(signal, onStop)
        process.on("SIGHUP", onHangUp)
      }),
      () =>
        Effect.sync(() => {
          for (const signal of stops) process.off(signal, onStop)
          process.off("SIGHUP", onHangUp)
        })
    )
  })
