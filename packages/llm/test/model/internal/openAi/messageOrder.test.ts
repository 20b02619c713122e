import { assert, describe, it } from "@effect/vitest"
import * as MessageOrder from "../../../../src/model/internal/openAi/messageOrder.ts"
import * as OpenAiPresets from "../../../../src/model/internal/openAi/openAiPresets.ts"

type Messages = Parameters<typeof MessageOrder.arrange>[0]

const user = (content: string) => ({ role: "user", content }) as const
const says = (content: string) => ({ role: "assistant", content }) as const
const system = (content: string) => ({ role: "system", content }) as const
const call = (id: string): Messages[number] => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id, type: "function", function: { name: "f", arguments: "{}" } }]
})
const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "r" }) as const

const outline = (messages: Messages, rules: OpenAiPresets.PromptRules = OpenAiPresets.strictPrompt) =>
  MessageOrder.arrange(messages, rules).map(
    (message) =>
      `${message.role}${"tool_calls" in message ? `+${message.tool_calls?.length}` : ""}: ${String(message.content)}`
  )

describe("messageOrder", () => {
  const cases: ReadonlyArray<readonly [what: string, messages: Messages, arranged: ReadonlyArray<string>]> = [
    [
      "an agent that greets is answered to a call that was connected",
      [system("s"), says("Hello!"), user("hi")],
      ["system: s", "user: (The call is connected.)", "assistant: Hello!", "user: hi"]
    ],
    ["a caller who speaks twice has one turn", [user("a"), user("b")], ["user: a\nb"]],
    [
      "an agent that speaks twice has one turn",
      [user("a"), says("One."), says("Two.")],
      ["user: a", "assistant: One. Two."]
    ],
    [
      "what was said before a call belongs to it",
      [user("a"), says("One moment. "), call("c"), result("c"), says("Done.")],
      ["user: a", "assistant+1: One moment. ", "tool: r", "assistant: Done."]
    ],
    [
      "calls without results between them are one message",
      [user("a"), call("c"), call("d")],
      ["user: a", "assistant+2: null"]
    ],
    [
      "a result is answered before the user goes on",
      [user("a"), call("c"), result("c"), user("b")],
      ["user: a", "assistant+1: null", "tool: r", "assistant: Understood.", "user: b"]
    ],
    [
      "a system message in the middle is marked text of the user",
      [system("s"), user("a"), says("b"), system("n")],
      ["system: s", "user: a", "assistant: b", "user: <system>\nn\n</system>"]
    ],
    [
      "a prompt of system messages alone has someone to answer",
      [system("s")],
      ["system: s", "user: (The call is connected.)"]
    ]
  ]
  for (const [what, messages, arranged] of cases) {
    it(what, () => {
      assert.deepStrictEqual(outline(messages), arranged)
    })
  }

  it("stays unchanged if there are no rules", () => {
    const messages: Messages = [says("Hello!"), user("a"), user("b"), system("n")]
    assert.deepStrictEqual(MessageOrder.arrange(messages, {}), [...messages])
  })
})
