/**
 * The log line of a server that could not start.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { errorReported } from "effect/Runtime"
import * as StartFailure from "../StartFailure.ts"

/** Marks a failure that has been logged, so that `runMain` does not log it again with its stack. */
const markLogged = (error: object): void => {
  if (Object.isExtensible(error)) Object.defineProperty(error, errorReported, { value: false, configurable: true })
}

/** Logs the failure in one line, unless that has been done. */
export const write = (error: unknown, portVariable?: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!Predicate.isObject(error)) return Effect.logError(StartFailure.message(error))
    if ((error as { readonly [errorReported]?: boolean })[errorReported] === false) return Effect.void
    return Effect.andThen(
      Effect.logError(StartFailure.message(error, portVariable)),
      Effect.sync(() => markLogged(error))
    )
  })
