import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Parameters from "../../../src/tool/internal/parameters.ts"

const book = Schema.Struct({
  date: Schema.String,
  note: Schema.optional(Schema.String),
  guests: Schema.optionalKey(Schema.Int),
  table: Schema.optional(Schema.NullOr(Schema.String)),
  who: Schema.optional(Schema.Struct({ name: Schema.String, title: Schema.optional(Schema.String) })),
  dishes: Schema.optional(Schema.Array(Schema.Struct({ id: Schema.Int, size: Schema.optionalKey(Schema.String) })))
})
const read = (args: unknown, schema: Schema.Top = book) => {
  const given = Parameters.decoder(schema)(args)
  return Result.isSuccess(given) ? given.success : given.failure
}

describe("parameters", () => {
  it("reads null as absent if the parameter is optional, at every depth", () => {
    assert.deepStrictEqual(read({ date: "d", note: null, guests: null }), { date: "d" })
    assert.deepStrictEqual(read({ date: "d", who: { name: "Ann", title: null } }), { date: "d", who: { name: "Ann" } })
    assert.deepStrictEqual(read({ date: "d", who: null }), { date: "d" })
    assert.deepStrictEqual(read({ date: "d", dishes: [{ id: 1, size: null }] }), { date: "d", dishes: [{ id: 1 }] })
  })

  it("reads null as absent within choices, records and tuples", () => {
    const size = Schema.Struct({ kind: Schema.Literal("size"), cm: Schema.optionalKey(Schema.Int) })
    const color = Schema.Struct({ kind: Schema.Literal("color"), name: Schema.optional(Schema.String) })
    const schema = Schema.Struct({
      one: Schema.Union([size, color]),
      named: Schema.Record(Schema.String, color),
      pair: Schema.Tuple([size, color])
    })
    const given = { kind: "color", name: null }
    assert.deepStrictEqual(
      read({ one: given, named: { a: given }, pair: [{ kind: "size", cm: null }, given] }, schema),
      { one: { kind: "color" }, named: { a: { kind: "color" } }, pair: [{ kind: "size" }, { kind: "color" }] }
    )
  })

  it("reads numbers and booleans that are written as texts, and leaves texts alone", () => {
    const schema = Schema.Struct({
      count: Schema.Int,
      price: Schema.NullOr(Schema.Number),
      sure: Schema.Boolean,
      size: Schema.Literals([1, 2]),
      list: Schema.Array(Schema.Int),
      text: Schema.String,
      either: Schema.Union([Schema.Int, Schema.String])
    })
    assert.deepStrictEqual(
      read({ count: "3", price: "-1.5", sure: "true", size: "2", list: ["1", 2], text: "4", either: "5" }, schema),
      { count: 3, price: -1.5, sure: true, size: 2, list: [1, 2], text: "4", either: "5" }
    )
    for (const count of ["three", "3 or 4", "0x10", "", "Infinity", "3.5"]) {
      assert.match(String(read({ count }, Schema.Struct({ count: Schema.Int }))), /invalid arguments: .*count/)
    }
  })

  it("reads lists, objects and all arguments that are written as texts, and leaves texts alone", () => {
    const schema = Schema.Struct({
      ids: Schema.Array(Schema.Int),
      who: Schema.optional(Schema.Struct({ name: Schema.String, sure: Schema.optionalKey(Schema.Boolean) })),
      either: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
      text: Schema.optionalKey(Schema.String),
      both: Schema.optionalKey(Schema.Union([Schema.Array(Schema.Int), Schema.String]))
    })
    const given = { ids: '[1, "2"]', who: '{"name":"Ann","sure":"True"}', either: '["a"]', text: "[1]", both: "[1]" }
    const meant = { ids: [1, 2], who: { name: "Ann", sure: true }, either: ["a"], text: "[1]", both: "[1]" }
    assert.deepStrictEqual(read(given, schema), meant)
    assert.deepStrictEqual(read(JSON.stringify(given), schema), meant)
    for (const ids of ["1, 2", "{}", "[1", "null", ""]) {
      assert.match(String(read({ ids }, schema)), /invalid arguments: .*ids/)
    }
  })

  it("keeps null if the parameter accepts it, and rejects it if the parameter is required", () => {
    assert.deepStrictEqual(read({ date: "d", table: null }), { date: "d", table: null })
    assert.match(String(read({ date: null })), /invalid arguments: .*date/)
  })

  it("rejects unknown arguments, and names the known ones", () => {
    const refused = String(read({ date: "d", time: "19:00" }))
    assert.match(refused, /invalid arguments: .*\["time"\].*the tool takes: date, note, guests, table, who, dishes/)
    assert.notInclude(refused, "19:00")
    assert.match(String(read({ date: "d", who: { name: "Ann", age: 3 } })), /\["who"\]\["age"\]/)
    assert.match(String(read({ x: 1 }, Schema.Struct({}))), /the tool takes none, and was given x/)
  })

  it("accepts a missing object as no arguments", () => {
    for (const args of [{}, null, undefined]) {
      assert.deepStrictEqual(read(args, Schema.Struct({})), {})
      assert.deepStrictEqual(read(args, Schema.Struct({ a: Schema.optional(Schema.String) })), {})
    }
  })

  it("accepts any key of a record", () => {
    assert.deepStrictEqual(read({ a: "1" }, Schema.Record(Schema.String, Schema.String)), { a: "1" })
  })
})
