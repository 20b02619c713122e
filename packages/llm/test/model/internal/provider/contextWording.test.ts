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
    8193,
    9001
  ],
  [
    "OpenAI, with marks between thousands",
    400,
    "Input tokens exceed the configured limit of 272,000 tokens. Your messages resulted in 1,300,113 tokens. Please reduce the length of the messages.",
    272_000,
    1_300_113
  ],
  ["a proxy", 400, "This model's maximum context length is 128,000 tokens.", 128_000, undefined],
  [
    "vLLM",
    400,
    "You passed 5000 input tokens and requested 512 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 3584 tokens.",
    4096,
    5000
  ],
  ["vLLM", 400, "The prompt (total length 5000) is too long to fit into the model (context length 4096).", 4096, 5000],
  [
    "LM Studio",
    400,
    "Trying to keep the first 4536 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
    4096,
    4536
  ],
  ["Amazon Nova", 400, "Input Tokens Exceeded: Number of input tokens exceeds maximum length.", undefined, undefined],
  [
    "Cohere",
    400,
    "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000. Try using a shorter prompt",
    4081,
    5000
  ],
  [
    "watsonx",
    400,
    "Invalid input argument for Model 'x': the number of input tokens 5000 cannot exceed the total tokens limit 4096 for this model",
    4096,
    5000
  ],
  ["Volcengine", 400, "Input length 130000 exceeds the maximum length 128000", 128_000, 130_000],
  ["Volcengine", 400, "Total tokens of image and text exceed max message tokens", undefined, undefined],
  ["DeepInfra", 400, "Requested input length 140000 exceeds maximum input length 131071", 131_071, 140_000],
  ["GitHub Copilot", 400, "prompt token count of 140000 exceeds the limit of 128000", 128_000, 140_000],
  ["SiliconFlow", 400, "length of prompt_tokens (33000) must be less than max_seq_len (32768).", 32_768, 33_000],
  ["AI21", 422, "Prompt too long: 300000 tokens. The maximum is 262144 tokens.", 262_144, 300_000],
  [
    "TensorRT-LLM",
    400,
    "The sum of prompt length (9001.0), query length (0) should not exceed max_num_tokens (8192)",
    8192,
    9001
  ],
  ["Gemini", 400, "The input token count exceeds the maximum number of tokens allowed 1048576.", 1_048_576, undefined],
  [
    "SGLang",
    400,
    "Requested token count exceeds the model's maximum context length of 8192 tokens. You requested a total of 9001 tokens: 8500 tokens from the input messages and 501 tokens for the completion.",
    8192,
    9001
  ],
  [
    "Moonshot",
    400,
    "Invalid request: Your request exceeded model token limit: 131072 (requested: 140000)",
    131_072,
    140_000
  ],
  ["Zhipu", 400, "Prompt 超长", undefined, undefined],
  ["Baidu", 400, "prompt tokens too long", undefined, undefined],
  [
    "LiteLLM",
    400,
    "litellm.BadRequestError: litellm.ContextWindowExceededError: OpenAIException - no",
    undefined,
    undefined
  ],
  [
    "llama.cpp, as an error of its own",
    500,
    "the request exceeds the available context size. try increasing the context size or enable context shift",
    undefined,
    undefined
  ],
  ["Anthropic, whose bytes are counted", 413, "Request exceeds the maximum size", undefined, undefined],
  ["a proxy with a limit", 413, "No.", undefined, undefined],
  [
    "vLLM, by input and output",
    400,
    "This model's maximum context length is 4096 tokens. However, you requested 200 output tokens and your prompt contains 3900 input tokens, for a total of at least 4100 tokens.",
    4096,
    4100
  ],
  [
    "Vertex AI",
    400,
    "Unable to submit request because the input token count is 40000 but model only supports up to 32768.",
    32_768,
    40_000
  ],
  ["a proxy", 400, "The maximum context length is 128k tokens", 128_000, undefined],
  ["a proxy", 400, "The context window is 1M tokens, and the prompt is too long", 1_000_000, undefined],
  ["a proxy", 400, "The prompt exceeds the context length 8192", 8192, undefined],
  ["a proxy", 400, "context length exceeded (maximum of 10 messages)", undefined, undefined]
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
