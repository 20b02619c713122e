import { assert, describe, it } from "@effect/vitest"
import * as Twiml from "../../src/internal/twiml.ts"
import * as Xml from "../../src/testing/internal/xml.ts"

describe("twiml", () => {
  it("escapes any text in it", () => {
    const text = `<Hangup/> "&" 'quoted' \u0007bell`
    const document = Twiml.response(Twiml.element("Say", { voice: text, loop: undefined, times: 2 }, Twiml.text(text)))
    const read = Xml.parse(document)
    assert.deepStrictEqual(
      read?.children.map(({ attributes, name, text }) => ({ attributes, name, text })),
      [
        {
          name: "Say",
          attributes: { voice: text.replace("\u0007", ""), times: "2" },
          text: text.replace("\u0007", "")
        }
      ]
    )
  })

  it("may be empty", () => {
    assert.deepStrictEqual(Xml.parse(Twiml.response())?.children, [])
  })

  it("is rejected by the fake if it is not well-formed", () => {
    for (const document of ["", "<Response>", "<Response></Say></Response>", "<A/><B/>"]) {
      assert.isUndefined(Xml.parse(document))
    }
  })
})
