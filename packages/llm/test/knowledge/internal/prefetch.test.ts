import { assert, describe, it } from "@effect/vitest"
import * as Prefetch from "../../../src/knowledge/internal/prefetch.ts"

const { fits, isSame, isWorth, query } = Prefetch

describe("prefetch", () => {
  const worth: ReadonlyArray<readonly [string, string | undefined, boolean]> = [
    ["what are", undefined, false],
    ["what are your", undefined, true],
    ["what are your opening", "what are your", false],
    ["what are your opening hours on", "what are your", true],
    ["no wait how much", "what are your", true],
    ["what are your opening", "what are your ope", false],
    ["what are", "what are your opening", false],
    ["what are the shipping fees", "what are your opening hours", true],
    ["", undefined, false],
    ["营业时间", undefined, true],
    ["បើកម៉ោង", undefined, true],
    ["영업시간", undefined, false]
  ]
  for (const [next, last, is] of worth) {
    it(`"${next}" after ${last === undefined ? "nothing" : `"${last}"`} is ${is ? "" : "not "}worth a search`, () =>
      assert.strictEqual(isWorth(query(next), last === undefined ? undefined : query(last), 3), is))
  }

  const fitting: ReadonlyArray<readonly [string, string, boolean]> = [
    ["What are your opening hours", "what are your opening hours?", true],
    ["what are your opening", "what are your opening hours", true],
    ["what are your", "what are your opening hours on sundays", false],
    ["what are your opening hours", "what are your delivery fees", false],
    ["how much is tea", "what are your opening hours", false],
    ["what are your opening hours", "what are", false],
    ["", "", false],
    ["", "hello", false],
    ["你们几点", "你们几点关", true]
  ]
  for (const [asked, said, is] of fitting) {
    it(`what was found for "${asked}" ${is ? "fits" : "does not fit"} "${said}"`, () =>
      assert.strictEqual(fits(query(asked), query(said)), is))
  }

  it("compares queries without case and punctuation", () => {
    assert.isTrue(isSame(query("What, now?"), query(" what now")))
    assert.isFalse(isSame(query("what"), query("what now")))
  })
})
