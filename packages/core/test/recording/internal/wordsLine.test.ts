import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as WordsLine from "../../../src/recording/internal/wordsLine.ts"

const id = (last: string) => `00000000-0000-4000-8000-${last.padStart(12, "0")}`
const line = (words: ReadonlyArray<unknown>, more: object = {}) => ({ at: 64.5, _tag: "Words", ...more, words })
const expand = (value: unknown) => Result.getOrThrow(WordsLine.expand(value))

describe("WordsLine", () => {
  it("opens a line that becomes readable once it is closed", () => {
    const of = { turn: 2, respondingTo: "e3", request: 1, id: "0" }
    const text = `{"at":64.5,${WordsLine.opening(of)}[0,"Good"]${WordsLine.end}`
    assert.deepStrictEqual(JSON.parse(text), line([[0, "Good"]], of))
  })

  describe("expand", () => {
    it("gives each word the microseconds since the previous one", () => {
      const words = line(
        [
          [0, "Good"],
          [137, " day"],
          [1000, "!"]
        ],
        { turn: 2, respondingTo: "e3" }
      )
      assert.deepStrictEqual(
        expand(words).map((one) => (one as { readonly at: number }).at),
        [64.5, 64.637, 65.637]
      )
    })

    it("distinguishes what was sent, what a model wrote, and what was heard", () => {
      const of = { turn: 2, respondingTo: "e3", request: 1, id: "0", spoken: id("9") }
      assert.deepStrictEqual(
        expand(
          line(
            [
              [0, ["Go", "od"]],
              [1, "Good"],
              [2, "Good", 1],
              [3, "day", 1]
            ],
            of
          )
        ),
        [
          {
            at: 64.5,
            _tag: "ModelReplied",
            request: 1,
            parts: [
              { type: "text-delta", id: "0", delta: "Go" },
              { type: "text-delta", id: "0", delta: "od" }
            ]
          },
          { at: 64.501, _tag: "Sent", turn: 2, output: { _tag: "AgentSendText", text: "Good", respondingTo: "e3" } },
          { at: 64.503, _tag: "Reported", report: { _tag: "AgentTextSent", content: "Good" }, eventId: id("9") },
          { at: 64.506, _tag: "Reported", report: { _tag: "AgentTextSent", content: "day" }, eventId: id("a") }
        ]
      )
    })

    it("expands the lists of deltas among the parts of a reply", () => {
      const end = { type: "text-end", id: "0" }
      assert.deepStrictEqual(expand({ _tag: "ModelReplied", request: 1, parts: [["0", "a", "b"], end] }), [
        {
          _tag: "ModelReplied",
          request: 1,
          parts: [{ type: "text-delta", id: "0", delta: "a" }, { type: "text-delta", id: "0", delta: "b" }, end]
        }
      ])
    })

    it("returns any other value unchanged", () => {
      for (const value of [null, 5, "Words", { _tag: "CallClosed" }, { _tag: "ModelReplied", parts: 5 }]) {
        assert.deepStrictEqual(expand(value), [value])
      }
    })

    it("fails for malformed words", () => {
      for (const words of [[["0", "Good"]], [[0, "Good", 2]], [[0.5, "Good"]], [[0]]]) {
        assert.isTrue(Result.isFailure(WordsLine.expand(line(words))))
      }
    })
  })

  describe("mend", () => {
    const whole = `{"at":64.5,"_tag":"Words","turn":1,"words":[[0,"a]b"],[1,"c"]`

    it("closes a line that was left open", () => {
      assert.deepStrictEqual(WordsLine.mend(whole), { text: `${whole}]}`, isCut: false })
    })

    it("leaves out a word that was cut off, and reports it", () => {
      for (const cut of [",", ",[2", ',[2,"d', ',[2,"d]']) {
        assert.deepStrictEqual(WordsLine.mend(whole + cut), { text: `${whole}]}`, isCut: true }, cut)
      }
    })

    it("repairs nothing before the first word, or in another kind of line", () => {
      assert.isUndefined(WordsLine.mend('{"at":64.5,"_tag":"Words","turn":1,"words":['))
      assert.isUndefined(WordsLine.mend('{"at":64.5,"_tag":"Words","turn":1,"words":[[0,"a'))
      assert.isUndefined(WordsLine.mend('{"at":64.5,"_tag":"Sent","turn":1,"output":[]'))
    })
  })
})
