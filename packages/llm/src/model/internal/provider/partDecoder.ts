/**
 * Decodes the parts of a streamed reply, as `LanguageModel.streamText` does for a request whose tool calls are neither run
 * nor checked.
 *
 * Nearly all parts are pieces of words, thoughts and arguments. They are read by hand, because a schema takes longer for one
 * than everything else that happens to it. The schemas of `effect/ai` decode whatever is not in its plainest form.
 */
import * as AiError from "effect/ai/AiError"
import * as Response from "effect/ai/Response"
import type * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import type * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A part that is passed on. */
export type Part = Response.StreamPart<Record<string, Tool.Any>, "deferred">
type Encoded = Response.StreamPartEncoded
type Encodeds = Arr.NonEmptyReadonlyArray<Encoded>

/** Decodes parts that have come together. */
export type PartDecoder = (parts: Encodeds) => Effect.Effect<Arr.NonEmptyReadonlyArray<Part>, AiError.AiError>

/** Makes the decoder of a reply to a request with these tools. */
export const make = (tools: ReadonlyArray<Tool.Any>): PartDecoder => {
  let withTools: PartDecoder | undefined
  return (parts) => {
    const decoded: Array<Part> = []
    for (const part of parts) {
      if (isOfTool(part)) return (withTools ??= makeWithTools(tools))(parts)
      const plain = decodePlain(part)
      if (plain !== undefined) {
        decoded.push(plain)
        continue
      }
      const other = part.type === "finish" ? decodeFinish(part) : decodeAny(part)
      if (Result.isFailure(other)) return Effect.fail(invalid(other.failure))
      decoded.push(other.success)
    }
    return Effect.succeed(decoded as unknown as Arr.NonEmptyReadonlyArray<Part>)
  }
}

/** Whether the tools of the request say how to read a part: those of calls that the provider makes itself. */
const isOfTool = (part: Encoded): boolean =>
  part.type === "tool-result" || (part.type === "tool-call" && part.providerExecuted === true)

/** Decodes a part of the kinds that come with every reply, if it is in its plainest form. */
const decodePlain = (part: Encoded): Part | undefined => {
  if (part.metadata !== undefined) return undefined
  if (part.type === "response-metadata") return decodeMetadata(part)
  if (!("id" in part) || typeof part.id !== "string") return undefined
  switch (part.type) {
    case "text-start":
    case "text-end":
    case "reasoning-start":
    case "reasoning-end":
    case "tool-params-end":
      return Response.makePart(part.type, { id: part.id })
    case "text-delta":
    case "reasoning-delta":
    case "tool-params-delta":
      return typeof part.delta === "string"
        ? Response.makePart(part.type, { id: part.id, delta: part.delta })
        : undefined
    default:
      return undefined
  }
}

/** As our providers write it: with all fields, of which some may be undefined. */
const decodeMetadata = (part: Response.ResponseMetadataPartEncoded): Part | undefined => {
  const { id, modelId, timestamp } = part
  if (!("id" in part && "modelId" in part && "timestamp" in part)) return undefined
  if (!isOptionalText(id) || !isOptionalText(modelId)) return undefined
  if (timestamp === undefined) return Response.makePart("response-metadata", { id, modelId, timestamp })
  const time = isIsoTime(timestamp) ? Option.getOrUndefined(DateTime.make(timestamp)) : undefined
  return time && Response.makePart("response-metadata", { id, modelId, timestamp: DateTime.toUtc(time) })
}

const isOptionalText = (value: unknown): boolean => value === undefined || typeof value === "string"

/** Whether a value is a time as `Date.toISOString` writes it. */
const isIsoTime = (value: unknown): value is string => typeof value === "string" && value.endsWith("Z")

type Decode = (part: Encoded) => Result.Result<Part, Schema.SchemaError>

/** Every reply has an end, so it is not looked for among all kinds of parts. */
const decodeFinish = Schema.decodeUnknownResult(Response.FinishPart) as Decode
/** Names and arguments of calls are not checked. */
const decodeAny = Schema.decodeUnknownResult(Response.StreamPart()) as Decode

const AnyCall = Response.ToolCallPart("", Schema.Unknown).mapFields((fields) => ({ ...fields, name: Schema.String }))

/** Made only when it is needed, because a schema of a request's own costs as much as a turn. */
const makeWithTools = (tools: ReadonlyArray<Tool.Any>): PartDecoder => {
  const toolkit = Toolkit.make(...tools.map((tool) => tool.setParameters(Schema.Unknown)))
  const AnyOf = Schema.NonEmptyArray(Schema.Union([Response.StreamPart(toolkit), AnyCall]))
  const decode = Schema.decodeUnknownEffect(AnyOf)
  // The provider runs its own tools, so nobody else checks what it runs them with.
  const check = (part: Encoded) => {
    if (part.type !== "tool-call" || part.providerExecuted !== true) return Effect.void
    const parameters = tools.find(({ name }) => name === part.name)?.parametersSchema
    return Schema.isSchema(parameters)
      ? Schema.decodeUnknownEffect(Schema.toEncoded(parameters))(part.params)
      : Effect.void
  }
  return (parts) =>
    Effect.mapError(
      Effect.tap(decode(parts), () => Effect.forEach(parts, check, { discard: true })),
      invalid
    ) as unknown as ReturnType<PartDecoder>
}

const invalid = (error: Schema.SchemaError): AiError.AiError =>
  AiError.make({
    module: "LanguageModel",
    method: "streamText",
    reason: AiError.InvalidOutputError.fromSchemaError(error)
  })
