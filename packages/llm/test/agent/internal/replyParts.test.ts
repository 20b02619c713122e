import { assert, describe, it } from "@effect/vitest"
import * as ReplyParts from "../../../src/agent/internal/replyParts.ts"

type Piece = { readonly type: string; readonly [field: string]: unknown }

const words = (text: string, more: object = {}): ReadonlyArray<Piece> => [
  { type: "text-start", id: "t", ...more },
  { type: "text-delta", id: "t", delta: text },
  { type: "text-end", id: "t" }
]

/** What is said for these parts. */
const said = (...parts: ReadonlyArray<Piece>): string => {
  const outputs = ReplyParts.collect(ReplyParts.empty(), parts, {
    claimId: (id) => id,
    keep: () => {},
    finished: () => {},
    firsts: () => []
  })
  return outputs.map((output) => (output._tag === "AgentSendText" ? output.text : "")).join("")
}

describe("replyParts", () => {
  const another = { metadata: { antiphon: { apart: true } } }
  const call: Piece = { type: "tool-call", id: "c", name: "f", params: {} }

  it("joins blocks of text as they are: a sentence with citations is in several", () => {
    assert.strictEqual(said(...words("It closes at "), ...words("six"), ...words(".")), "It closes at six.")
    assert.strictEqual(said(...words("Super"), ...words("market")), "Supermarket")
  })

  it("puts a space between messages of one reply", () => {
    assert.strictEqual(
      said(...words("I'll look that up"), ...words("It closes at six.", another)),
      "I'll look that up It closes at six."
    )
    assert.strictEqual(said(...words("One moment. "), ...words("It closes.", another)), "One moment. It closes.")
    assert.strictEqual(said(...words("请稍等。"), ...words("六点关门。", another)), "请稍等。六点关门。")
    assert.strictEqual(said(...words("It closes.", another)), "It closes.")
  })

  it("puts a space between what is said before a call and after it", () => {
    assert.strictEqual(said(...words("One moment."), call, ...words("Done.")), "One moment. Done.")
  })
})
