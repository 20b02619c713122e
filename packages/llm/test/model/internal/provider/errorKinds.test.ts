import { assert, describe, it } from "@effect/vitest"
import * as AiErrors from "../../../../src/model/internal/provider/aiErrors.ts"
import * as ModelFailure from "../../../../src/model/ModelFailure.ts"

const source: AiErrors.Source = { module: "Test", method: "streamText", url: "http://x/", model: "some-model" }

/** What a reason means to a plan and to a caller. */
const kindOf = (status: number, body: unknown): string => {
  const reason = AiErrors.fromRejection(source, { status, error: body, headers: new Headers() })
  const error = AiErrors.make(source, reason)
  return ModelFailure.isContextTooLong(error) ? "ContextTooLong" : (AiErrors.details(error).kind ?? reason._tag)
}

/** Refusals as providers write them, each by its whole body. */
const refusals: ReadonlyArray<readonly [provider: string, status: number, body: unknown, kind: string]> = [
  ["Bedrock", 400, { message: "Input is too long for requested model." }, "ContextTooLong"],
  [
    "Cohere",
    400,
    { message: "too many tokens: total number of tokens in the prompt cannot exceed 4081" },
    "ContextTooLong"
  ],
  [
    "GitHub Models",
    413,
    {
      error: {
        code: "tokens_limit_reached",
        message: "Request body too large for gpt-4o model. Max size: 8000 tokens."
      }
    },
    "ContextTooLong"
  ],
  [
    "Moonshot",
    400,
    {
      error: {
        type: "invalid_request_error",
        message: "Invalid request: Your request exceeded model token limit: 8192"
      }
    },
    "ContextTooLong"
  ],
  [
    "Alibaba",
    400,
    { error: { code: "invalid_parameter_error", message: "Range of input length should be [1, 30720]" } },
    "ContextTooLong"
  ],
  ["Zhipu", 400, { error: { code: "1261", message: "Prompt exceeds max length" } }, "ContextTooLong"],
  [
    "Cloudflare",
    413,
    {
      errors: [
        {
          code: 5021,
          message:
            "AiError: The estimated number of input and maximum output tokens (5000) exceeded this model context window limit (4096)."
        }
      ],
      success: false
    },
    "ContextTooLong"
  ],
  [
    "SambaNova",
    400,
    {
      error: {
        message:
          "Requested generation length 1000 is not possible! The provided prompt is 5000 tokens long, so generating 1000 tokens requires a sequence length of 6000, but the maximum supported sequence length is just 4096!"
      }
    },
    "ContextTooLong"
  ],
  [
    "vLLM",
    400,
    { object: "error", message: "The decoder prompt (length 5000) is longer than the maximum model length of 4096." },
    "ContextTooLong"
  ],
  [
    "Together",
    422,
    { error: { message: "Input validation error: `inputs` must have less than 4096 tokens. Given: 6000" } },
    "ContextTooLong"
  ],
  [
    "Groq, tokens per minute",
    413,
    {
      error: {
        type: "tokens",
        code: "rate_limit_exceeded",
        message: "Request too large for model on tokens per minute (TPM): Limit 6000, Requested 8000"
      }
    },
    "RateLimitError"
  ],
  [
    "Moonshot",
    429,
    {
      error: {
        type: "exceeded_current_quota_error",
        message: "Your account is suspended, please check your plan and billing details"
      }
    },
    "QuotaExhaustedError"
  ],
  ["SiliconFlow", 403, { code: 30001, message: "Sorry, your account balance is insufficient" }, "QuotaExhaustedError"],
  [
    "Alibaba",
    400,
    { error: { code: "Arrearage", message: "Access denied, please make sure your account is in good standing." } },
    "QuotaExhaustedError"
  ],
  [
    "xAI",
    429,
    {
      code: "Some resource has been exhausted",
      error: "Your team has either used all available credits or reached its monthly spending limit."
    },
    "QuotaExhaustedError"
  ],
  ["xAI", 403, { error: "Your newly created teams doesn't have any credits yet." }, "QuotaExhaustedError"],
  ["Hugging Face", 402, { error: "You have exceeded your monthly included credits." }, "QuotaExhaustedError"],
  ["Bedrock", 429, { message: "Too many tokens, please wait before trying again." }, "RateLimitError"],
  [
    "Anthropic",
    429,
    {
      error: { type: "rate_limit_error", message: "Number of request tokens has exceeded your per-minute rate limit" }
    },
    "RateLimitError"
  ],
  [
    "OpenAI, a limit on the reply",
    400,
    {
      error: {
        param: "max_tokens",
        message: "max_tokens is too large: 100000. This model supports at most 16384 completion tokens."
      }
    },
    "InvalidRequestError"
  ],
  [
    "OpenRouter, of the provider behind it",
    400,
    {
      error: {
        message: "Provider returned error",
        code: 400,
        metadata: {
          raw: '{"type":"error","error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}',
          provider_name: "Anthropic"
        }
      }
    },
    "ContextTooLong"
  ],
  [
    "OpenRouter, of a provider that writes no JSON",
    400,
    { error: { message: "Provider returned error", code: 400, metadata: { raw: "Content Exists Risk" } } },
    "ContentPolicyError"
  ],
  ["Zhipu", 429, { error: { code: "1113", message: "余额不足或无可用资源包,请充值。" } }, "QuotaExhaustedError"],
  [
    "Bedrock",
    400,
    { message: "Invocation of model ID anthropic.x with on-demand throughput isn’t supported." },
    "NotFound"
  ],
  ["any, without words", 429, { error: { message: "Slow down" } }, "RateLimitError"],
  [
    "OpenAI",
    400,
    {
      error: {
        code: "invalid_prompt",
        message: "Invalid prompt: your prompt was flagged as potentially violating our usage policy."
      }
    },
    "ContentPolicyError"
  ],
  ["DeepSeek", 400, { error: { type: "invalid_request_error", message: "Content Exists Risk" } }, "ContentPolicyError"],
  [
    "Alibaba",
    400,
    { error: { code: "data_inspection_failed", message: "Input data may contain inappropriate content." } },
    "ContentPolicyError"
  ],
  ["OpenRouter", 403, { error: { code: 403, message: "Your input was flagged" } }, "ContentPolicyError"],
  ["DeepSeek", 400, { error: { type: "invalid_request_error", message: "Model Not Exist" } }, "NotFound"],
  ["OpenRouter", 400, { error: { code: 400, message: "acme/x is not a valid model ID" } }, "NotFound"],
  ["Bedrock", 400, { message: "The provided model identifier is invalid." }, "NotFound"],
  ["a server made with FastAPI", 404, { detail: { message: "No such model here" } }, "NotFound"],
  ["any, forbidden", 403, { error: { message: "You may not" } }, "AuthenticationError"],
  [
    "any, a parameter",
    400,
    { error: { message: "Unsupported value: 'temperature' does not support 0.5" } },
    "InvalidRequestError"
  ]
]

describe("kinds of errors", () => {
  for (const [provider, status, body, kind] of refusals) {
    it(`${provider}, ${status}: ${JSON.stringify(body).slice(0, 100)} is ${kind}`, () =>
      assert.strictEqual(kindOf(status, body), kind))
  }

  it("what a provider says below `errors` or `detail` is told", () => {
    for (const body of [
      { errors: [{ code: 5, message: "model is busy" }] },
      { detail: { message: "model is busy" } }
    ]) {
      const reason = AiErrors.fromRejection(source, { status: 503, error: body, headers: new Headers() })
      assert.strictEqual(AiErrors.details(AiErrors.make(source, reason)).said, "model is busy")
    }
  })
})
