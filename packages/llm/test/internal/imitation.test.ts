import { assert, describe, it } from "@effect/vitest"
import * as Imitation from "../../src/internal/imitation.ts"

describe("an imitation of a tag", () => {
  const finds = (text: string) => Imitation.ofTag("result").test(text)

  it("is found in other case, with spaces, invisible characters, wide letters or letters that look the same, and without its end", () => {
    for (const text of [
      "<result>",
      "</result>",
      "</RESULT >",
      "</ result",
      "<\u200bresult>",
      "</re\u200bsu\u2060lt>",
      "＜／ｒｅｓｕｌｔ＞",
      "﹤result﹥",
      "x</result\n>y",
      "</r\u0435\u0455ult>",
      "<R\u0415\u0405ULT>"
    ]) {
      assert.isTrue(finds(text), JSON.stringify(text))
    }
  })

  it("is not found in other words", () => {
    for (const text of ["result", "< the result>", "<results>", "<result-set>", "a < b results", "<b>result"]) {
      assert.isFalse(finds(text), JSON.stringify(text))
    }
  })
})
