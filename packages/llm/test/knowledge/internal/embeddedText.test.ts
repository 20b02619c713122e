import { assert, describe, it } from "@effect/vitest"
import * as Document from "../../../src/knowledge/Document.ts"
import { embeddedText } from "../../../src/knowledge/internal/embeddedText.ts"

describe("embeddedText", () => {
  it("begins with the title and the headings of the passage", () => {
    const [first] = Document.passages({ id: "d", text: "# A\nB", title: "T" })
    assert.strictEqual(embeddedText(first!), "T\nA\nB")
  })
})
