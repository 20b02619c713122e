import { assert, describe, it } from "@effect/vitest"
import * as ResultText from "../../src/internal/resultText.ts"

describe("resultText", () => {
  it("writes a result within the limit unchanged", () => {
    assert.deepStrictEqual(ResultText.bounded({ a: [1, "b"] }, 100), { text: '{"a": [1, "b"]}', cut: false })
    assert.deepStrictEqual(ResultText.bounded("abc", 3), { text: "abc", cut: false })
    assert.deepStrictEqual(ResultText.bounded(undefined, 100), { text: "null", cut: false })
  })

  it("cuts longer results, and says so", () => {
    for (const value of ["x".repeat(5000), Array.from({ length: 5000 }, (_, n) => ({ n })), { a: "x".repeat(5000) }]) {
      const { cut, text } = ResultText.bounded(value, 100)
      assert.isTrue(cut)
      assert.match(text, /\n\[The result goes on\. It was cut after \d+ characters\.\]$/)
      assert.isAtMost(text.length, 180)
    }
  })

  it("never cuts a character in half", () => {
    assert.match(ResultText.bounded("a😀b", 2).text, /^a\n/)
  })

  it("reads no more of a large value than it writes", () => {
    let read = 0
    const row = () => ({
      get n() {
        return ++read
      }
    })
    ResultText.bounded(Array.from({ length: 100_000 }, row), 1000)
    assert.isAtMost(read, 500)
  })

  it("writes bytes as their number", () => {
    assert.strictEqual(ResultText.bounded(new Uint8Array(1_000_000), 100).text, '"[1000000 bytes]"')
  })

  it("serialises a result once per time a tool returns it", () => {
    const value = { n: 1 }
    ResultText.bounded(value, 100)
    value.n = 2
    assert.strictEqual(ResultText.of(value), '{"n": 1}')
    ResultText.bounded(value, 100)
    assert.strictEqual(ResultText.of(value), '{"n": 2}')
  })

  it("writes maps and sets with their contents, and reads no more of them than it writes", () => {
    const orders = {
      byId: new Map<unknown, unknown>([
        ["a", new Set([1, 2])],
        [{ n: 1 }, "b"]
      ])
    }
    assert.deepStrictEqual(ResultText.bounded(orders, 200), {
      text: '{"byId": {"a": [1, 2], "{\\"n\\": 1}": "b"}}',
      cut: false
    })
    const many = new Map(Array.from({ length: 10_000 }, (_, n) => [n, "x".repeat(10)] as const))
    assert.isAtMost(ResultText.bounded(many, 200).text.length, 300)
  })

  it("writes values that are not JSON too", () => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    assert.strictEqual(ResultText.bounded(circular, 100).text, '{"self": "[Circular]"}')
    assert.strictEqual(ResultText.bounded({ n: 1n }, 100).text, '{"n": "1"}')
  })

  it("writes whatever has its contents in order, and reads no more of it than it writes", () => {
    const text = (value: unknown) => ResultText.bounded(value, 200).text
    assert.strictEqual(text(new URLSearchParams("a=1&b=2")), '[["a", "1"], ["b", "2"]]')
    assert.strictEqual(text({ headers: new Headers({ a: "b" }) }), '{"headers": [["a", "b"]]}')
    let read = 0
    const endless = function* () {
      while (true) yield read++
    }
    assert.match(text(endless()), /^\[0, 1, 2, .*cut after/s)
    assert.isBelow(read, 100)
  })

  it("leaves out a member that cannot be read, and nothing else", () => {
    const broken = {
      a: 1,
      get b(): number {
        throw new Error("no")
      },
      c: 3
    }
    assert.strictEqual(ResultText.bounded(broken, 200).text, '{"a": 1, "b": "[unserialisable]", "c": 3}')
  })
})
