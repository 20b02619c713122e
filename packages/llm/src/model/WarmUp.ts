/**
 * Opens the connection to a model before its first request. DNS, connection and encryption take a tenth of a second and
 * more, which the first reply of a call then does not wait for.
 *
 * Layers of models provide it if there is something to open. `LlmAgent` runs it once when a call starts, beside the
 * greeting.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Opens the connection to the current model. Does nothing by default. */
export const WarmUp = Context.Reference<Effect.Effect<void, AiError.AiError>>("@antiphon/llm/model/WarmUp", {
  defaultValue: () => Effect.void
})

/** Opens the connection to the current model; gives up after 10 seconds. Failures are only logged. */
export const run: Effect.Effect<void> = Effect.flatten(WarmUp).pipe(
  Effect.timeoutOption("10 seconds"),
  Effect.catch((error) => Effect.logWarning(`the model could not be warmed up: ${error.message}`)),
  Effect.asVoid
)
