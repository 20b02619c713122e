/** Detects that the event loop was blocked, logs whose code blocked it, and makes the server unready for a while. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Inspector from "node:inspector"
import { Worker } from "node:worker_threads"
import type { Calls } from "../../Calls.ts"
import * as Monotonic from "@antiphon/core/Monotonic"
import * as Running from "../../internal/running.ts"
import type { Settings } from "../../Settings.ts"
import type { Block, Start } from "./watchdogThread.ts"

// When running from sources, the thread's code is there too.
const thread = new URL(import.meta.url.endsWith(".ts") ? "./watchdogThread.ts" : "./watchdogThread.js", import.meta.url)

/** Beats per warning time. */
const beatsPerWarning = 4

/** Watches until the scope closes. */
export const watch = (
  calls: Calls["Service"],
  { blockLimit, blockWarning }: Pick<Settings, "blockLimit" | "blockWarning">
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const warningMs = Duration.toMillis(blockWarning)
    if (warningMs === 0) return
    const clock = yield* Clock.Clock
    const beatMs = Math.max(Math.round(warningMs / beatsPerWarning), 5)
    const beats = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
    const counter = new Int32Array(beats)
    let found: Block | undefined
    const start: Start = {
      beats,
      beatMs,
      warningMs,
      // A debugger stops the process on purpose.
      limitMs: Inspector.url() === undefined ? Duration.toMillis(blockLimit) : 0,
      probe: Symbol.keyFor(Running.probe)!,
      served: Running.served
    }
    Running.expose()
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const worker = new Worker(thread, { workerData: start })
        worker.unref()
        worker.on("message", (block: Block) => {
          found = block
        })
        // If its thread fails, the server continues, and only notices blocks afterwards.
        worker.on("error", () => {})
        return worker
      }),
      (worker) => Effect.promise(() => worker.terminate())
    )

    const tell = (stoodMs: number) =>
      Effect.gen(function* () {
        // The thread's findings arrive in the next turn of the loop.
        yield* Effect.sleep(Duration.millis(beatMs))
        const { callId, lastCallId, where } = found ?? {}
        found = undefined
        const by = callId === undefined ? "" : ` by the call ${callId}`
        const seconds = Math.round(stoodMs) / 1000
        yield* Effect.logError(
          `The event loop stood still for ${seconds} seconds${by}. No call was served meanwhile.`
        ).pipe(
          Effect.annotateLogs({
            seconds,
            ...(callId === undefined ? {} : { callId }),
            ...(lastCallId === undefined ? {} : { lastCallId }),
            ...(where === undefined ? {} : { where })
          })
        )
      })
    const beat = Effect.gen(function* () {
      const before = Monotonic.millis(clock)
      yield* Effect.sleep(Duration.millis(beatMs))
      Atomics.add(counter, 0, 1)
      const stoodMs = Monotonic.millis(clock) - before - beatMs
      if (stoodMs < warningMs) return
      calls.health.blocked(stoodMs)
      yield* tell(stoodMs)
    })
    yield* Effect.forkScoped(Effect.forever(beat))
  })
