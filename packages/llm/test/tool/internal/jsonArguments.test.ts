import { assert, describe, it } from "@effect/vitest"
import * as JsonArguments from "../../../src/tool/internal/jsonArguments.ts"

const schema = {
  type: "object",
  properties: {
    n: { type: "integer" },
    text: { type: "string" },
    maybe: { type: ["string", "null"] },
    sure: { type: "boolean" },
    list: { type: "array", items: { $ref: "#/$defs/item" } },
    who: { type: "object", properties: { name: { type: "string" }, age: { anyOf: [{ type: "number" }] } } },
    size: { enum: [1, 2] },
    any: {},
    either: { oneOf: [{ type: "number" }, { type: "string" }] }
  },
  required: ["text"],
  additionalProperties: { type: "number" },
  $defs: { item: { type: "object", properties: { id: { type: "string" }, more: { $ref: "#/$defs/item" } } } }
}
const meant = (args: unknown) => JsonArguments.meant(schema, args)

describe("jsonArguments", () => {
  it("leaves out nulls of optional parameters, at every depth, unless the schema takes them", () => {
    assert.deepStrictEqual(
      meant({ n: null, text: null, maybe: null, who: { name: null, age: null }, list: [{ id: null }], any: null }),
      { text: null, maybe: null, who: {}, list: [{}], any: null }
    )
    assert.deepStrictEqual(meant({ n: "", sure: "null", list: "", text: "", either: "" }), { text: "", either: "" })
  })

  it("reads numbers, booleans, lists and objects that are written as texts, and numbers as texts", () => {
    assert.deepStrictEqual(
      meant({ n: "3", text: 4711, sure: "True", list: '[{"id":5,"more":{"id":6}}]', who: '{"age":"40"}', size: "2" }),
      { n: 3, text: "4711", sure: true, list: [{ id: "5", more: { id: "6" } }], who: { age: 40 }, size: 2 }
    )
    assert.deepStrictEqual(meant('{"n":"3"}'), { n: 3 })
  })

  it("leaves alone what fits, and what the schema does not describe", () => {
    const args = { n: 3, text: "5", maybe: "null", either: "5", any: "[1]", other: "x", list: ["{"], sure: "maybe" }
    assert.deepStrictEqual(meant(args), args)
    assert.deepStrictEqual(meant({ more: "7", text: 1e20 }), { more: 7, text: 1e20 })
    for (const odd of [null, 5, "x", [], [null]]) assert.deepStrictEqual(meant(odd), odd)
    assert.deepStrictEqual(JsonArguments.meant({ properties: [], required: "all" }, args), args)
  })

  it("ends for a schema that refers to itself", () => {
    const loop = { $ref: "#" }
    assert.deepStrictEqual(JsonArguments.meant(loop, { a: null }), { a: null })
  })
})
