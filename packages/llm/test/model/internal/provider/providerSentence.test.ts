import { assert, describe, it } from "@effect/vitest"
import * as ErrorKinds from "../../../../src/model/internal/provider/errorKinds.ts"
import * as ErrorNames from "../../../../src/model/internal/provider/errorNames.ts"
import * as ProviderSentence from "../../../../src/model/internal/provider/providerSentence.ts"

describe("providerSentence", () => {
  const kept: ReadonlyArray<string> = [
    "API key not valid. Please pass a valid API key.",
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
    "max_tokens: 300000 > 64000, which is the maximum allowed number of output tokens for claude-x",
    "The model `claude-x` has been decommissioned and is no longer supported. Please refer to https://console.groq.com/docs/deprecations for a recommendation on which model to use instead.",
    "Function tools with reasoning_effort are not supported for claude-x in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.",
    "Unsupported parameter: 'temperature' is not supported with this model.",
    "After the optional system message, conversation roles must alternate user and assistant roles except for tool calls and results.",
    "Missing reasoning_content field in the assistant message at message index 3",
    "messages.1.content.0.thinking: Input should be 'disabled' or 'enabled'",
    "You exceeded your current quota, please check your plan and billing details.",
    "The engine is currently overloaded, please try again later",
    "temperature and top_p cannot both be specified for this model. Please use only one.",
    "Malformed input request: extraneous key [top_k] is not permitted, please reformat your input and try again.",
    "Invalid schema for function: In context=(), 'additionalProperties' is required to be supplied and to be false.",
    "Function call is missing a thought_signature in functionCall parts.",
    "Too many tokens overall, split into more batches."
  ]
  for (const sentence of kept) {
    it(`keeps: ${sentence.slice(0, 50)}`, () => {
      const said = ProviderSentence.scrub(sentence, { names: ["acme/claude-x"] })
      const lost = said?.split("…").length ?? 99
      assert.isAtMost(lost - 1, sentence.includes("recommendation") || sentence.includes("resulted") ? 1 : 0, said)
    })
  }

  const secrets: ReadonlyArray<readonly [sentence: string, secret: string]> = [
    [
      "Incorrect API key provided: sk-proj-abc123XYZ. You can find your API key at https://platform.openai.com.",
      "abc123XYZ"
    ],
    ["Invalid token eyJhbGciOiJIUzI1NiJ9.e30.x given", "eyJ"],
    ["Invalid content: Ada Lovelace, 12 Rosewood Lane", "Lovelace"],
    ["No number 004915112345678 found", "15112345678"],
    ["User ada@example.org is not allowed", "ada@"],
    ["See https://example.org/?key=abc for more", "key=abc"],
    ['Invalid prompt: "please tell the user that the account is closed now"', "account"]
  ]
  for (const [sentence, secret] of secrets) {
    it(`hides ${secret}`, () => {
      const said = ProviderSentence.scrub(sentence) ?? ""
      assert.notInclude(said, secret)
      assert.isAbove(said.length, 5)
    })
  }

  it("removes what the request says, whatever words it consists of", () => {
    const text = () => "You are the assistant of a company. The current balance of the account is too low."
    const said = ProviderSentence.scrub("Invalid message: the current balance of the account is too low", { text })
    assert.strictEqual(said, "Invalid message: …")
  })

  it("returns nothing if nothing can be shown, or for pages", () => {
    assert.isUndefined(ProviderSentence.scrub("Zwölf Boxkämpfer"))
    assert.isUndefined(ProviderSentence.raw("<html><body>502</body></html>"))
  })

  it("is found wherever providers put it", () => {
    for (const body of [
      { error: { message: "m" } },
      { message: "m" },
      { error: "m" },
      [{ error: { message: "m" } }],
      { detail: "m" },
      { detail: [{ msg: "m" }] },
      { type: "error", error: { type: "x", message: "m" } },
      "m",
      '"m"',
      '{"message":"m"}',
      { Message: "m" },
      { title: "m", type: "about:blank" },
      { message: ["m", "n"] },
      { error: { message: { detail: "m" } } },
      { message: JSON.stringify({ detail: JSON.stringify({ error: { message: "m" } }) }) },
      {
        error: { message: `litellm.BadRequestError: OpenAIException - ${JSON.stringify({ error: { message: "m" } })}` }
      },
      { error: { message: "litellm.X: Error code: 400 - {'error': {'message': \"m\", 'type': 'x'}}" } },
      { error: { message: "Provider returned error", metadata: { raw: '{"error":{"message":"m"}}' } } },
      "<?xml version='1.0'?><Error><Code>x</Code><Message>m</Message></Error>",
      "<!doctype html><html><head><title>m</title></head></html>"
    ]) {
      assert.strictEqual(ProviderSentence.raw(body), "m", JSON.stringify(body))
    }
  })
})

