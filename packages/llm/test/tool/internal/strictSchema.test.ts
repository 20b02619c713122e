import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Tool from "effect/ai/Tool"
import * as StrictSchema from "../../../src/tool/internal/strictSchema.ts"
import * as VoiceTool from "../../../src/tool/VoiceTool.ts"

const string = { type: "string" }
const closed = (properties: Record<string, unknown>, required = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false
})

describe("strictSchema", () => {
  const strict: Record<string, unknown> = {
    "no properties": { type: "object", properties: {}, additionalProperties: false },
    "required properties": closed({ a: string, b: { type: "integer", description: "B" } }),
    "closed objects in lists": closed({ a: { type: "array", items: closed({ b: string }) } }),
    choices: closed({ a: { anyOf: [string, { type: "null" }] }, b: { enum: [1, "a"] } }),
    definitions: { ...closed({ a: { $ref: "#/$defs/A" } }), $defs: { A: closed({ b: string }) } }
  }
  const loose: Record<string, unknown> = {
    "an optional property": closed({ a: string, b: string }, ["a"]),
    "an open object": { type: "object", properties: { a: string }, required: ["a"] },
    "a free object": closed({ a: { type: "object" } }),
    "a list of anything": closed({ a: { type: "array" } }),
    "an open object in a list": closed({ a: { type: "array", items: { type: "object", properties: {} } } }),
    "an open choice": closed({ a: { anyOf: [string, { type: "object" }] } }),
    "an open definition": { ...closed({ a: { $ref: "#/$defs/A" } }), $defs: { A: { type: "object" } } },
    "a reference with a description": {
      ...closed({ a: { $ref: "#/$defs/A", description: "A" } }),
      $defs: { A: closed({ b: string }) }
    },
    anything: closed({ a: {} }),
    "a keyword that not every provider knows": closed({ a: { type: "string", pattern: "^a" } })
  }
  for (const [name, schema] of Object.entries(strict)) {
    it(`lets a provider enforce ${name}`, () => {
      assert.isTrue(StrictSchema.isStrict(schema))
    })
  }
  for (const [name, schema] of Object.entries(loose)) {
    it(`does not let a provider enforce ${name}`, () => {
      assert.isFalse(StrictSchema.isStrict(schema))
    })
  }

  it("closes every object, except free-form ones", () => {
    const open = { type: "object", properties: { a: { type: "object", properties: {} }, b: { type: "object" } } }
    assert.deepStrictEqual(StrictSchema.close({ type: "array", items: open }), {
      type: "array",
      items: {
        type: "object",
        properties: { a: { type: "object", properties: {}, additionalProperties: false }, b: { type: "object" } },
        additionalProperties: false
      }
    })
  })

  it("marks tools according to their parameters", () => {
    const tool = (parameters: Schema.Struct.Fields) =>
      Tool.getStrictMode(VoiceTool.loopback("t", { parameters }, () => Effect.void).definition)
    assert.isTrue(tool({}))
    assert.isTrue(tool({ a: Schema.Literals(["x", "y"]), b: Schema.Array(Schema.Struct({ c: Schema.Boolean })) }))
    assert.isUndefined(tool({ a: Schema.optional(Schema.String) }))
    assert.isUndefined(tool({ a: Schema.Record(Schema.String, Schema.Unknown) }))
  })
})
