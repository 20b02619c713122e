import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as BadArguments from "../../../../src/internal/badArguments.ts"
import * as CallAssembly from "../../../../src/model/internal/provider/callAssembly.ts"

const make = () => {
  let n = 0
  return CallAssembly.make(() => `made-${n++}`)
}

const word = Schema.String.check(Schema.isPattern(/^[^{}]*$/))

const argumentsOf = (...fragments: ReadonlyArray<string>) => {
  const calls = make()
  calls.add({ index: 0, id: "c1", name: "f" })
  for (const fragment of fragments) calls.add({ index: 0, arguments: fragment })
  return calls.finish()[0]?.arguments
}

describe("callAssembly", () => {
  const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>, string]> = [
    ["nothing", [], ""],
    ["one piece", ['{"a":1}'], '{"a":1}'],
    ["fragments", ['{"a"', ":", "1}"], '{"a":1}'],
    ["single characters", [...'{"a":{"b":"}"}}'], '{"a":{"b":"}"}}'],
    ["an empty object", ["{}"], "{}"],
    ["an empty object in two", ["{", "}"], "{}"],
    ["the same sent again", ['{"a":1}', '{"a":1}'], '{"a":1}'],
    ["the same sent three times", ['{"a":1}', '{"a":1}', '{"a":1}'], '{"a":1}'],
    ["an empty object, then the real one", ["{}", '{"a":1}'], '{"a":1}'],
    ["objects that grow", ['{"a":1}', '{"a":1,"b":2}'], '{"a":1,"b":2}'],
    ["a second copy in fragments", ['{"a":1}', '{"a"', ":1}"], '{"a":1}'],
    ["a second copy that breaks off", ['{"a":1}', '{"a"'], '{"a":1}'],
    ["two copies in one fragment", ['{"a":1}{"a":1}'], '{"a":1}'],
    ["a copy that begins in the last fragment of the first", ['{"a":', '1}{"a"', ":1}"], '{"a":1}'],
    ["white space after the end", ['{"a":1}', "\n", " "], '{"a":1}'],
    ["a brace too many", ['{"a":1}', "}"], '{"a":1}'],
    ["a brace too many in the same fragment", ['{"a":1}}'], '{"a":1}'],
    ["objects in objects", ['{"a":{"b":', '{"c":1}}', "}"], '{"a":{"b":{"c":1}}}'],
    ["braces in strings", ['{"a":"}{"', ',"b":"{"}'], '{"a":"}{","b":"{"}'],
    ["escaped quotes", ['{"a":"x\\"}', '","b":1}'], '{"a":"x\\"}","b":1}'],
    ["an escape across fragments", ['{"a":"x\\', '"}"}'], '{"a":"x\\"}"}'],
    ["an escaped backslash before the end", ['{"a":"x\\\\', '"}'], '{"a":"x\\\\"}'],
    ["unicode escapes across fragments", ['{"a":"\\u00', '7d"}'], '{"a":"\\u007d"}'],
    ["booleans and null", ['{"a":true,"b":', 'null,"c":false}'], '{"a":true,"b":null,"c":false}'],
    ["arrays", ['{"a":[1,{"b":', "2},[3]]}"], '{"a":[1,{"b":2},[3]]}'],
    ["fragments that repeat what came before", ["{", '{"a"', '{"a":1}'], '{"a":1}'],
    ["repeated fragments that end in a string", ['{"a":"', '{"a":"x', '{"a":"xy"}'], '{"a":"xy"}'],
    ["repeated fragments that break off", ["{", '{"a"', '{"a":'], '{"a":'],
    ["an object that begins like the one around it", ['{"a":', '{"a":1}}'], '{"a":{"a":1}}'],
    ["an object that never ends", ['{"a":'], '{"a":']
  ]
  for (const [what, fragments, expected] of cases) {
    it(`puts together ${what}`, () => {
      assert.strictEqual(argumentsOf(...fragments), expected)
    })
  }

  it.effect.prop(
    "assembles any object, split anywhere and sent any number of times",
    {
      value: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Int, Schema.Array(Schema.String)])),
      cuts: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))),
      copies: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3 }))
    },
    ({ copies, cuts, value }) =>
      Effect.sync(() => {
        const text = JSON.stringify(value)
        const fragments: Array<string> = []
        for (let copy = 0; copy < copies; copy++) {
          let at = 0
          for (const cut of cuts) {
            fragments.push(text.slice(at, at + cut))
            at += cut
          }
          fragments.push(text.slice(at))
        }
        assert.strictEqual(argumentsOf(...fragments), text)
      }),
    { arbitrary: { runs: 30000, seed: 1 } }
  )

  it.effect.prop(
    "assembles any object whose fragments repeat what came before",
    {
      // With braces in its words, it may look like objects in fragments of another kind.
      value: Schema.Record(word, Schema.Union([word, Schema.Int, Schema.Array(word)])),
      cuts: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })))
    },
    ({ cuts, value }) =>
      Effect.sync(() => {
        const text = JSON.stringify(value)
        let at = 0
        const grown = cuts.map((cut) => text.slice(0, (at += cut)))
        assert.strictEqual(argumentsOf(...grown, text), text)
      }),
    { arbitrary: { runs: 30000, seed: 1 } }
  )

  it("gives a call an id only once the provider's own may be known", () => {
    const calls = make()
    assert.isUndefined(calls.add({ index: 0, name: "f" })[0]?.call.id)
    assert.strictEqual(calls.add({ index: 0, id: "c1" })[0]?.call.id, "c1")
  })

  it("keeps the id it has given, however late another comes", () => {
    const calls = make()
    assert.strictEqual(calls.add({ index: 0, name: "f", arguments: "{" })[0]?.call.id, "made-0")
    assert.strictEqual(calls.add({ index: 0, id: "c1", arguments: "}" })[0]?.call.id, "made-0")
    assert.deepStrictEqual(
      calls.finish().map((call) => call.id),
      ["made-0"]
    )
  })

  it("never gives two calls the same id", () => {
    const calls = make()
    calls.add({ index: 0, id: "same", name: "f", arguments: "{}" })
    calls.add({ index: 1, id: "same", name: "f", arguments: "{}" })
    assert.deepStrictEqual(
      calls.finish().map((call) => call.id),
      ["same", "made-0"]
    )
  })

  it("without ids and indexes, a new name starts another call, and identical text is the same call", () => {
    const calls = make()
    calls.add({ name: "f", arguments: '{"a":1}' })
    calls.add({ name: "f", arguments: '{"a":1}' })
    calls.add({ name: "f", arguments: '{"a"' })
    calls.add({ arguments: ":2}" })
    calls.add({ name: "g", arguments: "{}" })
    assert.deepStrictEqual(
      calls.finish().map((call) => [call.name, call.arguments]),
      [
        ["f", '{"a":1}'],
        ["f", '{"a":2}'],
        ["g", "{}"]
      ]
    )
  })

  const fragment = (args: string, more: Partial<CallAssembly.Fragment> = {}): CallAssembly.Fragment => ({
    index: 0,
    arguments: args,
    ...more
  })
  const parallel: ReadonlyArray<readonly [string, ReadonlyArray<CallAssembly.Fragment>]> = [
    ["in one entry, one behind the other", [fragment('{"a":1}{"a":2}{"a":3}', { id: "c", name: "f" })]],
    ["all numbered 0, without ids", [1, 2, 3].map((n) => fragment(`{"a":${n}}`, { name: "f" }))],
    ["all numbered 0, with empty ids", [1, 2, 3].map((n) => fragment(`{"a":${n}}`, { id: "", name: "f" }))],
    [
      "behind a first fragment that names them, with empty names",
      [fragment("", { id: "c", name: "f" }), ...[1, 2, 3].map((n) => fragment(`{"a":${n}}`, { name: "" }))]
    ],
    [
      "in one entry that is split anywhere",
      [fragment("", { id: "c", name: "f" }), ...Array.from('{"a":1} {"a":2}\n{"a":3}', (char) => fragment(char))]
    ],
    ["under the same id", [1, 2, 3].map((n) => fragment(`{"a":${n}}`, { id: "c", name: "f" }))]
  ]
  for (const [how, fragments] of parallel) {
    it(`separates three calls that come ${how}`, () => {
      const calls = make()
      const deltas = new Map<string, string>()
      for (const fragment of fragments) {
        for (const { call, fragment: delta } of calls.add(fragment)) {
          if (call.id !== undefined) deltas.set(call.id, (deltas.get(call.id) ?? "") + delta)
        }
      }
      const made = calls.finish()
      assert.deepStrictEqual(
        made.map((call) => [call.name, call.arguments, call.whole]),
        [1, 2, 3].map((n) => ["f", `{"a":${n}}`, true])
      )
      assert.strictEqual(new Set(made.map((call) => call.id)).size, 3)
      // What was announced of each call is the call. Of a call in pieces it is not known at first which one it is.
      if (fragments.length > 4) return
      for (const { id, arguments: args } of made) assert.strictEqual(deltas.get(id)?.trim(), args)
    })
  }

  it("another name under the same index is another call", () => {
    const calls = make()
    calls.add(fragment("{}", { name: "f" }))
    calls.add(fragment("{}", { name: "g" }))
    assert.deepStrictEqual(
      calls.finish().map((call) => call.name),
      ["f", "g"]
    )
  })

  it("keeps opaque data of a provider with its call", () => {
    const calls = make()
    calls.add(fragment('{"a":1}{"a":2}', { name: "f", extra: "one" }))
    calls.add(fragment('{"a":3}', { name: "f", extra: "three" }))
    assert.deepStrictEqual(
      calls.finish().map((call) => call.extra),
      ["one", undefined, "three"]
    )
  })

  it("marks a call that was cut off as incomplete", () => {
    for (const args of ["", '{"a"', '{"a":"}"']) {
      const calls = make()
      calls.add(fragment(args, { id: "c", name: "f" }))
      assert.isFalse(calls.finish()[0]?.whole)
    }
  })

  const parsed: ReadonlyArray<readonly [string, unknown]> = [
    ["", {}],
    ["  \n", {}],
    ["null", {}],
    ['{"a":1}', { a: 1 }],
    ["[1]", [1]],
    ['{"a":', BadArguments.make('{"a":')],
    ["{a:1}", BadArguments.make("{a:1}")],
    ['"{\\"a\\":1}"', { a: 1 }],
    ['```json\n{"a":"```"}\n```', { a: "```" }],
    ['"no object"', "no object"],
    ['{"a":{"b":1},"c', BadArguments.make('{"a":{"b":1},"c')],
    ['"{\\"__proto__\\":1}"', '{"__proto__":1}'],
    ['{"__proto__":{"x":1}}', BadArguments.make('{"__proto__":{"x":1}}')]
  ]
  for (const [text, expected] of parsed) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepStrictEqual(CallAssembly.parseArguments(text), expected)
    })
  }

  it("recognises bad arguments only by their own key", () => {
    assert.strictEqual(BadArguments.rawOf(BadArguments.make("{")), "{")
    assert.isUndefined(BadArguments.rawOf({ city: "{" }))
    assert.isUndefined(BadArguments.rawOf(null))
  })
})
