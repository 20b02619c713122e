import { assert, describe, it } from "@effect/vitest"
import * as JsonSchema from "../../src/internal/jsonSchema.ts"

describe("a reference in a JSON Schema", () => {
  const leaf = { type: "string" }
  const root = { $defs: { plain: leaf, "a/b": leaf, "m~n": leaf, "two words": leaf, "100%": leaf, no: true } }

  for (const ref of ["plain", "a~1b", "m~0n", "two%20words", "100%25", "100%"]) {
    it(`names a schema: #/$defs/${ref}`, () => {
      assert.strictEqual(JsonSchema.resolve(`#/$defs/${ref}`, root), leaf)
    })
  }

  it("may name the whole schema", () => {
    assert.strictEqual(JsonSchema.resolve("#", root), root)
  })

  for (const ref of ["#/$defs/other", "#/$defs/plain/type/more", "#/$defs/no", "https://example.com/schema.json"]) {
    it(`names nothing: ${ref}`, () => {
      assert.isUndefined(JsonSchema.resolve(ref, root))
    })
  }
})

describe("a description with notes", () => {
  it("has them behind its words, if there are any", () => {
    assert.strictEqual(JsonSchema.described("A day.", ["format: date"]), "A day. (format: date)")
    assert.strictEqual(JsonSchema.described(undefined, ["minItems: 1", "maxItems: 2"]), "(minItems: 1, maxItems: 2)")
    assert.strictEqual(JsonSchema.described("A day.", []), "A day.")
    assert.strictEqual(JsonSchema.described(7, []), "")
  })
})
