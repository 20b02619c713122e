/** Threads that play simulated calls, a batch of seeds at a time. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { Worker } from "node:worker_threads"
import { CliError } from "../CliError.ts"
import type { Outcome } from "./outcome.ts"

/** What to play. */
export interface Options {
  /** The module with the subjects. */
  readonly module: string
  readonly calls: number
  /** Seed of the first call. Each call has the next one. */
  readonly seed: number
  /** Number of threads that play. */
  readonly threads: number
}

/** A thread's task and its result. */
export interface Batch {
  readonly from: number
  readonly calls: number
}
export type Answer =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Played"; readonly from: number; readonly outcomes: ReadonlyArray<Outcome> }
  | { readonly _tag: "Failed"; readonly message: string }

/**
 * Large enough that threads do not wait for their next batch, and small enough that all of them finish at about the
 * same time.
 */
const batchSize = 20

const source = import.meta.url.endsWith(".ts")
const script = new URL(source ? "./player.ts" : "./player.js", import.meta.url)

export const run = ({ calls, module, seed, threads }: Options): Stream.Stream<Outcome, CliError> =>
  Stream.callback<Outcome, CliError>((queue) =>
    Effect.gen(function* () {
      const end = seed + calls
      let next = seed
      let shown = seed
      const played = new Map<number, ReadonlyArray<Outcome>>()

      const give = (worker: Worker) => {
        if (next >= end) return
        const batch: Batch = { from: next, calls: Math.min(batchSize, end - next) }
        next += batch.calls
        worker.postMessage(batch)
      }
      const show = () => {
        for (let batch = played.get(shown); batch !== undefined; batch = played.get(shown)) {
          played.delete(shown)
          shown += batch.length
          for (const outcome of batch) Queue.offerUnsafe(queue, outcome)
        }
        if (shown >= end) Queue.endUnsafe(queue as Queue.Queue<Outcome, CliError | Cause.Done>)
      }
      const fail = (message: string) => void Queue.failCauseUnsafe(queue, Cause.fail(new CliError({ message })))
      const hear = (worker: Worker) => (answer: Answer) => {
        if (answer._tag === "Failed") return fail(answer.message)
        if (answer._tag === "Played") {
          played.set(answer.from, answer.outcomes)
          show()
        }
        give(worker)
      }
      const start = () => {
        const execArgv = source ? ["--conditions=antiphon-source"] : []
        const worker = new Worker(script, { workerData: { module }, execArgv })
        worker.on("message", hear(worker))
        worker.on("error", (error) => fail(`a worker thread died: ${String(error)}`))
        return worker
      }

      for (let i = 0; i < Math.min(threads, Math.ceil(calls / batchSize)); i++) {
        yield* Effect.acquireRelease(Effect.sync(start), (worker) => Effect.promise(() => worker.terminate()))
      }
      if (calls === 0) show()
      return yield* Effect.never
    })
  )