describe("providerSentence, of odd bodies", () => {
  it("names the place of a problem", () => {
    const detail = [{ loc: ["body", "messages", 0], msg: "field required", type: "missing" }]
    assert.strictEqual(ProviderSentence.raw({ detail }), "body.messages.0: field required")
  })

  it("finds none where there is none, however deep", () => {
    const deep: unknown = Array.from({ length: 50_000 }).reduce((error) => ({ error }), { message: "m" })
    for (const body of [undefined, null, "null", "42", 42, [], {}, "", " ", { error: {} }, { message: "" }, deep]) {
      assert.isUndefined(ProviderSentence.raw(body))
    }
  })

  it("looks at each part of a body once: a thousand bodies without a sentence take no time", () => {
    for (let at = 0; at < 1000; at++) assert.isUndefined(ProviderSentence.raw({ error: { message: { detail: {} } } }))
  })

  it("hides numbers of the request, and numbers as long as cards and accounts have", () => {
    const text = () => "My card is 4111 1111 1111 1234, and my pin is 4821."
    for (const sentence of [
      "Could not process number 4821 in message 300",
      "Blocked: card 4111-1111-1111-1234 in content",
      "Blocked: card 4111 1111 1111 1234 in content",
      "Invalid content: (4821)"
    ]) {
      const said = ProviderSentence.scrub(sentence, { text }) ?? ""
      assert.notMatch(said, /4821|1234|1111/)
    }
    assert.include(ProviderSentence.scrub("Could not process number 4821 in message 300", { text }), "300")
    assert.strictEqual(ProviderSentence.scrub("Limit 30000 until 2026-03-01"), "Limit 30000 until 2026-03-01")
  })

  it("stands on one line, without what moves a cursor or turns text around", () => {
    const said = ProviderSentence.scrub("bad \u001b[2J \u202e model\r\nINFO error") ?? ""
    assert.notMatch(said, /[\p{Cc}\u202a-\u202e]/u)
  })
})

describe("errorNames", () => {
  it("a key is no name", () => {
    const key = "sk-proj-abcDEF1234567890"
    const names = ErrorNames.of({ error: { code: key, type: "invalid_request_error", param: key, status: "429" } })
    assert.deepStrictEqual(names, {
      code: undefined,
      type: "invalid_request_error",
      param: undefined,
      state: "429"
    })
    assert.strictEqual(ErrorNames.of({ code: 20012, param: "messages.0.content[1].text" }).code, "20012")
  })
})

describe("errorKinds", () => {
  const told = (status: number, sentence: string, ...names: ReadonlyArray<string>) =>
    ErrorKinds.of({ status, sentence, names })
  const cases: ReadonlyArray<readonly [ErrorKinds.ErrorKind | undefined, number, string, ...ReadonlyArray<string>]> = [
    ["Quota", 400, "Your credit balance is too low to access the Anthropic API.", "invalid_request_error"],
    ["Key", 400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT"],
    ["Key", 400, "Incorrect API key provided: xa***yz.", "invalid-argument"],
    ["NoModel", 400, "The model `x` has been decommissioned", "model_decommissioned"],
    ["RateLimit", 413, "Request too large for model on tokens per minute (TPM)", "rate_limit_exceeded"],
    ["Overloaded", 498, "Flex tier capacity exceeded", "capacity_exceeded"],
    ["BadCall", 400, "Failed to call a function.", "tool_use_failed"],
    ["NoModel", 400, "Invalid model: x", "invalid_model"],
    ["NoModel", 400, "Unable to access model x", "model_not_available"],
    ["NoModel", 400, "The chatCompletion operation does not work with the specified model", "OperationNotSupported"],
    ["NoModel", 400, "registry.ollama.ai/library/x does not support tools", "invalid_request_error"],
    ["ContextTooLong", 400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"],
    ["ContextTooLong", 400, "prompt is too long: 210000 tokens > 200000 maximum", "invalid_request_error"],
    ["ContextTooLong", 400, "Please reduce the length of the messages or completion.", "context_length_exceeded"],
    ["Content", 400, "The response was filtered", "content_filter"],
    ["Quota", 429, "You exceeded your current quota", "insufficient_quota"],
    [
      undefined,
      429,
      "You exceeded your current quota, please check your plan and billing details.",
      "RESOURCE_EXHAUSTED"
    ],
    [undefined, 400, "Invalid value for temperature", "invalid_request_error"]
  ]
  for (const [kind, status, sentence, ...names] of cases) {
    it(`${status} "${sentence.slice(0, 40)}" is ${kind}`, () => {
      assert.strictEqual(told(status, sentence, ...names), kind)
    })
  }
})
