import { assert, describe, it } from "@effect/vitest"
import { readable } from "../../../../src/provider/flite/internal/readable.ts"

describe("readable", () => {
  for (const [word, read] of [
    ["hello,", "hello,"],
    ["caf\u00e9", "cafe"],
    ["Stra\u00dfe", "Strasse"],
    ["\u201cwell\u201d", '"well"'],
    ["don\u2019t", "don't"],
    ["\u{1f600}", ""],
    ["ok\u{1f600}", "ok"],
    ["\u4f60\u597d", ""],
    ["\u2014", ""],
    ["...", ""],
    ["$5", "$5"],
    ["a\u0000b", "ab"],
    ["\ufb01ne", "fine"]
  ] as const) {
    it(`${JSON.stringify(word)} is read as ${JSON.stringify(read)}`, () => assert.strictEqual(readable(word), read))
  }

  it("cuts a word after 200 characters", () => assert.strictEqual(readable("a".repeat(10_000)).length, 200))
})
