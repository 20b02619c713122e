import { assert, describe, it } from "@effect/vitest"
import * as Prompt from "effect/ai/Prompt"
import * as BadArguments from "../../../../src/internal/badArguments.ts"
import * as PromptOpenAi from "../../../../src/model/internal/openAi/promptOpenAi.ts"
import { at } from "../../../support/at.ts"

const user = (text: string): Prompt.MessageEncoded => ({ role: "user", content: [{ type: "text", text }] })
const call = (id: string, params: unknown = {}, options = {}): Prompt.MessageEncoded => ({
  role: "assistant",
  content: [{ type: "tool-call", id, name: "f", params, options }]
})
const result = (id: string, value: unknown, isFailure = false): Prompt.MessageEncoded => ({
  role: "tool",
  content: [{ type: "tool-result", id, name: "f", isFailure, result: value }]
})
const convert = (messages: ReadonlyArray<Prompt.MessageEncoded>, ...rest: [provider?: string, rules?: object]) =>
  PromptOpenAi.toMessages(Prompt.make(messages), rest[0] ?? "openai", rest[1])

describe("promptOpenAi", () => {
  it("converts a conversation with a tool", () => {
    assert.deepStrictEqual(
      convert([
        { role: "system", content: "Be brief." },
        { role: "assistant", content: "Hello!" },
        user("weather?"),
        {
          role: "assistant",
          content: [
            { type: "text", text: "Let me see." },
            { type: "tool-call", id: "c1", name: "f", params: { city: "Rome" } }
          ]
        },
        result("c1", { sky: "blue" }),
        { role: "system", content: "The caller is in a hurry." }
      ]) as unknown,
      [
        { role: "system", content: "Be brief." },
        { role: "assistant", content: "Hello!" },
        { role: "user", content: "weather?" },
        {
          role: "assistant",
          content: "Let me see.",
          tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"city":"Rome"}' } }]
        },
        { role: "tool", tool_call_id: "c1", content: '{"sky":"blue"}' },
        { role: "system", content: "The caller is in a hurry." }
      ]
    )
  })

  it("converts a message anew for another provider or for other rules", () => {
    const { content } = Prompt.make([call("call_1", {}, { openai: { provider: "gemini", extraContent: { mark: 1 } } })])
    const prompt = Prompt.fromMessages(content)
    const [signed, short] = [{ signatures: true }, { shortToolCallIds: true }]
    const sent = (provider: string, rules?: object) =>
      JSON.stringify(PromptOpenAi.toMessages(prompt, provider, rules)).replace(
        "skip_thought_signature_validator",
        "skip"
      )
    const first = sent("gemini", signed)
    assert.include(first, '"extra_content":{"mark":1}')
    assert.include(sent("vertex", signed), '"thought_signature":"skip"')
    assert.notInclude(sent("gemini"), "extra_content")
    assert.notInclude(sent("gemini", short), "call_1")
    assert.strictEqual(sent("gemini", signed), first)
  })

  const cyclic: Array<unknown> = []
  cyclic.push(cyclic)
  for (const [value, text] of [
    ["plain", "plain"],
    ["", ""],
    [null, "null"],
    [undefined, "null"],
    [[1, "a"], '[1,"a"]'],
    [12n, "12"],
    [cyclic, ""]
  ] as const) {
    it(`a result that is a ${typeof value} becomes ${JSON.stringify(text)}`, () => {
      const part = Prompt.toolResultPart({
        id: "c",
        name: "f",
        isFailure: false,
        result: value,
        providerExecuted: false
      })
      assert.strictEqual(PromptOpenAi.resultText(part), text)
    })
  }

  it("arguments that were not JSON go back as JSON that contains them", () => {
    const [message] = convert([call("c1", BadArguments.make('{"city": '))])
    assert.deepStrictEqual(JSON.parse(String(at(message, "tool_calls", 0, "function", "arguments"))), {
      invalid_json: '{"city": '
    })
  })

  it("leaves out empty parts, and thoughts of another provider", () => {
    const messages = convert([
      user(""),
      { role: "assistant", content: [{ type: "reasoning", text: "Hm", options: { anthropic: { signature: "s" } } }] },
      { role: "assistant", content: [{ type: "text", text: "" }] }
    ])
    assert.deepStrictEqual(messages, [])
  })

  it("sends images, and only names other files", () => {
    const [message] = convert([
      {
        role: "user",
        content: [
          { type: "text", text: "what is this?" },
          { type: "file", mediaType: "image/png", data: new Uint8Array([1, 2, 3]) },
          { type: "file", mediaType: "video/mp4", fileName: "a.mp4", data: "AAAA" }
        ]
      }
    ])
    assert.deepStrictEqual(at(message, "content"), [
      { type: "text", text: "what is this?" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AQID" } },
      { type: "text", text: "[video/mp4 a.mp4 omitted]" }
    ])
  })

  it("short ids are equal for a call and its result, and different for different calls", () => {
    const rules = { shortToolCallIds: true }
    const messages = convert(
      [call("call_1"), result("call_1", "a"), call("call_2"), result("call_2", "b"), call("abcDEF123")],
      "mistral",
      rules
    )
    const ids = [0, 2, 4].map((n) => at(messages, n, "tool_calls", 0, "id"))
    assert.strictEqual(at(messages, 1, "tool_call_id"), ids[0])
    assert.strictEqual(new Set(ids).size, 3)
    assert.strictEqual(ids[2], "abcDEF123")
    for (const id of ids) assert.match(String(id), /^[a-zA-Z0-9]{9}$/)
  })

  it("puts an assistant message between a result and a user message if the provider requires one", () => {
    const messages = [call("c1"), result("c1", "a"), user("and?")]
    assert.deepStrictEqual(
      convert(messages).map((message) => message.role),
      ["assistant", "tool", "user"]
    )
    assert.deepStrictEqual(
      convert(messages, "mistral", { assistantAfterTool: true }).map((message) => message.role),
      ["assistant", "tool", "assistant", "user"]
    )
  })

  it("an unsigned call goes to Gemini with the placeholder for a signature", () => {
    const signed = { openai: { provider: "gemini", extraContent: { google: { thought_signature: "sig" } } } }
    const calls = [call("c1", {}, signed), result("c1", "a"), call("c2"), result("c2", "b")]
    const [own, , foreign] = convert(calls, "gemini", { signatures: true })
    assert.strictEqual(at(own, "tool_calls", 0, "extra_content", "google", "thought_signature"), "sig")
    assert.strictEqual(
      at(foreign, "tool_calls", 0, "extra_content", "google", "thought_signature"),
      "skip_thought_signature_validator"
    )
  })

  it("thoughts of DeepSeek are sent back only with its calls", () => {
    const options = { openai: { provider: "deepseek" } }
    const reasoning = { type: "reasoning", text: "Hm", options } as const
    const [calling, saying] = convert(
      [
        { role: "assistant", content: [reasoning, { type: "tool-call", id: "c1", name: "f", params: {} }] },
        { role: "assistant", content: [reasoning, { type: "text", text: "Yes." }] }
      ],
      "deepseek",
      { reasoning: "reasoning_content" }
    )
    assert.strictEqual(at(calling, "reasoning_content"), "Hm")
    assert.isUndefined(at(saying, "reasoning_content"))
  })
})
