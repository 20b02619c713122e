import { assert, describe, it } from "@effect/vitest"
import * as Items from "../../../../src/provider/openai/internal/transcribedItems.ts"
import type { Event } from "../../../../src/SpeechToText.ts"
import { plain } from "../../../contract/recogniser.ts"

type Step = (items: Items.Items) => readonly [Items.Items, ReadonlyArray<Event>]

const run = (...steps: ReadonlyArray<Step>) => {
  let items = Items.empty
  return steps.map((step) => {
    const [next, events] = step(items)
    items = next
    return events.map(plain)
  })
}
const committed =
  (id: string): Step =>
  (items) =>
    Items.committed(items, id)
const delta =
  (id: string, text: string): Step =>
  (items) =>
    Items.delta(items, id, text)
const completed =
  (id: string, text: string): Step =>
  (items) =>
    Items.completed(items, id, text)

describe("pieces transcribed by OpenAI", () => {
  it("are reported in the order they were spoken, whichever answer arrives first", () => {
    assert.deepStrictEqual(run(committed("a"), committed("b"), completed("b", "second"), completed("a", "first")), [
      [],
      [],
      ["Partial second"],
      ["Final first", "Final second"]
    ])
  })

  it("are reported once even if an answer arrives twice or late", () => {
    assert.deepStrictEqual(run(committed("a"), completed("a", "one"), completed("a", "one"), delta("a", "x")), [
      [],
      ["Final one"],
      [],
      []
    ])
  })

  it("grow by deltas, all of them together", () => {
    assert.deepStrictEqual(
      run(
        delta("a", "good"),
        delta("a", " morning"),
        committed("a"),
        delta("b", "a table"),
        completed("a", "Good morning.")
      ),
      [
        ["Partial good"],
        ["Partial good morning"],
        [],
        ["Partial good morning a table"],
        ["Final Good morning.", "Partial a table"]
      ]
    )
  })

  it("without words are not reported, and take back their partial", () => {
    assert.deepStrictEqual(run(committed("a"), delta("a", "uh"), completed("a", " ")), [
      [],
      ["Partial uh"],
      ["Partial "]
    ])
  })
})
