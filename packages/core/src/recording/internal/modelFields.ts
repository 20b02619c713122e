/**
 * Classifies the fields of prompts, replies and failures of models. They are recorded as `effect/ai` encodes them, so
 * these tables are checked against its types: a new kind of part, or a new field, does not compile until it is listed
 * here. The check is erased from the published code, because `effect/ai` is not stable and this package does not depend
 * on it.
 */
import type * as AiError from "effect/ai/AiError"
import type * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import type { Privacy } from "../../Privacy.ts"

/** The content of a field. `text`: words of the message's author. */
export type Kind = Privacy | "text"

/** Kinds of fields, by name. */
export interface Fields {
  readonly [field: string]: Kind
}

type FieldsOf<T, Tag> = { readonly [Field in Exclude<NamesOf<T>, Tag>]: Kind }
type NamesOf<T> = T extends unknown ? keyof T : never

/** Whose words a message of a prompt holds, by its role. */
export const roles: { readonly [role: string]: Privacy } = {
  system: "instructions",
  user: "userText",
  assistant: "agentText",
  tool: "agentText"
} satisfies { readonly [Role in Prompt.MessageEncoded["role"]]: Privacy }

type Part = Prompt.PartEncoded | Response.AllPartsEncoded

/** Parts of messages and of replies by their `type`. */
export const parts: { readonly [type: string]: Fields } = {
  text: { text: "text", options: "metadata", metadata: "metadata" },
  "text-start": { id: "id", metadata: "metadata" },
  "text-delta": { id: "id", delta: "text", metadata: "metadata" },
  "text-end": { id: "id", metadata: "metadata" },
  reasoning: { text: "text", options: "metadata", metadata: "metadata" },
  "reasoning-start": { id: "id", metadata: "metadata" },
  "reasoning-delta": { id: "id", delta: "text", metadata: "metadata" },
  "reasoning-end": { id: "id", metadata: "metadata" },
  file: { mediaType: "public", fileName: "text", data: "text", options: "metadata", metadata: "metadata" },
  source: {
    sourceType: "public",
    id: "id",
    mediaType: "public",
    title: "text",
    fileName: "text",
    url: "text",
    metadata: "metadata"
  },
  "tool-params-start": { id: "id", name: "public", providerExecuted: "public", metadata: "metadata" },
  "tool-params-delta": { id: "id", delta: "arguments", metadata: "metadata" },
  "tool-params-end": { id: "id", metadata: "metadata" },
  "tool-call": {
    id: "id",
    name: "public",
    params: "arguments",
    providerExecuted: "public",
    options: "metadata",
    metadata: "metadata"
  },
  "tool-result": {
    id: "id",
    name: "public",
    isFailure: "public",
    result: "result",
    modelOutput: "result",
    providerExecuted: "public",
    preliminary: "public",
    options: "metadata",
    metadata: "metadata"
  },
  "tool-approval-request": { approvalId: "id", toolCallId: "id", options: "metadata", metadata: "metadata" },
  "tool-approval-response": { approvalId: "id", approved: "public", reason: "message", options: "metadata" },
  "response-metadata": { id: "id", modelId: "public", timestamp: "public", metadata: "metadata" },
  finish: { reason: "public", usage: "measure", response: "metadata", metadata: "metadata" },
  error: { error: "message", metadata: "metadata" }
} satisfies {
  readonly [Type in Part["type"]]: FieldsOf<Extract<Part, { readonly type: Type }>, "type">
}

type Failure = AiError.AiErrorEncoded

/** The fields of an `AiError` beside its tag and its reason. */
export const failure: Fields = { module: "public", method: "public" } satisfies FieldsOf<Failure, "_tag" | "reason">

/** The reasons of an `AiError` by their tag. */
export const reasons: { readonly [tag: string]: Fields } = {
  NetworkError: {
    reason: "public",
    method: "public",
    url: "message",
    description: "message",
    cause: "message"
  },
  RateLimitError: { retryAfter: "measure", metadata: "message", http: "message" },
  QuotaExhaustedError: { resetAt: "public", metadata: "message", http: "message" },
  AuthenticationError: { kind: "public", description: "message", metadata: "message", http: "message" },
  ContentPolicyError: { description: "message", metadata: "message", http: "message" },
  InvalidRequestError: {
    parameter: "message",
    constraint: "message",
    description: "message",
    metadata: "message",
    http: "message"
  },
  InternalProviderError: { description: "message", metadata: "message", http: "message" },
  InvalidResponseError: { description: "message", metadata: "message", http: "message" },
  InvalidOutputError: { description: "message", metadata: "message", usage: "measure" },
  StructuredOutputError: { description: "message", responseText: "message", metadata: "message", usage: "measure" },
  UnsupportedSchemaError: { description: "message", metadata: "message" },
  UnknownError: { description: "message", metadata: "message", http: "message" },
  ToolNotFoundError: { toolName: "public", availableTools: "public" },
  ToolParameterValidationError: { toolName: "public", description: "message" },
  InvalidToolResultError: { toolName: "public", description: "message" },
  ToolResultEncodingError: { toolName: "public", toolResult: "result", description: "message" },
  ToolConfigurationError: { toolName: "public", description: "message" },
  ToolkitRequiredError: { pendingApprovals: "public", description: "message" },
  InvalidUserInputError: { description: "message" }
} satisfies {
  readonly [Tag in Failure["reason"]["_tag"]]: FieldsOf<Extract<Failure["reason"], { readonly _tag: Tag }>, "_tag">
}
