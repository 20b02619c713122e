/** The failures of a model on a bad day, one for each kind that a model can have. */
import * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"

type FailureKind = AiError.AiErrorReason["_tag"]

const description = "drawn from the seed"
/** The connection broke. */
export const lost = new AiError.NetworkError({
  reason: "TransportError",
  method: "POST",
  url: "faulty:",
  description: "the connection was lost"
})

/** Makes the reason of each kind. */
export const reasons: {
  readonly [Kind in FailureKind]: () => Extract<AiError.AiErrorReason, { readonly _tag: Kind }>
} = {
  RateLimitError: () => new AiError.RateLimitError({ retryAfter: Duration.seconds(1) }),
  QuotaExhaustedError: () => new AiError.QuotaExhaustedError({}),
  AuthenticationError: () => new AiError.AuthenticationError({ kind: "InvalidKey", description }),
  ContentPolicyError: () => new AiError.ContentPolicyError({ description }),
  InvalidRequestError: () => new AiError.InvalidRequestError({ description }),
  InvalidResponseError: () => new AiError.InvalidResponseError({ description }),
  InternalProviderError: () => new AiError.InternalProviderError({ description }),
  NetworkError: () => lost,
  InvalidOutputError: () => new AiError.InvalidOutputError({ description }),
  StructuredOutputError: () => new AiError.StructuredOutputError({ description, responseText: "" }),
  UnsupportedSchemaError: () => new AiError.UnsupportedSchemaError({ description }),
  UnknownError: () => new AiError.UnknownError({ description }),
  ToolNotFoundError: () => new AiError.ToolNotFoundError({ toolName: "none", availableTools: [] }),
  ToolParameterValidationError: () => new AiError.ToolParameterValidationError({ toolName: "none", description }),
  InvalidToolResultError: () => new AiError.InvalidToolResultError({ toolName: "none", description }),
  ToolResultEncodingError: () =>
    new AiError.ToolResultEncodingError({ toolName: "none", toolResult: null, description }),
  ToolConfigurationError: () => new AiError.ToolConfigurationError({ toolName: "none", description }),
  ToolkitRequiredError: () => new AiError.ToolkitRequiredError({ pendingApprovals: [], description }),
  InvalidUserInputError: () => new AiError.InvalidUserInputError({ description })
}

/** Every kind of failure there is. */
export const kinds = Object.keys(reasons) as ReadonlyArray<FailureKind>
