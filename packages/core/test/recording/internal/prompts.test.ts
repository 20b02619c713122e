import { assert, describe, it } from "@effect/vitest"
import * as Prompts from "../../../src/recording/internal/prompts.ts"
import type { Asked } from "../../../src/recording/Recorder.ts"

const message = (content: string) => ({ role: "user", content })
const messages = (...contents: ReadonlyArray<string>) => contents.map(message)
const tools = [{ name: "pay", parameters: { type: "object" } }]
const asked = (prompt: Asked["prompt"], more: Partial<Asked> = {}): Asked => ({
  turn: 1,
  method: "streamText",
  prompt,
  tools,
  settings: { temperature: 0 },
  ...more
})
/** Adds prompts one after the other. */
const lines = (...prompts: ReadonlyArray<Asked>) => {
  const all = Prompts.make()
  return prompts.map((prompt) => all.add(all.next(), prompt))
}

describe("Prompts", () => {
  it("writes the first prompt whole", () => {
    const [first] = lines(asked(messages("a", "b")))
    assert.deepStrictEqual(first, {
      _tag: "ModelRequested",
      request: 1,
      turn: 1,
      method: "streamText",
      messages: messages("a", "b"),
      tools,
      settings: { temperature: 0 }
    })
  })

  it("writes only the new part of the next one, and no unchanged tools or settings", () => {
    const [, second] = lines(asked(messages("a", "b")), asked(structuredClone(messages("a", "b", "c"))))
    assert.deepStrictEqual(second, {
      _tag: "ModelRequested",
      request: 2,
      turn: 1,
      method: "streamText",
      like: { request: 1, messages: 2 },
      messages: messages("c")
    })
  })

  it("writes tools and settings that have changed", () => {
    const changes: Partial<Asked> = { tools: [{ ...tools[0]!, description: "Pays" }], settings: {} }
    const [, second] = lines(asked(messages("a")), asked(messages("a"), changes))
    assert.deepInclude(second, { ...changes, messages: [] })
  })

  it("refers to the prompt that has most in common with it", () => {
    const [, , third] = lines(asked(messages("a", "b", "c")), asked(messages("a", "x")), asked(messages("a", "b", "d")))
    assert.deepStrictEqual(third?.like, { request: 1, messages: 2 })
  })

  it("treats messages as the same only if all their members are", () => {
    const first = { role: "user", content: [{ type: "text", text: "a" }] }
    for (const other of [
      { role: "user", content: [{ type: "text", text: "b" }] },
      { role: "user", content: [{ type: "text", text: "a", options: {} }] },
      { role: "user", content: [{ type: "text" }] },
      { role: "user", content: [] },
      { role: "user", content: { 0: { type: "text", text: "a" } } },
      { role: "user", content: null },
      { role: "user" }
    ]) {
      const [, second] = lines(asked([first]), asked([other]))
      assert.isUndefined(second?.like, JSON.stringify(other))
    }
  })

  it("never refers to a prompt whose line was not written", () => {
    const all = Prompts.make()
    all.add(all.next(), asked(messages("a")))
    all.forget(1)
    assert.isUndefined(all.add(all.next(), asked(messages("a"))).like)
  })

  it("looks back over as many prompts as there may be agents, and no further", () => {
    const others = ["w", "x", "y", "z"].map((text) => asked(messages(text)))
    const at = (count: number) =>
      lines(asked(messages("a")), ...others.slice(0, count), asked(messages("a"))).at(-1)?.like
    assert.deepStrictEqual(at(3), { request: 1, messages: 1 })
    assert.isUndefined(at(4))
  })
})
