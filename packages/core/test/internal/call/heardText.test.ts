import { assert, describe, it } from "@effect/vitest"
import * as Event from "../../../src/Event.ts"
import type * as History from "../../../src/History.ts"
import * as HeardText from "../../../src/internal/call/heardText.ts"
import * as Lines from "../../../src/internal/call/lines.ts"

const make = () => {
  let ids = 0
  const lines = Lines.make()
  const heard = HeardText.make(lines, () => `00000000-0000-4000-8000-${String(ids++).padStart(12, "0")}`)
  let from = 0
  return {
    lines,
    heard,
    say: (text: string, turn = 1) => {
      HeardText.handedOver(heard, { ...Lines.line(lines, Event.sendText(text), turn), from }, true)
      from += text.length
    },
    hear: (content: string, more: Partial<Event.AgentTextSentReport> = {}, turn?: number) =>
      HeardText.report(heard, { _tag: "AgentTextSent", content, ...more }, turn)
  }
}
const shown = (lines: Lines.Lines) => Lines.view(lines, []).entries
const words = (lines: ReadonlyArray<History.Entry>) =>
  lines.map(({ heard, item }) => [(item as Event.AgentTextSent).content, heard?.estimated === true])

describe("heardText", () => {
  it("grows one line, whose id and key stay related, until it is settled", () => {
    const { hear, heard, lines, say } = make()
    say("Good morning to you.")
    const first = hear("Good ")!
    const { key } = lines.growing!
    const second = hear("morning ")!
    assert.strictEqual(second.content, "Good morning")
    assert.strictEqual(second.eventId.slice(0, 24), first.eventId.slice(0, 24))
    assert.strictEqual(lines.growing!.key, key)
    HeardText.settle(heard)
    assert.isUndefined(lines.growing)
    assert.deepStrictEqual(words(shown(lines)), [["Good morning", false]])
    assert.strictEqual(shown(lines)[0]!.item, second)
  })

  it("does not let estimated words grow into exact ones", () => {
    const { hear, heard, lines, say } = make()
    say("One two three four.")
    hear("One ")
    hear("two ", { estimated: true })
    hear("three ")
    HeardText.settle(heard)
    assert.deepStrictEqual(words(shown(lines)), [
      ["One", false],
      ["two", true],
      ["three", false]
    ])
  })

  it("gives the harness's own words a line, but no place in what was said", () => {
    const { hear, heard, lines, say } = make()
    say("One two.")
    hear("One ")
    hear("Please hold.", { own: true })
    hear("two.")
    HeardText.settle(heard)
    assert.deepStrictEqual(
      shown(lines).map(({ heard, item }) => [(item as Event.AgentTextSent).content, heard?.spans.length]),
      [
        ["One", 1],
        ["Please hold.", 0],
        ["two.", 1]
      ]
    )
  })

  it("ignores a position in a turn that it does not know", () => {
    const { hear, say } = make()
    say("One two.")
    assert.isUndefined(hear("One", { at: { respondingTo: "gone", offset: 3 } }))
  })

  it("keeps words that fitted nowhere, at the end only", () => {
    const { hear, heard, lines } = make()
    hear("from nowhere")
    HeardText.settle(heard)
    const before = shown(lines).length
    HeardText.settle(heard, true)
    assert.include(
      words(shown(lines)).map(([text]) => text),
      "from nowhere"
    )
    assert.isAtMost(before, 1)
  })
})
