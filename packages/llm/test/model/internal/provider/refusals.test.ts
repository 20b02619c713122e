import { assert, describe, it } from "@effect/vitest"
import type { ModelSettings } from "../../../../src/model/ModelSettings.ts"
import * as Refusals from "../../../../src/model/internal/provider/refusals.ts"

const rejection = (message: string, more: object = {}, status = 400) => ({ status, error: { message, ...more } })

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
    assert.strictEqual(refusals.learn(rejection("'temperature' is not supported"), settings, false), "temperature")
    assert.deepStrictEqual(refusals.applied(settings, false), { temperature: null, topP: 0.9 })
    assert.isUndefined(refusals.learn(rejection("'temperature' is not supported"), settings, false))
    assert.isUndefined(refusals.learn(rejection("'stop' is not supported"), settings, false))
    assert.strictEqual(refusals.applied(settings, true), settings)
    const thinking: ModelSettings = { ...settings, reasoningEffort: "high" }
    assert.strictEqual(refusals.applied(thinking, false), thinking)
  })

  it("only a rejection of the request counts", () => {
    const refusals = new Refusals.Refusals()
    for (const status of [401, 404, 429, 500]) {
      assert.isUndefined(
        refusals.learn(rejection("'temperature' is not supported", {}, status), { temperature: 1 }, false)
      )
    }
    assert.isUndefined(refusals.learn(new Error("'temperature' is not supported"), { temperature: 1 }, false))
  })

  it("an effort becomes one that the provider lists, then low, then the provider's own, and then nothing is new", () => {
    const efforts = (settings: ModelSettings, ...sentences: ReadonlyArray<string>) => {
      const refusals = new Refusals.Refusals()
      return sentences.map((sentence) => {
        const learnt = refusals.learn(rejection(sentence), settings, false)
        return learnt === undefined ? "nothing" : String(refusals.applied(settings, false).reasoningEffort)
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
