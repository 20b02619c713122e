/**
 * Asks a step of a plan through the provider interface, so that a plan looks like a single provider.
 *
 * Tool calls are neither run nor checked here: the user of the plan does that once, whichever step answered.
 */
import type * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Response from "effect/ai/Response"
import type * as Tool from "effect/ai/Tool"
import type * as Toolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Opening from "../../../internal/opening.ts"
import * as EncodedStream from "../provider/encodedStream.ts"

// The requirements of a request's tools and schema are part of the caller's type, and in the context by now.
type Tools = Record<string, Tool.Any>
type StreamPart = Response.StreamPart<Tools, "deferred">
type Part = Response.Part<Tools, "deferred">
type Answer = LanguageModel.GenerateTextResponse<Tools, "deferred">
type ObjectAnswer = LanguageModel.GenerateObjectResponse<Tools, Record<string, unknown>, "deferred">

/** Streams the answer of a model. */
export const stream = (
  model: LanguageModel.LanguageModel,
  options: LanguageModel.ProviderOptions,
  prompt: Prompt.Prompt
): Stream.Stream<Response.StreamPartEncoded, AiError.AiError> => {
  const encoded = EncodedStream.get(model)
  if (encoded === undefined) {
    const parts = model.streamText({ ...requestOf(options), prompt }) as Stream.Stream<StreamPart, AiError.AiError>
    return Stream.map(parts, (part) => encode(part) as Response.StreamPartEncoded)
  }
  // Each attempt has its own span, as if its model were asked directly.
  return Opening.stream((_, scope) => {
    const span = Effect.makeSpanScoped("LanguageModel.streamText", { kind: "client" })
    return Effect.flatMap(Scope.provide(span, scope), (span) =>
      Opening.pull(encoded({ ...options, prompt, span, toolCallValidation: "deferred" }), scope)
    )
  })
}

/** The complete answer of a model: as text, or as the JSON of the requested object. */
export const generate = (
  model: LanguageModel.LanguageModel,
  options: LanguageModel.ProviderOptions
): Effect.Effect<Array<Response.PartEncoded>, AiError.AiError> => {
  const request = { ...requestOf(options), prompt: options.prompt }
  const format = options.responseFormat
  if (format.type === "text") {
    const answer = model.generateText(request) as Effect.Effect<Answer, AiError.AiError>
    return Effect.map(answer, ({ content }) => content.map(encodeWhole))
  }
  const schema = format.schema as Schema.Codec<Record<string, unknown>>
  const toJson = Schema.encodeEffect(Schema.fromJsonString(schema))
  return Effect.gen(function* () {
    const asked = model.generateObject({ ...request, schema, objectName: format.objectName })
    const answer = yield* asked as Effect.Effect<ObjectAnswer, AiError.AiError>
    // The step has decoded the object from its provider's form; it is passed on in the schema's encoded form.
    const text = yield* Effect.orDie(toJson(answer.value))
    const others = answer.content.filter((part) => part.type !== "text")
    return [{ type: "text", text }, ...others.map(encodeWhole)]
  })
}

const requestOf = ({ toolChoice, tools }: LanguageModel.ProviderOptions) => ({
  toolkit: toolkitOf(tools),
  toolChoice,
  disableToolCallResolution: true as const,
  toolCallValidation: "deferred" as const
})

/** A toolkit whose tools are only described, never run. */
const toolkitOf = (tools: ReadonlyArray<Tool.Any>): Toolkit.WithHandler<Tools> => ({
  tools: Object.fromEntries(tools.map((tool) => [tool.name, tool])),
  handle: () => Effect.die(new Error("a step of a plan runs no tools"))
})

/** A part in the form that a provider sends. */
export const encode = (part: StreamPart | Part): Response.StreamPartEncoded | Response.PartEncoded => {
  switch (part.type) {
    case "file":
      return Schema.encodeSync(Response.FilePart)(part)
    case "source":
      return part.sourceType === "url" ? { ...part, url: part.url.href } : part
    case "response-metadata":
      return Schema.encodeSync(Response.ResponseMetadataPart)(part)
    case "tool-result": {
      const { encodedResult, modelOutput, ...rest } = part
      return { ...rest, result: encodedResult, modelOutput: modelOutput && encodeOutput(modelOutput) }
    }
    default:
      return part
  }
}

const encodeWhole = (part: Part) => encode(part) as Response.PartEncoded

const encodeOutput = Schema.encodeSync(Schema.Array(Prompt.ToolModelOutputPart))
