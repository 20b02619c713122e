import { assert, describe, it } from "@effect/vitest"
import type * as Transport from "../../../src/Transport.ts"
import * as Dialogue from "../../../src/speech/internal/dialogue.ts"

const said = (text: string, isFinal = true): Transport.Shown => ({ _tag: "Transcript", text, isFinal })
const answered = (text: string): Transport.Shown => ({ _tag: "AgentText", turn: 1, text })

describe("dialogue", () => {
  it("joins what the agent says in one go, and leaves out words that may still change", () => {
    const dialogue: Dialogue.Dialogue = []
    for (const event of [said("hel", false), said("hello"), said("there"), answered("Good "), answered("day.")]) {
      Dialogue.hear(dialogue, event)
    }
    assert.deepStrictEqual(dialogue, [
      { role: "user", text: "hello" },
      { role: "user", text: "there" },
      { role: "agent", text: "Good day." }
    ])
  })

  it("keeps the latest eight lines", () => {
    const dialogue: Dialogue.Dialogue = []
    for (let line = 0; line < 10; line++) Dialogue.hear(dialogue, said(`${line}`))
    assert.deepStrictEqual(
      dialogue.map(({ text }) => text),
      ["2", "3", "4", "5", "6", "7", "8", "9"]
    )
  })
})
