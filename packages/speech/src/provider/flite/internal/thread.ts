/**
 * The main thread's side of flite's worker thread. Requests are sent one at a time, first come, first served. If the
 * worker dies, pending requests fail, and the next request starts a new worker.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { extname } from "node:path"
import { Worker } from "node:worker_threads"
import type { Request, Said } from "./synthesis.ts"
import type { Answer, Asked } from "./worker.ts"

/** Synthesises a clause. Interrupting it while it waits in line removes it from the line. */
export type Say<E> = (request: Request) => Effect.Effect<Said, E>

type Fail<E> = (reason: "Load" | "Synthesis" | "Exited", cause: unknown) => E

interface Running<E> {
  readonly worker: Worker
  /** Completes when flite is loaded, and fails if it cannot be. */
  readonly loaded: Deferred.Deferred<void, E>
  readonly waiting: Map<number, Deferred.Deferred<Said, E>>
}

const ours = new URL(`./worker${extname(import.meta.url)}`, import.meta.url)

/** Starts the worker. `fail` makes the error to report. */
export const make = <E>(fail: Fail<E>, script = ours): Effect.Effect<Say<E>, E, Scope.Scope> =>
  Effect.gen(function* () {
    const line = yield* Semaphore.make(1)
    let running: Running<E> | undefined
    let asked = 0

    const end = (ended: Running<E>, cause: unknown) => {
      if (running === ended) running = undefined
      Deferred.doneUnsafe(ended.loaded, Effect.fail(fail("Load", cause)))
      for (const waiting of ended.waiting.values()) Deferred.doneUnsafe(waiting, Effect.fail(fail("Exited", cause)))
      ended.waiting.clear()
    }

    const start = Effect.sync(() => {
      const worker = new Worker(script)
      const started: Running<E> = { worker, loaded: Deferred.makeUnsafe(), waiting: new Map() }
      worker.on("message", (answer: Answer) => {
        if (answer.id === 0) return void Deferred.doneUnsafe(started.loaded, Effect.void)
        const waiting = started.waiting.get(answer.id)
        started.waiting.delete(answer.id)
        if (waiting === undefined) return
        if ("error" in answer) Deferred.doneUnsafe(waiting, Effect.fail(fail("Synthesis", answer.error)))
        else Deferred.doneUnsafe(waiting, Effect.succeed(answer.said!))
      })
      worker.on("error", (cause) => end(started, cause))
      worker.on("exit", (code) => end(started, new Error(`the thread ended with ${code}`)))
      running = started
      return started
    })

    const current = Effect.suspend(() => (running === undefined ? start : Effect.succeed(running))).pipe(
      Effect.tap(({ loaded }) => Deferred.await(loaded))
    )
    const stop = Effect.suspend(() =>
      running === undefined ? Effect.void : Effect.promise(() => running!.worker.terminate())
    )

    yield* Effect.addFinalizer(() => stop)
    yield* current
    return (request) =>
      Effect.gen(function* () {
        const { waiting, worker } = yield* current
        const id = ++asked
        const said = Deferred.makeUnsafe<Said, E>()
        waiting.set(id, said)
        worker.postMessage({ id, request } satisfies Asked)
        return yield* Effect.ensuring(
          Deferred.await(said),
          Effect.sync(() => waiting.delete(id))
        )
      }).pipe(line.withPermits(1))
  })
