import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Privacy } from "../../../src/Privacy.ts"
import * as PrivateFields from "../../../src/recording/internal/privateFields.ts"

const kinds: ReadonlyArray<Privacy | "unknown"> = [
  ...(["userText", "agentText", "instructions", "message", "phoneNumber", "dtmf", "metadata", "arguments"] as const),
  ...(["result", "prompt", "reply", "parameters", "failure", "settings", "measure", "id", "public", "unknown"] as const)
]

/** Replaces each value by its kind. */
const masks = Object.fromEntries(kinds.map((kind) => [kind, () => `<${kind}>`])) as unknown as PrivateFields.Masks
const masked = (schema: Schema.Constraint, value: unknown) => PrivateFields.of(schema)(value, masks)

const Words = Schema.String.annotate({ privacy: "userText" })
const Thing = Schema.TaggedUnion({ Said: { words: Words }, Done: { count: Schema.Int } })

describe("PrivateFields", () => {
  it("masks a field by the annotation in its schema", () => {
    assert.deepStrictEqual(
      masked(Schema.Struct({ words: Words, maybe: Schema.optional(Words) }), { words: "a", maybe: "b" }),
      {
        words: "<userText>",
        maybe: "<userText>"
      }
    )
  })

  it("treats a field without an annotation or schema as unknown", () => {
    const schema = Schema.Struct({ text: Schema.String, number: Schema.Number, any: Schema.Unknown })
    assert.deepStrictEqual(masked(schema, { text: "a", number: 1, any: {}, more: "b" }), {
      text: "<unknown>",
      number: "<unknown>",
      any: "<unknown>",
      more: "<unknown>"
    })
  })

  it("finds an annotation beneath a check, and on a whole record or list", () => {
    const schema = Schema.Struct({
      count: Schema.Int.annotate({ privacy: "public" }),
      record: Schema.Record(Schema.String, Schema.Unknown).annotate({ privacy: "metadata" }),
      list: Schema.Array(Schema.String).annotate({ privacy: "arguments" })
    })
    assert.deepStrictEqual(masked(schema, { count: 1, record: { a: 1 }, list: ["a"] }), {
      count: "<public>",
      record: "<metadata>",
      list: "<arguments>"
    })
  })

  it("keeps literals, flags and absent values", () => {
    const schema = Schema.Struct({ how: Schema.Literals(["a", "b"]), flag: Schema.Boolean, none: Schema.NullOr(Words) })
    const value = { how: "b", flag: true, none: null }
    assert.deepStrictEqual(masked(schema, value), value)
    assert.deepStrictEqual(masked(schema, { how: "c", flag: "true", none: 5 }), {
      how: "<unknown>",
      flag: "<unknown>",
      none: "<userText>"
    })
  })

  it("masks the members of a union by their tag, also in lists", () => {
    assert.deepStrictEqual(
      masked(Schema.Array(Thing), [
        { _tag: "Said", words: "a" },
        { _tag: "Done", count: 1 }
      ]),
      [
        { _tag: "Said", words: "<userText>" },
        { _tag: "Done", count: "<unknown>" }
      ]
    )
  })

  it("treats a value that does not match its schema as unknown", () => {
    assert.strictEqual(masked(Thing, { _tag: "Lost", words: "a" }), "<unknown>")
    assert.strictEqual(masked(Thing, "a"), "<unknown>")
    assert.strictEqual(masked(Schema.Array(Thing), { _tag: "Said" }), "<unknown>")
    assert.strictEqual(masked(Schema.Struct({ words: Words }), ["a"]), "<unknown>")
    assert.strictEqual(masked(Schema.Union([Schema.String, Schema.Number]), "a"), "<unknown>")
  })

  it("gives a mask the object its value is in", () => {
    const beside: Array<unknown> = []
    const watching = { ...masks, userText: (value: unknown, by: unknown) => (beside.push(by), value) }
    const value = { words: "a", name: "n" }
    PrivateFields.of(Schema.Struct({ words: Words }))(value, watching)
    assert.deepStrictEqual(beside, [value])
  })

  it("leaves out an item whose mask returns nothing", () => {
    const dropping = { ...masks, userText: (value: unknown) => (value === "a" ? undefined : value) }
    assert.deepStrictEqual(PrivateFields.of(Schema.Array(Words))(["a", "b"], dropping), ["b"])
  })
})
