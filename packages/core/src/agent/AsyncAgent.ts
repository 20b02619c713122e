/**
 * An agent written as an async generator, for code that is not written in Effect.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Agent } from "../Agent.ts"
import * as ErrorText from "../ErrorText.ts"
import type * as Event from "../Event.ts"
import type * as Turn from "../Turn.ts"

/** The signal that a generator is given: the platform's `AbortSignal`. */
export type Signal = Effect.Success<typeof Effect.abortSignal>

/** An async generator threw, or a promise it awaited was rejected. Ends the turn. */
export class AsyncAgentError extends Schema.TaggedError<AsyncAgentError>()("AsyncAgentError", {
  cause: Schema.Defect()
}) {
  override get message() {
    return ErrorText.of(this.cause)
  }
}

/**
 * Makes an agent from an async generator.
 *
 * When the turn is over, interrupted or not, the signal is aborted, the generator is asked to return, and the turn ends
 * after its `finally`. If the generator waits for something that ignores the signal, the turn waits no longer than the
 * agent's `cancelGrace`.
 */
export const make =
  (run: (event: Event.Input, turn: Turn.Turn, signal: Signal) => AsyncIterable<Event.Output>): Agent<AsyncAgentError> =>
  (event, turn) =>
    Stream.unwrap(
      Effect.gen(function* () {
        let iterator: AsyncIterator<Event.Output> | undefined
        let pending: Promise<unknown> | undefined
        yield* Effect.addFinalizer(() => (iterator === undefined ? Effect.void : release(iterator, pending)))
        // Acquired last, so that it is aborted before the generator is waited for.
        const signal = yield* Effect.abortSignal
        const generator = yield* Effect.try({
          try: () => run(event, turn, signal)[Symbol.asyncIterator](),
          catch: failure
        })
        iterator = generator
        const next = Effect.tryPromise({
          try: () => {
            const result = generator.next()
            pending = result
            return result
          },
          catch: failure
        })
        return Stream.fromEffectRepeat(
          Effect.flatMap(
            Effect.tapError(next, () => Effect.sync(() => (iterator = undefined))),
            (result) => {
              if (result.done !== true) return Effect.succeed(result.value)
              iterator = undefined
              return Cause.done()
            }
          )
        )
      })
    )

const failure = (cause: unknown) => new AsyncAgentError({ cause })

/** Waits for what the generator is doing, and for its `finally`. */
const release = (iterator: AsyncIterator<Event.Output>, pending: Promise<unknown> | undefined): Effect.Effect<void> =>
  Effect.tryPromise({
    try: () => {
      const returned = iterator.return?.()
      // A generator's `return` resolves once it has ended. Other iterators may resolve it while `next` is still
      // running.
      return Promise.resolve(pending).then(
        () => returned,
        () => returned
      )
    },
    catch: (error) => error
  }).pipe(
    Effect.catch((error) =>
      error instanceof Error && error.name === "AbortError"
        ? Effect.void
        : Effect.logWarning("An async agent failed while it was cleaning up.", error)
    ),
    Effect.asVoid
  )
