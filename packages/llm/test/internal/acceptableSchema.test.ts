import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as AcceptableSchema from "../../src/internal/acceptableSchema.ts"
import * as VoiceTool from "../../src/tool/VoiceTool.ts"
import { shown } from "../tool/calling.ts"

const object = (properties: object, rest: object = {}) => ({ type: "object", properties, ...rest })

describe("acceptableSchema", () => {
  const rows: ReadonlyArray<readonly [what: string, given: object, made: object]> = [
    [
      "drops what names the schema",
      { $schema: "http://json-schema.org/draft-07/schema#", $id: "x", ...object({}) },
      object({})
    ],
    [
      "tells a default and a format in the description",
      object({ n: { type: "integer", default: 5, description: "How many" }, d: { type: "string", format: "date" } }),
      object({
        n: { type: "integer", description: "How many (default: 5)" },
        d: { type: "string", description: "(format: date)" }
      })
    ],
    [
      "keeps properties that are called like keywords",
      object({ format: { type: "string" }, default: { type: "string" } }, { required: ["format"] }),
      object({ format: { type: "string" }, default: { type: "string" } }, { required: ["format"] })
    ],
    [
      "shows a list of types as a choice, and nothing that may be absent as null",
      object(
        { a: { type: ["string", "null"] }, b: { type: ["string", "null"] }, c: { type: ["string", "integer"] } },
        { required: ["a", "c"] }
      ),
      object(
        {
          a: { anyOf: [{ type: "string" }, { type: "null" }] },
          b: { type: "string" },
          c: { anyOf: [{ type: "string" }, { type: "integer" }] }
        },
        { required: ["a", "c"] }
      )
    ],
    [
      "makes one object of a choice at the top",
      { anyOf: [object({ a: {} }, { required: ["a"] }), object({ a: {}, b: {} }, { required: ["a", "b"] })] },
      object({ a: {}, b: {} }, { required: ["a"] })
    ],
    [
      "makes one object of a combination at the top",
      { allOf: [object({ a: {} }, { required: ["a"] }), object({ b: {} }, { required: ["b"] })] },
      object({ a: {}, b: {} }, { required: ["a", "b"] })
    ],
    ["is an object", {}, object({})],
    [
      "leaves out keywords with invalid values, and those that tell a model nothing",
      {
        ...object({
          a: { type: "String", required: true, minLength: -1, pattern: 1, description: 5, title: null, "x-order": 1 },
          b: { type: "float", minimum: 0, exclusiveMinimum: true, multipleOf: 0 },
          c: { type: "any", enum: [], anyOf: [], examples: [1], $comment: "?" },
          d: { type: ["int", "file"], items: [{ type: "string" }], additionalItems: false },
          e: "string",
          f: { anyOf: ["string", { type: "bool" }] },
          g: { $ref: 5, properties: [], additionalProperties: "no" },
          h: false
        }),
        required: "a",
        $defs: null
      },
      object({
        a: { type: "string" },
        b: { type: "number", minimum: 0 },
        c: {},
        d: { type: "integer" },
        e: {},
        f: { anyOf: [{}, { type: "boolean" }] },
        g: {}
      })
    ],
    [
      "shows a struct without fields as an object",
      object({ a: { not: { type: "null" } }, b: { not: { type: "string" } } }),
      object({ a: object({}, { additionalProperties: false }), b: { not: { type: "string" } } })
    ],
    [
      "says what a list has",
      object({ a: { type: "array" }, b: { type: ["array", "null"] } }, { required: ["b"] }),
      object(
        { a: { type: "array", items: {} }, b: { anyOf: [{ type: "array", items: {} }, { type: "null" }] } },
        { required: ["b"] }
      )
    ],
    [
      "makes a list of a tuple, in either spelling",
      object({
        a: { type: "array", items: [{ type: "string" }, { type: "string" }], additionalItems: false },
        b: { type: "array", prefixItems: [{ type: "string", format: "date" }, { type: "number" }], items: false },
        c: { type: "array", prefixItems: [], maxItems: 0 }
      }),
      object({
        a: { type: "array", items: { type: "string" } },
        b: {
          type: "array",
          items: { anyOf: [{ type: "string", description: "(format: date)" }, { type: "number" }] }
        },
        c: { type: "array", items: {}, maxItems: 0 }
      })
    ],
    [
      "has no schema that is only true or false",
      object({ a: true, b: false, c: { type: "array", items: true } }, { required: ["a", "b"] }),
      object({ a: {}, c: { type: "array", items: {} } }, { required: ["a"] })
    ],
    [
      "requires nothing that is not there",
      object({ a: { type: "string" } }, { required: ["a", "gone"] }),
      object({ a: { type: "string" } }, { required: ["a"] })
    ],
    [
      "has its definitions where every provider looks",
      { ...object({ a: { $ref: "#/definitions/A" } }), definitions: { A: { type: "string", $id: "A" } } },
      { ...object({ a: { $ref: "#/$defs/A" } }), $defs: { A: { type: "string" } } }
    ],
    [
      "shows whole numbers as integers",
      object({ n: { type: "number", enum: [1, 2] } }),
      object({ n: { type: "integer", enum: [1, 2] } })
    ]
  ]
  for (const [what, given, made] of rows) {
    it(what, () => {
      assert.deepStrictEqual<object>(AcceptableSchema.make(given as Parameters<typeof AcceptableSchema.make>[0]), made)
    })
  }

  it("shows the parameters of a tool as they are when present", () => {
    const parameters = {
      note: Schema.optional(Schema.String),
      size: Schema.Literals([1, 2]),
      price: Schema.optionalKey(Schema.Number)
    }
    assert.deepStrictEqual(shown(VoiceTool.loopback("t", { parameters }, () => Effect.void)).parameters, {
      type: "object",
      properties: { note: { type: "string" }, size: { type: "integer", enum: [1, 2] }, price: { type: "number" } },
      required: ["size"],
      additionalProperties: false
    })
  })
})
