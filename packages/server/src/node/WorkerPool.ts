/**
 * Runs CPU-bound work in separate threads, so that it does not hold up other calls: parsing a large document, comparing
 * embeddings, drawing a picture.
 *
 * ```ts
 * // similarity.ts, which the threads run
 * export const functions = { nearest: ({ question }: { question: string }) => search(question) }
 * WorkerPool.offer(functions)
 *
 * // the application
 * const pool = yield* WorkerPool.make<typeof functions>(new URL("./similarity.ts", import.meta.url))
 * const answer = yield* pool.run("nearest", { question })
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { availableParallelism } from "node:os"
import { parentPort, Worker } from "node:worker_threads"

/** Functions offered by threads. Arguments and results are copied by `structuredClone`. */
export type Functions = { readonly [name: string]: (input: never) => unknown }

/**
 * Work was not done. `Full`: too much is waiting. `Failed`: the function threw. `Crashed`: its thread ended, for
 * example because it ran out of memory. `Timeout`: it took too long, and its thread was ended.
 */
export class WorkerPoolError extends Schema.TaggedError<WorkerPoolError>()("WorkerPoolError", {
  reason: Schema.Literals(["Full", "Failed", "Crashed", "Timeout"]),
  description: Schema.String
}) {
  override get message() {
    return this.description
  }
}

/** A pool of threads, each of which runs one job at a time. */
export interface WorkerPool<F extends Functions> {
  /**
   * Runs a job on a thread. Interruption, for example by a caller who interrupts a tool, abandons the job: if it has
   * begun, its thread is ended and replaced, because nothing else stops a computation.
   */
  readonly run: <Name extends keyof F & string>(
    name: Name,
    input: Parameters<F[Name]>[0]
  ) => Effect.Effect<Awaited<ReturnType<F[Name]>>, WorkerPoolError>
}

/** Options of a pool. */
export interface Options {
  /** Number of threads. By default one less than the machine's processors, but at least one. */
  readonly size?: number | undefined
  /** Number of jobs that may wait for a thread before more are rejected. 100 by default. */
  readonly maxWaiting?: number | undefined
  /** Maximum duration of a job, once it has begun. 30 seconds by default. */
  readonly timeout?: Duration.Input | undefined
  /** Maximum heap of each thread, in MiB. Defaults to Node's limit. */
  readonly maxHeapMiB?: number | undefined
}

interface Job {
  readonly name: string
  readonly input: unknown
  readonly done: (outcome: Effect.Effect<unknown, WorkerPoolError>) => void
}

interface Thread {
  readonly worker: Worker
  /** Whether it has loaded its module. */
  ready: boolean
  job: Job | undefined
  timer: NodeJS.Timeout | undefined
}

/** Time for a thread to load its module, in milliseconds. */
const loadMs = 10_000

/** Message of a thread once it has loaded its module. */
const ready = "ready"

/** Answer of a thread. */
type Answer = { readonly value: unknown } | { readonly failure: string }

const fail = (reason: WorkerPoolError["reason"], description: string) =>
  Effect.fail(new WorkerPoolError({ reason, description }))

/**
 * Makes a pool of threads that run a module, which calls `offer`. Threads start when there is work, and end with the
 * scope.
 */
export const make = <F extends Functions>(
  module: URL,
  options: Options = {}
): Effect.Effect<WorkerPool<F>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Pool(module, options)),
      (pool) => Effect.promise(() => pool.close())
    ),
    (pool): WorkerPool<F> => ({
      run: (name, input) =>
        Effect.callback((resume) => {
          const job: Job = {
            name,
            input,
            done: (outcome) => resume(outcome as ReturnType<typeof Effect.succeed<never>>)
          }
          if (!pool.take(job)) return resume(fail("Full", "too much work is waiting for a thread"))
          return Effect.sync(() => pool.giveUp(job))
        })
    })
  )

class Pool {
  readonly #module: URL
  readonly #size: number
  readonly #maxWaiting: number
  readonly #timeoutMs: number
  readonly #maxHeapMiB: number | undefined
  readonly #threads = new Set<Thread>()
  readonly #waiting: Array<Job> = []

