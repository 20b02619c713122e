import { assert, describe, it } from "@effect/vitest"
import * as SchemaKeywords from "../../src/internal/schemaKeywords.ts"

const allows = (keyword: string, value: unknown): boolean => {
  const holds = SchemaKeywords.of.get(keyword)
  return typeof holds === "function" && holds(value)
}

describe("schemaKeywords", () => {
  it("knows which values a keyword may have", () => {
    for (const [keyword, valid, invalid] of [
      ["required", ["a"], true],
      ["minimum", 0, "0"],
      ["exclusiveMaximum", 5, true],
      ["multipleOf", 0.5, 0],
      ["minLength", 0, -1],
      ["maxItems", 3, 1.5],
      ["enum", [null], []],
      ["pattern", "^a$", 1],
      ["$ref", "#/$defs/a", { a: 1 }],
      ["uniqueItems", false, "yes"]
    ] as const) {
      assert.isTrue(allows(keyword, valid), keyword)
      assert.isFalse(allows(keyword, invalid), keyword)
    }
    assert.isUndefined(SchemaKeywords.of.get("x-order"))
  })

  it("names types as the standard does", () => {
    assert.strictEqual(SchemaKeywords.typeOf("String"), "string")
    assert.strictEqual(SchemaKeywords.typeOf("float"), "number")
    assert.deepStrictEqual(SchemaKeywords.typeOf(["int", "integer", "null", "file"]), ["integer", "null"])
    for (const none of ["any", "", 5, null, [], ["file"], {}]) assert.isUndefined(SchemaKeywords.typeOf(none))
  })
})
