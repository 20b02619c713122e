import { assert, describe, it } from "@effect/vitest"
import * as Pattern from "../../../../src/testing/internal/phone/pattern.ts"

const order = { id: 7, items: [{ name: "anvil", price: 30 }, { name: "rope" }], note: "fragile", gift: null }

// A value, a pattern, and what differs.
const cases: ReadonlyArray<readonly [value: unknown, pattern: unknown, differences: ReadonlyArray<string>]> = [
  [order, order, []],
  [order, {}, []],
  [order, { id: 7, note: /^frag/ }, []],
  [order, { items: [{ name: /ANV/i }, {}] }, []],
  [order, { items: /"name": "rope"/ }, []],
  [order, /fragile.*null/, []],
  [order, { id: /^7$/, gift: null }, []],
  [order, { note: /frag/g }, []],
  [Number.NaN, Number.NaN, []],
  [order, { id: 8 }, ["id is 7, not 8"]],
  [order, { id: "7" }, ['id is 7, not "7"']],
  [order, { note: /sturdy/ }, ['note is "fragile", and does not match /sturdy/']],
  [order, { by: "Ada" }, ["by is missing"]],
  [order, { by: /./ }, ["by is missing"]],
  [order, { items: [{}] }, ["items has 2 items, not 1"]],
  [order, { items: {} }, ['items is [{"name": "anvil", "price": 30}, {"name": "rope"}], not {}']],
  [order, { note: ["fragile"] }, ['note is "fragile", and no list']],
  [
    order,
    { id: 1, items: [{ price: /^4/ }, { name: "ropes" }] },
    ["id is 7, not 1", "items[0].price is 30, and does not match /^4/", 'items[1].name is "rope", not "ropes"']
  ],
  ["hello", /bye/, ['it is "hello", and does not match /bye/']],
  [undefined, "hello", ["it is missing"]],
  [null, { id: 1 }, ['it is null, not {"id": 1}']]
]

describe("Pattern", () => {
  for (const [value, pattern, differences] of cases) {
    it(`${JSON.stringify(value)?.slice(0, 40)} and ${Pattern.show(pattern)}`, () => {
      assert.deepStrictEqual(Pattern.differences(value, pattern), differences)
      assert.strictEqual(Pattern.matches(value, pattern), differences.length === 0)
    })
  }

  it("matches a global regular expression from the start each time", () => {
    const pattern = /a/g
    assert.isTrue(Pattern.matches("a", pattern))
    assert.isTrue(Pattern.matches("a", pattern))
  })

  it("shortens what differs", () => {
    const [difference] = Pattern.differences({ text: "x".repeat(1000) }, { text: "y" })
    assert.isBelow(difference!.length, 300)
  })

  it("the nearest is the one with the fewest differences, and the first of several", () => {
    const pattern = { a: 1, b: 2 }
    const values = [
      { a: 0, b: 0 },
      { a: 1, b: 0 },
      { a: 0, b: 2 }
    ]
    assert.deepStrictEqual(Pattern.nearest(values, pattern), { value: { a: 1, b: 0 }, differences: ["b is 0, not 2"] })
    assert.isUndefined(Pattern.nearest([], pattern))
  })

  it("shows patterns as they are written", () => {
    assert.strictEqual(Pattern.show({ a: [/x/i, "y"], b: { c: null } }), '{"a": [/x/i, "y"], "b": {"c": null}}')
  })
})
