import { assert, describe, it } from "@effect/vitest"
import * as Prompt from "effect/ai/Prompt"
import * as OwnPrompt from "../../../src/agent/internal/ownPrompt.ts"

const messages: ReadonlyArray<Prompt.MessageEncoded> = [
  { role: "system", content: "Be brief." },
  { role: "user", content: [{ type: "text", text: "Where is my order?" }] },
  {
    role: "assistant",
    content: [
      { type: "reasoning", text: "I have to look.", options: { openai: { provider: "openai" } } },
      { type: "tool-call", id: "call_1", name: "find", params: { order: 7 }, options: { openai: { mark: "x" } } }
    ]
  },
  {
    role: "tool",
    content: [{ type: "tool-result", id: "call_1", name: "find", isFailure: false, result: "on its way" }]
  },
  { role: "assistant", content: [{ type: "text", text: "It is on its way." }] },
  { role: "user", content: "Thanks!" },
  { role: "assistant", content: "You are welcome." }
]

describe("ownPrompt", () => {
  it("equals what the schemas decode from the same messages", () => {
    assert.deepStrictEqual(OwnPrompt.make(messages), Prompt.make(messages))
  })

  it("covers every kind of message the schemas have", () => {
    assert.sameMembers([...new Set(messages.map(({ role }) => role))], ["system", "user", "assistant", "tool"])
  })
})
