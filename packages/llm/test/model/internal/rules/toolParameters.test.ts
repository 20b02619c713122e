import type * as Chance from "@antiphon/core/testing/Chance"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as AcceptableSchema from "../../../../src/internal/acceptableSchema.ts"
import { forAll } from "../../../support/forAll.ts"
import * as ToolParameters from "../../../../src/model/internal/rules/toolParameters.ts"

const gemini = (schema: { readonly [keyword: string]: unknown }) => ToolParameters.fit(schema, "gemini")

const ref = { $ref: "#/$defs/color" }

describe("toolParameters", () => {
  it("are unchanged for most providers", () => {
    const schema = { type: "object", properties: { a: { const: 1 } } }
    assert.strictEqual(ToolParameters.fit(schema, "json"), schema)
    assert.deepStrictEqual(ToolParameters.fit({ type: "object", not: { type: "null" } }, "json"), { type: "object" })
  })

  it("say something for Gemini where a schema says nothing", () => {
    assert.deepStrictEqual(
      gemini({ type: "object", properties: { any: true, none: { enum: [], type: "string" }, gone: { enum: [null] } } }),
      {
        type: "object",
        properties: { any: { type: "string" }, none: { type: "string" }, gone: { type: "string", nullable: true } }
      }
    )
  })

  it("have no bounds where these are refused, but in the description", () => {
    const bounded = {
      type: "object",
      properties: {
        code: { type: "string", description: "Of the airport.", pattern: "^[A-Z]{3}$" },
        pattern: { $ref: "#/$defs/pattern" }
      },
      $defs: { pattern: { type: "array", items: { type: "string", maxLength: 5 }, minItems: 1, maxItems: 2 } }
    }
    assert.deepStrictEqual(ToolParameters.fit(bounded, "plain"), {
      type: "object",
      properties: {
        code: { type: "string", description: "Of the airport. (pattern: ^[A-Z]{3}$)" },
        pattern: { $ref: "#/$defs/pattern" }
      },
      $defs: {
        pattern: {
          type: "array",
          items: { type: "string", description: "(maxLength: 5)" },
          description: "(minItems: 1, maxItems: 2)"
        }
      }
    })
    assert.strictEqual(ToolParameters.fit(bounded, "json"), bounded)
  })

  it("have neither an empty value nor an object without properties for Gemini", () => {
    assert.deepStrictEqual(
      gemini({
        type: "object",
        properties: { side: { type: "string", enum: ["", "left"] }, more: { type: "object", properties: {} } }
      }),
      {
        type: "object",
        properties: { side: { type: "string", description: '(one of: "", "left")' }, more: { type: "object" } }
      }
    )
    assert.deepStrictEqual(gemini({ type: "object", properties: {} }), { type: "object" })
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
          kind: { type: "integer", description: "(one of: 1, 2)" },
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

  // Gemini's enums are strings: these values would return as strings, and the tool would reject them.
  it("describe choices of numbers and booleans in words", () => {
    assert.deepStrictEqual(
      gemini({
        type: "object",
        properties: {
          level: { enum: [0.5, 1], description: "How much" },
          yes: { const: true },
          maybe: { enum: ["a", null] },
          count: { type: "integer", enum: [1, null] }
        }
      })["properties"],
      {
        level: { type: "number", description: "How much (one of: 0.5, 1)" },
        yes: { type: "boolean", description: "(one of: true)" },
        maybe: { type: "string", nullable: true, enum: ["a"] },
        count: { type: "integer", nullable: true, description: "(one of: 1)" }
      }
    )
  })

  it("always have a type for Gemini, and a choice beside nothing else", () => {
    assert.deepStrictEqual(
      gemini({
        type: "object",
        properties: {
          any: {},
          list: { type: "array", items: {} },
          either: { type: "object", properties: { a: { type: "string" } }, anyOf: [{ required: ["a"] }, {}] }
        }
      })["properties"],
      {
        any: { type: "string" },
        list: { type: "array", items: { type: "string" } },
        either: { type: "object", properties: { a: { type: "string" } } }
      }
    )
  })

  it("that refer to themselves in many places stay small", () => {
    const many = (length: number) => {
      const names = Array.from({ length }, (_, n) => [`p${n}`, { $ref: "#/$defs/block" }])
      const block = { type: "object", properties: Object.fromEntries(names) }
      return JSON.stringify(ToolParameters.fit({ ...block, $defs: { block } }, "gemini")).length
    }
    for (const length of [10, 30, 50]) assert.isBelow(many(length), 200_000)
    const plain = { type: "object", properties: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [n, ref])) }
    const text = JSON.stringify(ToolParameters.fit({ ...plain, $defs: { color: { enum: ["red"] } } }, "gemini"))
    assert.lengthOf(text.match(/"red"/g)!, 200)
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

type Node = { readonly [keyword: string]: unknown }

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value)

/** A schema as third-party tools have it: of any draft, with optional fields omitted now and then. */
const anySchema = (chance: Chance.Chance, depth: number): unknown => {
  const inner = () => anySchema(chance, depth - 1)
  const object = (): Node => {
    const names = ["type", "items", "a", "b", "enum"].filter(() => chance.chance(0.5))
    return {
      ...(chance.chance(0.9) ? { type: "object" } : undefined),
      ...(chance.chance(0.9) ? { properties: Object.fromEntries(names.map((name) => [name, inner()])) } : undefined),
      ...(chance.chance(0.6) ? { required: [...names.filter(() => chance.chance(0.5)), "gone"] } : undefined),
      ...(chance.chance(0.3)
        ? { additionalProperties: chance.pick<unknown>([true, false, { type: "string" }]) }
        : undefined),
      ...(chance.chance(0.2) ? { anyOf: [{ required: ["a"] }, inner()] } : undefined)
    }
  }
  if (depth === 0) {
    return chance.pick<unknown>([
      { type: "string", format: "uri", default: "x" },
      { type: ["integer", "null"] },
      { enum: [1, 2, null] },
      { enum: ["a", null], type: ["string", "null"] },
      { const: true },
      { type: "array" },
      { $ref: "#/definitions/D" },
      {},
      true,
      false
    ])
  }
  switch (chance.int(0, 5)) {
    case 0:
      return { type: "array", items: chance.chance(0.5) ? inner() : [inner(), inner()] }
    case 1:
      return { type: ["array", "null"], prefixItems: [inner()], items: false }
    case 2:
      return { [chance.pick(["anyOf", "oneOf"])]: [inner(), { type: "null" }], description: "one" }
    case 3:
      return { allOf: [object(), object()] }
    default:
      return object()
  }
}

/** Everything that is wrong with a schema and those within it. */
const faults = (schema: unknown, of: (node: Node) => ReadonlyArray<string>): ReadonlyArray<string> => {
  if (!isNode(schema)) return [`${JSON.stringify(schema)} is no schema`]
  const { anyOf = [], items, properties = {}, required = [] } = schema
  const names = isNode(properties) ? Object.keys(properties) : []
  const inner = [...Object.values(properties as Node), ...(anyOf as ReadonlyArray<unknown>)]
  return [
    ...of(schema),
    ...(schema["type"] === "array" && !isNode(items) ? ["a list without items"] : []),
    ...(Array.isArray(schema["type"]) ? ["a list of types"] : []),
    ...("anyOf" in schema && ("type" in schema || "properties" in schema) ? ["a choice beside a type"] : []),
    ...("properties" in schema ? (required as ReadonlyArray<string>).filter((name) => !names.includes(name)) : []),
    ...inner.flatMap((member) => faults(member, of)),
    ...(items === undefined ? [] : faults(items, of))
  ]
}

const ofGemini = (schema: Node): ReadonlyArray<string> => {
  const values = schema["enum"] as ReadonlyArray<unknown> | undefined
  return [
    ...["const", "oneOf", "allOf", "not", "$ref", "$defs", "additionalProperties", "prefixItems"].filter(
      (word) => word in schema
    ),
    ...(schema["type"] === undefined && schema["anyOf"] === undefined ? ["no type"] : []),
    ...(schema["anyOf"] !== undefined && schema["type"] !== undefined ? ["a choice beside a type"] : []),
    ...("required" in schema && !("properties" in schema) ? ["requires what is not there"] : []),
    ...(values?.some((value) => typeof value !== "string" || value === "") === true ? ["an enum of no strings"] : []),
    ...("properties" in schema && Object.keys(schema["properties"] as object).length === 0 ? ["no properties"] : [])
  ]
}

describe("any parameters", () => {
  forAll("are shown to every provider in a form that it takes", (chance) =>
    Effect.sync(() => {
      const given = { ...(anySchema(chance, 4) as Node), definitions: { D: anySchema(chance, 1) } }
      const shown = AcceptableSchema.make(given)
      const json = ToolParameters.fit(shown, "json")
      assert.strictEqual(json["type"], "object", JSON.stringify(given))
      assert.deepStrictEqual(
        ["anyOf", "oneOf", "allOf", "not", "enum", "$ref"].filter((word) => word in json),
        []
      )
      assert.deepStrictEqual(
        faults(json, () => []),
        [],
        JSON.stringify(given)
      )
      assert.deepStrictEqual(faults(gemini(shown), ofGemini), [], JSON.stringify(given))
    })
  )
})
