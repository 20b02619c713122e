import { assert, describe, it } from "@effect/vitest"
import * as Prompt from "effect/ai/Prompt"
import * as PromptAnthropic from "../../../../src/model/internal/anthropic/promptAnthropic.ts"

const own = (reply: string, place: number, more: object = {}) => ({ options: { anthropic: { reply, place, ...more } } })
const user = (text: string): Prompt.MessageEncoded => ({ role: "user", content: [{ type: "text", text }] })
const says = (text: string): Prompt.MessageEncoded => ({ role: "assistant", content: [{ type: "text", text }] })
const thought = (reply: string, place: number) =>
  ({ type: "reasoning", text: "hm", ...own(reply, place, { signature: "s" }) }) as const
const call = (id: string, reply: string, place: number) =>
  ({ type: "tool-call", id, name: "f", params: {}, ...own(reply, place) }) as const
const assistant = (...content: ReadonlyArray<Prompt.AssistantMessagePartEncoded>): Prompt.MessageEncoded => ({
  role: "assistant",
  content
})
const result = (id: string): Prompt.MessageEncoded => ({
  role: "tool",
  content: [{ type: "tool-result", id, name: "f", isFailure: false, result: "r" }]
})

const outline = (...messages: ReadonlyArray<Prompt.MessageEncoded>) =>
  PromptAnthropic.toMessages(Prompt.make(messages)).messages.map(({ content, role }) => [
    role,
    typeof content === "string" ? content : content.map((block) => ("id" in block ? block.id : block.type)).join()
  ])

describe("replyOrder", () => {
  it("a reply goes back in its own order, in one message, and its results in the next", () => {
    assert.deepStrictEqual(
      outline(
        user("hi"),
        says("One moment. "),
        assistant(thought("m", 0), call("a", "m", 2)),
        result("a"),
        assistant(call("b", "m", 3)),
        result("b")
      ),
      [
        ["user", "text"],
        ["assistant", "thinking,text,a,b"],
        ["user", "tool_result,tool_result"]
      ]
    )
  })

  it("text stays in its place between thoughts", () => {
    assert.deepStrictEqual(
      outline(
        user("hi"),
        says("One moment."),
        assistant(thought("m", 0), thought("m", 2), call("a", "m", 3)),
        result("a")
      ),
      [
        ["user", "text"],
        ["assistant", "thinking,text,thinking,a"],
        ["user", "tool_result"]
      ]
    )
  })

  it("consecutive replies stay separate", () => {
    assert.deepStrictEqual(
      outline(user("hi"), assistant(call("a", "m", 0)), result("a"), assistant(call("b", "n", 0)), result("b")),
      [
        ["user", "text"],
        ["assistant", "a"],
        ["user", "tool_result"],
        ["assistant", "b"],
        ["user", "tool_result"]
      ]
    )
  })

  it("thoughts of earlier turns are dropped, those of the current turn are kept", () => {
    const earlier = [assistant(thought("m", 0), call("a", "m", 1)), result("a"), says("So it is.")]
    const goingOn = [assistant(thought("n", 0), call("b", "n", 1)), result("b")]
    const again = [assistant(thought("o", 0), call("c", "o", 1)), result("c")]
    const roles = outline(user("hi"), ...earlier, user("and?"), ...goingOn, ...again)
    assert.deepStrictEqual(
      roles.filter(([role]) => role === "assistant").map(([, blocks]) => blocks),
      ["a", "text", "thinking,b", "thinking,c"]
    )
    const answered = outline(user("hi"), ...earlier, user("and?"), ...goingOn, user("well?"))
    assert.notInclude(JSON.stringify(answered.slice(0, 4)), "thinking")
  })
})
