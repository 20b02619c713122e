import { assert, describe, it } from "@effect/vitest"
import * as AiError from "effect/ai/AiError"
import * as AiErrors from "../../../../src/model/internal/provider/aiErrors.ts"
import * as ContextWording from "../../../../src/model/internal/provider/contextWording.ts"
import * as ModelFailure from "../../../../src/model/ModelFailure.ts"

/** Answers of providers to a prompt that was too long: status, sentence, window, prompt. */
const answers: ReadonlyArray<
  readonly [provider: string, status: number, sentence: string, most: number | undefined, asked: number | undefined]
> = [
  [
    "OpenAI",
    400,
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 130512 tokens. Please reduce the length of the messages.",
    128_000,
    130_512
  ],
  [
    "vLLM",
    400,
    "This model's maximum context length is 8192 tokens. However, you requested 8722 tokens (8466 in the messages, 256 in the completion). Please reduce the length of the messages or completion.",
    8192,
    8722
  ],
  [
    "OpenAI Responses",
    400,
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    undefined,
    undefined
  ],
  ["Anthropic", 400, "prompt is too long: 208310 tokens > 200000 maximum", 200_000, 208_310],
  [
    "Anthropic",
    400,
    "input length and `max_tokens` exceed context limit: 198309 + 4096 > 200000, decrease input length or `max_tokens` and try again",
    200_000,
    198_309
  ],
  [
    "Gemini",
    400,
    "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
    1_048_575,
    1_196_265
  ],
  [
    "xAI",
    400,
    "This model's maximum prompt length is 131072 but the request contains 140001 tokens.",
    131_072,
    140_001
  ],
  ["Groq", 400, "Please reduce the length of the messages or completion.", undefined, undefined],
  [
    "Cerebras",
    400,
    "Please reduce the length of the messages or completion. Current length is 9001 while limit is 8192",
    8192,
    9001
  ],
  [
    "Mistral",
    400,
    "Prompt contains 40103 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    32_768,
    40_103
  ],
  [
    "llama.cpp",
    400,
    "request (9002 tokens) exceeds the available context size (4096 tokens), try increasing it",
    4096,
    9002
  ],
  ["SGLang", 400, "The input (5000 tokens) is longer than the model's context length (4096 tokens).", 4096, 5000],
  [
    "Cloudflare",
    413,
    "AiError: The estimated number of input and maximum output tokens (5000) exceeded this model context window limit (4096).",
    4096,
    5000
  ],
  [
    "SambaNova",
    400,
    "Requested generation length 1000 is not possible! The provided prompt is 5000 tokens long, so generating 1000 tokens requires a sequence length of 6000, but the maximum supported sequence length is just 4096!",
    4096,
    5000
  ],
  ["Fireworks", 400, "The prompt is too long: 140005, model maximum context length: 131071", 131_071, 140_005],
  ["vLLM", 400, "The decoder prompt (length 5000) is longer than the maximum model length of 4096.", 4096, 5000],
  ["Together", 422, "Input validation error: `inputs` must have less than 4096 tokens. Given: 6000", 4096, 6000],
  ["Moonshot", 400, "Invalid request: Your request exceeded model token limit: 8192", 8192, undefined],
  [
    "GitHub Models",
    413,
    "Request body too large for gpt-4o model, its context size. Max size: 8000 tokens.",
    8000,
    undefined
  ],
  [
    "Alibaba",
    400,
    "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
    30_720,
    undefined
  ],
  [
    "Together",
    422,
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9001 `inputs` tokens",
    undefined,
    undefined
  ]
]

describe("a prompt that is too long", () => {
  for (const [provider, status, sentence, most, asked] of answers) {
    it(`is recognised in ${provider}'s words: ${sentence.slice(0, 60)}`, () => {
      const source: AiErrors.Source = { module: "Test", method: "streamText", url: "https://llm.test/v1" }
      const failure = AiErrors.fromRejection(source, { status, error: { message: sentence } })
      const error = AiError.make({ module: "Test", method: "streamText", reason: failure })
      assert.isTrue(ModelFailure.isContextTooLong(error))
      assert.deepStrictEqual(AiErrors.sizesOf(error), most === undefined ? undefined : { most, asked })
    })
  }

  it("has no sizes if the sentence names none", () => {
    assert.isUndefined(ContextWording.sizesOf("context_length_exceeded"))
  })
})
