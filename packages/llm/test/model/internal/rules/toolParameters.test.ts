import { assert, describe, it } from "@effect/vitest"
import * as ToolParameters from "../../../../src/model/internal/rules/toolParameters.ts"

const gemini = (schema: { readonly [keyword: string]: unknown }) => ToolParameters.fit(schema, "gemini")

describe("toolParameters", () => {
  it("are unchanged for most providers", () => {
    const schema = { type: "object", properties: { a: { const: 1 } } }
    assert.strictEqual(ToolParameters.fit(schema, "json"), schema)
    assert.deepStrictEqual(ToolParameters.fit({ type: "object", not: { type: "null" } }, "json"), { type: "object" })
  })

  it("have no references, constants, type lists or closed objects for Gemini", () => {
    assert.deepStrictEqual(
      gemini({
        type: "object",
        additionalProperties: false,
        properties: {
          one: { const: "a" },
          kind: { enum: [1, 2], type: "integer" },
          maybe: { type: ["string", "null"], format: "uri" },
          either: { type: ["string", "integer"] },
          nullable: { anyOf: [{ type: "string" }, { type: "null" }] },
          named: { $ref: "#/$defs/named", description: "a name" },
          list: { type: "array" },
          definitions: { type: "string" }
        },
        required: ["one"],
        $defs: { named: { type: "string", minLength: 1 } }
      }),
      {
        type: "object",
        properties: {
          one: { enum: ["a"], type: "string" },
          kind: { enum: ["1", "2"], type: "string" },
          maybe: { type: "string", nullable: true },
          either: { anyOf: [{ type: "string" }, { type: "integer" }] },
          nullable: { type: "string", nullable: true },
          named: { type: "string", minLength: 1, description: "a name" },
          list: { type: "array", items: { type: "string" } },
          definitions: { type: "string" }
        },
        required: ["one"]
      }
    )
  })

  it("that refer to themselves are cut at some depth", () => {
    const text = JSON.stringify(
      gemini({
        type: "object",
        properties: { node: { $ref: "#/$defs/node" } },
        $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } }
      })
    )
    assert.notInclude(text, "$ref")
    assert.isBelow(text.length, 1000)
  })
})
