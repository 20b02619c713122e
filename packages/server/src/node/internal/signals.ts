/**
 * What signals do to a server besides stopping it: a second one ends the calls that a drain waits for, a third one the
 * process, and closing the terminal stops the server like any other signal.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Calls } from "../../Calls.ts"

/** Signals that `NodeRuntime.runMain` stops for. */
const stops = ["SIGTERM", "SIGINT"] as const

/** Signals this close to each other count as one, in milliseconds. */
const sameMs = 100

/** A server, from the point of view of signals. */
interface Listener {
  readonly again: (signal: NodeJS.Signals) => void
  readonly drain: () => Promise<void>
}

// One listener per process, however many servers it runs.
const listeners = new Set<Listener>()
let received = 0
let lastAt = Number.NEGATIVE_INFINITY

const onStop = (signal: NodeJS.Signals) => {
  const now = performance.now()
  // A terminal signals all processes of a group, and so may their parent: both count as one signal.
  if (now - lastAt < sameMs) return
  lastAt = now
  received++
  // Nobody else would stop the process, which would have stopped by itself without these listeners.
  if (received === 1 && process.listeners(signal).every((listener) => listener === onStop)) {
    void Promise.all(Array.from(listeners, ({ drain }) => drain())).finally(() => process.exit())
  }
  if (received === 2) for (const { again } of listeners) again(signal)
  if (received > 2) process.exit(1)
}

// Treated like the other signal, because applications are sure to listen for that one.
const onHangUp = () => process.kill(process.pid, "SIGTERM")

let listening = false

const add = (listener: Listener) => {
  if (listeners.size === 0) received = 0
  listeners.add(listener)
  if (listening) return
  listening = true
  // Counted before anybody acts on a signal, who may release the server at once.
  for (const signal of stops) process.prependListener(signal, onStop)
  process.on("SIGHUP", onHangUp)
}

const remove = (listener: Listener) => {
  listeners.delete(listener)
  // A process that was told to stop may still be waiting for something else: another signal ends it.
  if (listeners.size > 0 || received > 0) return
  listening = false
  for (const signal of stops) process.off(signal, onStop)
  process.off("SIGHUP", onHangUp)
}

/** Listens until the scope closes. */
export const listen = (calls: Calls["Service"]): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const fork = Effect.runForkWith(context)
    const listener: Listener = {
      again: (signal) =>
        void fork(Effect.andThen(Effect.logWarning(`${signal} again: the open calls are ended now.`), calls.hurry)),
      drain: () => Effect.runPromiseWith(context)(calls.drain)
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => add(listener)),
      () => Effect.sync(() => remove(listener))
    )
  })
