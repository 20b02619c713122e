/**
 * Asks a model for an answer in a given form, once more if it cannot be read, and tells an answer that cannot be read
 * from a model that gives none.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import * as ModelSettings from "../../model/ModelSettings.ts"

/** How often a model is asked again whose answer cannot be read. */
export type Retry = Schedule.Schedule<unknown, AiError.AiError>

/** Why there is no answer. */
export interface Failure {
  readonly reason: "Answer" | "Model"
  readonly description: string
  readonly cause: AiError.AiError
}

/** Makes the request. The instructions become the system prompt, and the text the user message. */
export const ask = <A, I extends Record<string, unknown>>(question: {
  readonly name: string
  readonly schema: Schema.Codec<A, I>
  readonly instructions: string
  readonly text: string
  readonly settings: ModelSettings.ModelSettings
  readonly retry: Retry | undefined
}): Effect.Effect<A, Failure, LanguageModel.LanguageModel> =>
  LanguageModel.generateObject({
    objectName: question.name,
    schema: question.schema,
    prompt: [
      { role: "system", content: question.instructions },
      { role: "user", content: [{ type: "text", text: question.text }] }
    ]
  }).pipe(
    ModelSettings.override(question.settings),
    Effect.retry({ schedule: question.retry ?? Schedule.recurs(1), while: isUnreadable }),
    Effect.mapError((cause): Failure => {
      const reason = isUnreadable(cause) ? "Answer" : "Model"
      return { reason, description: cause.message, cause }
    }),
    Effect.map(({ value }) => value)
  )

const isUnreadable = ({ reason }: AiError.AiError): boolean =>
  reason._tag === "StructuredOutputError" || reason._tag === "InvalidOutputError"

/** The marks between which data stands. */
export const begin = "<call>"
export const end = "</call>"

/** Data between its marks. It cannot contain one: its angle brackets are written as JSON escapes. */
export const fenced = (data: string): string =>
  [begin, data.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e"), end].join("\n")
