import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Result, Schema, SchemaGetter } from "effect"
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

  it("reads a number as the text it stands for, if it has all its digits", () => {
    const schema = Schema.Struct({
      order: Schema.String,
      zips: Schema.optional(Schema.Array(Schema.String)),
      size: Schema.optionalKey(Schema.Literals(["1", "2"])),
      either: Schema.optionalKey(Schema.Union([Schema.String, Schema.Int]))
    })
    assert.deepStrictEqual(read({ order: 4711, zips: [10115, "01067"], size: 2, either: 5 }, schema), {
      order: "4711",
      zips: ["10115", "01067"],
      size: "2",
      either: 5
    })
    assert.match(String(read({ order: 1e20 }, schema)), /Expected string at \["order"\]/)
    assert.match(String(read({ order: true }, schema)), /Expected string at \["order"\]/)
  })

  it("reads an empty text and the word null as absent if the parameter is optional and no text", () => {
    const schema = Schema.Struct({
      n: Schema.optional(Schema.Number),
      kind: Schema.optional(Schema.Literals(["a", "b"])),
      many: Schema.optionalKey(Schema.Array(Schema.String)),
      either: Schema.optional(Schema.Union([Schema.Boolean, Schema.Int])),
      maybe: Schema.optional(Schema.NullOr(Schema.Int)),
      text: Schema.optional(Schema.String)
    })
    const nothing = { n: "null", kind: "", many: "", either: " ", maybe: "null", text: "" }
    assert.deepStrictEqual(read(nothing, schema), { maybe: null, text: "" })
    assert.deepStrictEqual(read({ either: "true" }, schema), { either: true })
    assert.deepStrictEqual(read({ either: "7" }, schema), { either: 7 })
    assert.match(String(read({ n: "" }, Schema.Struct({ n: Schema.Number }))), /Expected number at \["n"\]/)
  })

  it("reads what JSON does not have in the form that the model is shown", () => {
    const schema = Schema.Struct({
      day: Schema.Date,
      secret: Schema.Redacted(Schema.String),
      counts: Schema.ReadonlyMap(Schema.String, Schema.Int),
      tags: Schema.optional(Schema.ReadonlySet(Schema.String)),
      maybe: Schema.UndefinedOr(Schema.String),
      note: Schema.optional(Schema.String)
    })
    const given = { day: "2026-01-02", secret: "x", counts: [["a", 1]], maybe: null, note: null }
    assert.deepStrictEqual(read(given, schema), {
      day: new Date("2026-01-02"),
      secret: Redacted.make("x"),
      counts: new Map([["a", 1]]),
      maybe: undefined,
      note: undefined
    })
    assert.match(String(read({ ...given, day: "soon" }, schema)), /invalid arguments: .*"day"/)
    interface Tree {
      readonly kids: ReadonlyArray<Tree>
    }
    const tree: Schema.Codec<Tree> = Schema.Struct({
      kids: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => tree))
    })
    assert.deepStrictEqual(read({ kids: '[{"kids":[]}]' }, tree), { kids: [{ kids: [] }] })
  })

  it("leaves arguments alone that fit as they are", () => {
    const schema = Schema.Struct({
      pair: Schema.Union([Schema.Tuple([Schema.Int, Schema.Int]), Schema.Tuple([Schema.Finite, Schema.String])]),
      secret: Schema.optional(Schema.Redacted(Schema.String)),
      either: Schema.Union([Schema.String, Schema.Finite])
    })
    const given = { pair: [1.5, "1"], secret: "", either: 6.4e-323 }
    assert.deepStrictEqual(read(given, schema), { ...given, secret: Redacted.make("") })
  })

  it("fails if the schema throws, or takes its time", () => {
    const throws = Schema.makeFilter<string>(() => {
      throw new Error("a bug")
    })
    const asked = Schema.String.pipe(
      Schema.decodeTo(Schema.String, {
        decode: SchemaGetter.transformEffect((text: string) => Effect.delay(Effect.succeed(text), 1)),
        encode: SchemaGetter.passthrough()
      })
    )
    assert.strictEqual(read({ a: "x" }, Schema.Struct({ a: Schema.String.check(throws) })), "invalid arguments: a bug")
    assert.match(String(read({ a: "x" }, Schema.Struct({ a: asked }))), /invalid arguments: .*asynchronous/)
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