  constructor(module: URL, { maxHeapMiB, maxWaiting = 100, size, timeout = "30 seconds" }: Options) {
    this.#module = module
    this.#size = size ?? Math.max(1, availableParallelism() - 1)
    this.#maxWaiting = maxWaiting
    this.#timeoutMs = Duration.toMillis(timeout)
    this.#maxHeapMiB = maxHeapMiB
  }

  take(job: Job): boolean {
    const free = [...this.#threads].find((thread) => thread.job === undefined)
    if (free === undefined && this.#threads.size >= this.#size) {
      if (this.#waiting.length >= this.#maxWaiting) return false
      this.#waiting.push(job)
      return true
    }
    this.#begin(free ?? this.#start(), job)
    return true
  }

  giveUp(job: Job): void {
    const place = this.#waiting.indexOf(job)
    if (place >= 0) return void this.#waiting.splice(place, 1)
    const thread = [...this.#threads].find((thread) => thread.job === job)
    if (thread !== undefined) this.#end(thread)
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#threads, ({ worker }) => worker.terminate()))
  }

  #start(): Thread {
    const limits =
      this.#maxHeapMiB === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: this.#maxHeapMiB } }
    const thread: Thread = { worker: new Worker(this.#module, limits), ready: false, job: undefined, timer: undefined }
    this.#threads.add(thread)
    // Idle threads do not keep the process alive.
    thread.worker.unref()
    thread.worker.on("message", (answer: Answer | typeof ready) => {
      if (answer === ready) {
        thread.ready = true
        if (thread.job !== undefined) this.#setTimer(thread, thread.job.name)
      } else this.#finish(thread, "value" in answer ? Effect.succeed(answer.value) : fail("Failed", answer.failure))
    })
    thread.worker.on("error", (error) => this.#end(thread, fail("Crashed", `a thread ended: ${String(error)}`)))
    thread.worker.on("exit", () => this.#end(thread, fail("Crashed", "a thread ended")))
    return thread
  }

  #begin(thread: Thread, job: Job): void {
    thread.job = job
    thread.worker.ref()
    this.#setTimer(thread, job.name)
    try {
      thread.worker.postMessage({ name: job.name, input: job.input })
    } catch (error) {
      this.#finish(thread, fail("Failed", `the input cannot be copied: ${String(error)}`))
    }
  }

  #setTimer(thread: Thread, name: string): void {
    clearTimeout(thread.timer)
    thread.timer = setTimeout(
      () => this.#end(thread, fail("Timeout", `${name} took longer than ${this.#timeoutMs} ms`)),
      this.#timeoutMs + (thread.ready ? 0 : loadMs)
    )
  }

  /** Completes a job. Starts the next one before reporting the result, whose receiver may submit more. */
  #finish(thread: Thread, outcome: ReturnType<typeof fail> | Effect.Effect<unknown>): void {
    clearTimeout(thread.timer)
    thread.worker.unref()
    const { job } = thread
    thread.job = undefined
    const next = this.#threads.has(thread) ? this.#waiting.shift() : undefined
    if (next !== undefined) this.#begin(thread, next)
    job?.done(outcome)
  }

  /** Ends a thread and its job. Another one takes the waiting jobs. */
  #end(thread: Thread, outcome: ReturnType<typeof fail> = fail("Crashed", "the work was given up")): void {
    if (!this.#threads.delete(thread)) return
    void thread.worker.terminate()
    const next = this.#waiting.shift()
    if (next !== undefined) this.#begin(this.#start(), next)
    this.#finish(thread, outcome)
  }
}

/** Offers functions to the pool whose thread runs this module. Does nothing elsewhere, so that the module can be tested. */
export const offer = (functions: Functions): void => {
  const port = parentPort
  port?.on("message", ({ input, name }: Pick<Job, "name" | "input">) => {
    void answer(functions, name, input).then((answer) => {
      try {
        port.postMessage(answer)
      } catch (error) {
        port.postMessage({ failure: `the result cannot be copied: ${String(error)}` } satisfies Answer)
      }
    })
  })
  port?.postMessage(ready)
}

const answer = async (functions: Functions, name: string, input: unknown): Promise<Answer> => {
  try {
    const call = Object.hasOwn(functions, name) ? functions[name] : undefined
    if (call === undefined) return { failure: `no function is called ${name}` }
    return { value: await call(input as never) }
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) }
  }
}
