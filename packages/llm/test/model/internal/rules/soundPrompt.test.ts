import { assert, describe, it } from "@effect/vitest"
import * as Prompt from "effect/ai/Prompt"
import * as SoundPrompt from "../../../../src/model/internal/rules/soundPrompt.ts"

const user = (text: string): Prompt.MessageEncoded => ({ role: "user", content: [{ type: "text", text }] })
const assistant = (...content: ReadonlyArray<Prompt.AssistantMessagePartEncoded>): Prompt.MessageEncoded => ({
  role: "assistant",
  content: [...content]
})
const text = (text: string) => ({ type: "text" as const, text })
const call = (id: string, name = "f") => ({ type: "tool-call" as const, id, name, params: {} })
const result = (id: string, value = `of ${id}`, name = "f"): Prompt.MessageEncoded => ({
  role: "tool",
  content: [{ type: "tool-result", id, name, isFailure: false, result: value }]
})

/** The messages, one line each. */
const lines = (...messages: ReadonlyArray<Prompt.MessageEncoded>) =>
  SoundPrompt.of(Prompt.make([...messages]).content).map(({ content, role }) =>
    typeof content === "string"
      ? `${role}: ${content}`
      : `${role}: ${content.map((part) => describePart(part)).join(", ")}`
  )

const describePart = (part: Prompt.Part): string => {
  if (part.type === "text") return part.text
  if (part.type === "tool-call") return `call ${part.id}`
  return part.type === "tool-result" ? `${part.name} ${part.id} = ${String(part.result)}` : part.type
}

describe("soundPrompt", () => {
  it("leaves a prompt of an agent as it is", () => {
    const { content } = Prompt.make([user("hi"), assistant(text("a"), call("1")), result("1"), user("so?")])
    assert.strictEqual(SoundPrompt.of(content), content)
  })

  it("repairs a prompt that contains messages of a sound one", () => {
    const { content } = Prompt.make([user("hi"), assistant(call("1")), result("1"), user("so?")])
    assert.strictEqual(SoundPrompt.of(content), content)
    const { content: blank } = Prompt.make([user(" "), user("a\ud83d")])
    const mixed = [...content.slice(0, 2), ...blank, content[3]!]
    for (const _ of ["first", "again"]) {
      const sound = SoundPrompt.of(mixed)
      assert.deepStrictEqual(
        sound.map(({ role }) => role),
        ["user", "assistant", "tool", "user", "user"]
      )
      assert.include(JSON.stringify(sound), "a\ufffd")
    }
  })

  it("puts each result directly behind its call", () => {
    assert.deepStrictEqual(lines(assistant(call("1")), user("well?"), result("1"), user("so?")), [
      "assistant: call 1",
      "tool: f 1 = of 1",
      "user: well?",
      "user: so?"
    ])
    assert.deepStrictEqual(lines(result("1"), assistant(call("1"))), ["assistant: call 1", "tool: f 1 = of 1"])
    assert.deepStrictEqual(lines(assistant(call("1")), assistant(call("2")), result("2"), result("1")), [
      "assistant: call 1, call 2",
      "tool: f 1 = of 1, f 2 = of 2"
    ])
  })

  it("says so if a call has no result, and tells the model about a result that answers no call", () => {
    assert.deepStrictEqual(lines(assistant(call("1")), user("so?")), [
      "assistant: call 1",
      "tool: f 1 = There is no result of this call.",
      "user: so?"
    ])
    assert.deepStrictEqual(lines(user("hi"), result("1", "sunny", "weather")), [
      "user: hi",
      "system: The tool weather gave: sunny"
    ])
    // A second result of the same call adds nothing.
    assert.deepStrictEqual(lines(assistant(call("1")), result("1", "a"), result("1", "b")), [
      "assistant: call 1",
      "tool: f 1 = a"
    ])
  })

  it("gives each call an id of its own, short enough for everyone, and its result the same, under the tool's name", () => {
    const again = [assistant(call("1")), result("1", "a")]
    assert.deepStrictEqual(lines(...again, assistant(call("1")), result("1", "b", "other")), [
      "assistant: call 1",
      "tool: f 1 = a",
      "assistant: call 1_2",
      "tool: f 1_2 = b"
    ])
    const long = "x".repeat(50)
    const [first, second] = lines(assistant(call(long), call(`${long}y`), call("")), result(long, "a"))
    assert.strictEqual(first, `assistant: call ${"x".repeat(40)}, call ${"x".repeat(38)}_2, call call`)
    assert.include(second, `${"x".repeat(40)} = a`)
  })

  it("drops what is blank, and keeps the space between two words", () => {
    const thought = { type: "reasoning" as const, text: "hm" }
    const blank = [user(" "), assistant(text("")), assistant(thought), assistant()]
    const system: Prompt.MessageEncoded = { role: "system", content: " \n" }
    assert.deepStrictEqual(lines(system, ...blank, user("hi"), { role: "tool", content: [] }), ["user: hi"])
    assert.deepStrictEqual(lines(assistant(text("a"), text(" "), text("b"))), ["assistant: a,  , b"])
    assert.deepStrictEqual(lines({ role: "user", content: [text(" "), text("hi")] }), ["user: hi"])
  })

  it("makes texts well-formed, because servers reject half a character", () => {
    assert.deepStrictEqual(lines(user("a\ud83d"), assistant(text("\udc4d"), call("1")), result("1", "x\ud800y")), [
      "user: a\ufffd",
      "assistant: \ufffd, call 1",
      "tool: f 1 = x\ufffdy"
    ])
  })

  it("leaves alone what the provider itself has run", () => {
    const search = { ...call("s1", "web_search"), providerExecuted: true }
    assert.deepStrictEqual(lines(assistant(search, text("Found."))), ["assistant: call s1, Found."])
  })
})
