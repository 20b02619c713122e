import { assert, describe, it } from "@effect/vitest"
import * as Tool from "effect/ai/Tool"
import type { ModelSettings } from "../../../../src/model/ModelSettings.ts"
import * as Refusals from "../../../../src/model/internal/provider/refusals.ts"

const rejection = (message: string, more: object = {}, status = 400) => ({ status, error: { message, ...more } })

const asked = (settings: ModelSettings, tools = false): Refusals.Asked => ({
  settings,
  tools,
  forced: false,
  object: undefined
})

describe("refusals", () => {
  const sentences: ReadonlyArray<readonly [string, Refusals.Setting, string?]> = [
    ["Unsupported parameter: 'temperature' is not supported with this model.", "temperature"],
    [
      "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
      "temperature"
    ],
    ["Unsupported parameter: 'top_p' is not supported with this model.", "topP"],
    ["`temperature` and `top_p` cannot both be specified for this model. Please use only one.", "topP"],
    ["`temperature` may only be set to 1 when thinking is enabled: must be 1", "temperature"],
    ["Unsupported parameter: 'stop' is not supported with this model.", "stop"],
    ["Model grok-9 does not support parameter presencePenalty.", "presencePenalty"],
    ["Argument not supported on this model: frequency_penalty", "frequencyPenalty"],
    ['Invalid JSON payload received. Unknown name "seed": Cannot find field.', "seed"],
    [
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      "maxTokens"
    ],
    [
      "Unsupported value: 'reasoning_effort' does not support 'none' with this model. Supported values are: 'low', 'medium', 'high', and 'xhigh'.",
      "reasoningEffort",
      "low medium high xhigh"
    ],
    [
      "Function tools with reasoning_effort are not supported for gpt-9 in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
      "reasoningEffort",
      "none"
    ],
    [
      "Thinking level MINIMAL is not supported for this model. Please retry with other thinking level.",
      "reasoningEffort",
      ""
    ],
    [
      "'minimal' is not a supported thinking level for this model. Allowed values are: medium, low, high.",
      "reasoningEffort",
      "medium low high"
    ],
    ["Reasoning is mandatory for this endpoint and cannot be disabled.", "reasoningEffort", ""],
    ['"thinking.type.disabled" is not supported for this model.', "reasoningEffort", ""],
    [
      'reasoning.effort: Invalid option: expected one of "max"|"xhigh"|"high"|"low"',
      "reasoningEffort",
      "max xhigh high low"
    ],
    ["You can only set only one of thinking budget and thinking level.", "reasoningEffort", ""],
    ["invalid thinking: only type=enabled is allowed for this model", "reasoningEffort", ""],
    ['think value "medium" is not supported for this model', "reasoningEffort", ""],
    ["Invalid value at 'generation_config.thinkingLevel': not supported by this model", "reasoningEffort", ""],
    ["invalid temperature: only 1 is allowed for this model", "temperature"],
    ["chat_template_kwargs: Extra inputs are not permitted", "reasoningEffort", ""]
  ]
  for (const [sentence, setting, efforts] of sentences) {
    it(`reads: ${sentence}`, () => {
      const refusal = Refusals.of(sentence)
      assert.strictEqual(refusal?.setting, setting)
      assert.strictEqual(refusal?.efforts.join(" "), efforts ?? "")
    })
  }

  for (const sentence of [
    "Missing reasoning_content field in the assistant message at message index 3",
    "The `thinking` blocks in the latest assistant message cannot be modified",
    "This model's maximum context length is 8192 tokens",
    "Invalid schema for function 'f'",
    "messages: roles alternate",
    "API key not valid. Please pass a valid API key.",
    "the temperature outside is 30 degrees",
    ""
  ]) {
    it(`is not about a setting: ${sentence}`, () => {
      assert.isUndefined(Refusals.of(sentence))
    })
  }

  it("names by the parameter which the provider names apart", () => {
    assert.strictEqual(Refusals.of("unsupported_value", "temperature")?.setting, "temperature")
    assert.strictEqual(
      Refusals.of("temperature is fine; top_p is not supported", "temperature")?.setting,
      "temperature"
    )
  })

  it("a refused setting is left out from then on, and only if it was sent", () => {
    const refusals = new Refusals.Refusals()
    const settings: ModelSettings = { temperature: 0.5, topP: 0.9 }
    assert.strictEqual(refusals.learn(rejection("'temperature' is not supported"), asked(settings)), "temperature")
    assert.deepStrictEqual(refusals.applied(asked(settings)), { temperature: null, topP: 0.9 })
    assert.isUndefined(refusals.learn(rejection("'temperature' is not supported"), asked(settings)))
    assert.isUndefined(refusals.learn(rejection("'stop' is not supported"), asked(settings)))
    assert.strictEqual(refusals.applied(asked(settings, true)), settings)
    const thinking: ModelSettings = { ...settings, reasoningEffort: "high" }
    assert.strictEqual(refusals.applied(asked(thinking)), thinking)
  })

  it("the schema of a reply goes when a provider refuses it, and only for this object", () => {
    for (const [message, param] of [
      ["Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", undefined],
      ["Invalid schema for response_format 'reply': reference to component '#/$defs/A' was not found.", undefined],
      ["Function calling with a response mime type: 'application/json' is unsupported", undefined],
      ["This model does not support structured outputs.", undefined],
      ["output_config.format.schema: Schema is too complex.", undefined],
      ["Invalid value.", "text.format.schema"]
    ] as const) {
      const refusals = new Refusals.Refusals()
      const object = Tool.make("reply", {})
      const cause = rejection(message, { ...(param === undefined ? undefined : { param }) })
      assert.strictEqual(refusals.learn(cause, { ...asked({}), object }), "the schema of its reply", message)
      assert.isTrue(refusals.has(object))
      assert.isFalse(refusals.has(Tool.make("reply", {})))
      assert.isUndefined(new Refusals.Refusals().learn(cause, asked({})), message)
    }
    const other = rejection("Invalid value: 'assistant' for messages[1].role")
    assert.isUndefined(new Refusals.Refusals().learn(other, { ...asked({}), object: Tool.make("reply", {}) }))
  })

  it("a call is no longer required of a model that refuses it", () => {
    for (const message of [
      'The model returned the following errors: tool_choice: type "tool" and "any" are not supported for this model.',
      "Thinking may not be enabled when tool_choice forces tool use.",
      "tool_choice 'specified' is incompatible with thinking enabled",
      "<400> InternalError.Algo.InvalidParameter: The tool_choice parameter does not support being set to required or object in thinking mode",
      "Thinking mode does not support this tool_choice",
      "Forced function calling is not supported."
    ]) {
      const refusals = new Refusals.Refusals()
      const forced = { ...asked({}, true), forced: true }
      assert.isFalse(refusals.frees(forced))
      assert.strictEqual(refusals.learn(rejection(message), forced), "calls that are required", message)
      assert.isTrue(refusals.frees(forced))
      assert.isFalse(refusals.frees({ ...forced, settings: { reasoningEffort: "high" } }))
      assert.notStrictEqual(refusals.learn(rejection(message), forced), "calls that are required", message)
      assert.notStrictEqual(refusals.learn(rejection(message), asked({}, true)), "calls that are required", message)
    }
  })

  it("only a rejection of the request counts", () => {
    const refusals = new Refusals.Refusals()
    for (const status of [401, 404, 429, 500]) {
      assert.isUndefined(
        refusals.learn(rejection("'temperature' is not supported", {}, status), asked({ temperature: 1 }))
      )
    }
    assert.isUndefined(refusals.learn(new Error("'temperature' is not supported"), asked({ temperature: 1 })))
  })

  it("an effort becomes one that the provider lists, then low, then the provider's own, and then nothing is new", () => {
    const efforts = (settings: ModelSettings, ...sentences: ReadonlyArray<string>) => {
      const refusals = new Refusals.Refusals()
      return sentences.map((sentence) => {
        const learnt = refusals.learn(rejection(sentence), asked(settings))
        return learnt === undefined ? "nothing" : String(refusals.applied(asked(settings)).reasoningEffort)
      })
    }
    const mandatory = "Reasoning is mandatory for this endpoint and cannot be disabled."
    const listed = "reasoning_effort is not supported. Supported values are: medium, high"
    assert.deepStrictEqual(efforts({}, mandatory, mandatory, mandatory), ["low", "null", "nothing"])
    assert.deepStrictEqual(efforts({}, listed, listed, listed), ["medium", "null", "nothing"])
    assert.deepStrictEqual(efforts({ reasoningEffort: "max" }, listed), ["high"])
    assert.deepStrictEqual(efforts({ reasoningEffort: "low" }, listed), ["medium"])
  })
})
