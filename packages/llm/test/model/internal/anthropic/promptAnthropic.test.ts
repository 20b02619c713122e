import { assert, describe, it } from "@effect/vitest"
import * as Prompt from "effect/ai/Prompt"
import * as BadArguments from "../../../../src/internal/badArguments.ts"
import * as PromptAnthropic from "../../../../src/model/internal/anthropic/promptAnthropic.ts"
import { at } from "../../../support/at.ts"

const user = (text: string): Prompt.MessageEncoded => ({ role: "user", content: [{ type: "text", text }] })
const assistant = (text: string): Prompt.MessageEncoded => ({ role: "assistant", content: [{ type: "text", text }] })
const call = (id: string, params: unknown = {}): Prompt.MessageEncoded => ({
  role: "assistant",
  content: [{ type: "tool-call", id, name: "f", params }]
})
const result = (id: string, value: unknown, isFailure = false): Prompt.MessageEncoded => ({
  role: "tool",
  content: [{ type: "tool-result", id, name: "f", isFailure, result: value }]
})
const convert = (...messages: ReadonlyArray<Prompt.MessageEncoded>) => PromptAnthropic.toMessages(Prompt.make(messages))
const blocks = (message: unknown) => at(message, "content") as ReadonlyArray<unknown>
const text = (text: string) => ({ type: "text", text })

describe("promptAnthropic", () => {
  it("the last of the system prompts is marked for caching", () => {
    const { system } = convert(
      { role: "system", content: "A" },
      { role: "system", content: " " },
      { role: "system", content: "B" },
      user("hi")
    )
    assert.deepStrictEqual(system as unknown, [text("A"), { ...text("B"), cache_control: { type: "ephemeral" } }])
  })

  it("a system message within the conversation keeps its place", () => {
    const { messages, system } = convert(user("hi"), assistant("Hello!"), { role: "system", content: "Hurry." })
    assert.deepStrictEqual(system, [])
    assert.deepStrictEqual(messages.at(-1) as unknown, { role: "user", content: [text("<system>\nHurry.\n</system>")] })
  })

  it("starts with the user, alternates, and leaves out blank messages", () => {
    const { messages } = convert(
      assistant("Hello!"),
      assistant("How are you?"),
      user("Fine."),
      user(" "),
      user("And you?")
    )
    assert.deepStrictEqual(messages as unknown, [
      { role: "user", content: [text("(The call is connected.)")] },
      { role: "assistant", content: [text("Hello!"), text("How are you?")] },
      { role: "user", content: [text("Fine."), text("And you?")] }
    ])
  })

  it("results stay together, before what the user said meanwhile", () => {
    const { messages } = convert(
      user("hi"),
      call("t1"),
      call("t2"),
      user("well?"),
      result("t1", "a"),
      result("t2", { b: 1 }, true),
      user("hello?")
    )
    assert.deepStrictEqual(messages.slice(1) as unknown, [
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "t1", name: "f", input: {} },
          { type: "tool_use", id: "t2", name: "f", input: {} }
        ]
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: "a" },
          { type: "tool_result", tool_use_id: "t2", content: '{"b":1}', is_error: true },
          text("well?"),
          text("hello?")
        ]
      }
    ])
  })

  it("consecutive calls and results stay pairs", () => {
    const { messages } = convert(user("hi"), call("t1"), result("t1", "a"), call("t2"), result("t2", "b"))
    assert.deepStrictEqual(
      messages.map((message) => [
        message.role,
        blocks(message)
          .map((block) => at(block, "type"))
          .join()
      ]),
      [
        ["user", "text"],
        ["assistant", "tool_use"],
        ["user", "tool_result"],
        ["assistant", "tool_use"],
        ["user", "tool_result"]
      ]
    )
  })

  it("ids of other providers are mapped to accepted ones, consistently", () => {
    const { messages } = convert(user("hi"), call("call:1.x"), result("call:1.x", "a"))
    assert.strictEqual(at(messages, 1, "content", 0, "id"), "call_1_x")
    assert.strictEqual(at(messages, 2, "content", 0, "tool_use_id"), "call_1_x")
  })

  it("arguments are always an object", () => {
    const { messages } = convert(user("hi"), call("t1", BadArguments.make("{")), call("t2", [1]), call("t3", null))
    assert.deepStrictEqual(
      blocks(messages[1]).map((block) => at(block, "input")),
      [{ invalid_json: "{" }, { input: [1] }, {}]
    )
  })

  it("a final assistant message does not end with white space", () => {
    assert.deepStrictEqual(convert(user("hi"), assistant("Once upon ")).messages.at(-1)?.content as unknown, [
      text("Once upon")
    ])
  })

  it("thoughts without a signature, or from another provider, are left out", () => {
    const { messages } = convert(user("hi"), {
      role: "assistant",
      content: [
        { type: "reasoning", text: "a" },
        { type: "reasoning", text: "b", options: { openai: { provider: "deepseek" } } },
        { type: "reasoning", text: "c", options: { anthropic: { signature: "" } } },
        { type: "text", text: "Yes." }
      ]
    })
    assert.deepStrictEqual(messages.at(-1)?.content as unknown, [text("Yes.")])
  })

  it("an empty result is kept", () => {
    const { messages } = convert(user("hi"), call("t1"), result("t1", ""))
    assert.deepStrictEqual(at(messages.at(-1), "content", 0, "content"), "")
  })
})
