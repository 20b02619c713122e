import { assert, describe, it } from "@effect/vitest"
import type * as Conversation from "../../../src/internal/chat/conversation.ts"
import * as Page from "../../../src/internal/chat/page.ts"
import * as Screen from "../../../src/internal/screen.ts"

const style = Screen.styles({ write: () => {} })
const picture = (items: ReadonlyArray<Conversation.Item>, width = 40) => {
  let page = Page.empty
  let all = ""
  for (const item of items) {
    const [next, text] = Page.write(page, item, width, style)
    page = next
    all += text
  }
  return all
}
const words = (text: string): ReadonlyArray<Conversation.Item> =>
  (text.match(/\s*\S+/g) ?? []).map((word) => ({ _tag: "Word", text: word }))

describe("The page of a call", () => {
  it("wraps the agent's words after its name, and starts a new line after a pause", () => {
    assert.strictEqual(
      picture([...words("One two three four five six seven eight."), { _tag: "Quiet" }, ...words("Nine.")]),
      "  agent  One two three four five six\n         seven eight.\n  agent  Nine."
    )
  })

  it("shows tools, cuts and notes on lines of their own, none wider than the page", () => {
    const text = picture([
      ...words("One moment."),
      { _tag: "ToolCalled", name: "look_up", args: { topic: "tides" } },
      { _tag: "ToolReturned", name: "look_up", result: "x ".repeat(500) },
      { _tag: "Cut", rest: "and so on ".repeat(20) },
      { _tag: "Note", text: "The agent has hung up." }
    ])
    assert.match(text, /One moment\.\n {9}⚙ look_up\(\{"topic":"tides"\}\)\n/)
    for (const line of text.split("\n")) assert.isAtMost(line.length, 41)
    assert.match(text, /‖ not heard: and so on/)
    assert.isAtMost(text.length, 700)
  })

  it("lets no control character of an agent or a tool reach the terminal", () => {
    const evil = "\u001b]52;c;ZXZpbA==\u0007\u009b2J"
    const text = picture([
      { _tag: "Word", text: evil },
      { _tag: "You", text: evil },
      { _tag: "ToolReturned", name: "look_up", result: evil },
      { _tag: "Cut", rest: evil },
      { _tag: "Note", text: evil }
    ])
    assert.notMatch(text.replaceAll("\n", ""), /\p{Cc}/u)
  })
})
