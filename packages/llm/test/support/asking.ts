/** Asks the model in the context, and keeps what arrived before it ended or failed. */
import { Effect, Result, Schema, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import type * as AiError from "effect/ai/AiError"

export const Weather = Tool.make("get_weather", {
  description: "Get the weather.",
  parameters: Schema.Struct({ city: Schema.String.annotate({ description: "City name" }) })
})

type AnyStreamPart = Response.StreamPart<{}, "deferred">

export interface Asked {
  readonly parts: ReadonlyArray<AnyStreamPart>
  readonly text: string
  readonly calls: ReadonlyArray<{ readonly id: string; readonly name: string; readonly params: unknown }>
  readonly finish: Extract<AnyStreamPart, { type: "finish" }> | undefined
  readonly error: AiError.AiError | undefined
}

export const ask = (
  prompt: Prompt.RawInput = "hi",
  toolkit: Toolkit.Any = Toolkit.make(Weather)
): Effect.Effect<Asked, never, LanguageModel.LanguageModel> =>
  Effect.gen(function* () {
    const parts: Array<AnyStreamPart> = []
    const stream = LanguageModel.streamText({
      prompt,
      toolkit: toolkit as never,
      disableToolCallResolution: true,
      toolCallValidation: "deferred"
    }) as unknown as Stream.Stream<AnyStreamPart, AiError.AiError, LanguageModel.LanguageModel>
    const result = yield* Effect.result(Stream.runForEach(stream, (part) => Effect.sync(() => parts.push(part))))
    return {
      parts,
      text: parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join(""),
      calls: parts.flatMap((part) =>
        part.type === "tool-call" ? [{ id: part.id, name: part.name, params: part.params }] : []
      ),
      finish: parts.find((part) => part.type === "finish"),
      error: Result.isFailure(result) ? result.failure : undefined
    }
  })
