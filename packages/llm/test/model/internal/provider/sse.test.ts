import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Sse from "../../../../src/model/internal/provider/sse.ts"

const read = (...pieces: ReadonlyArray<string | Uint8Array>) => {
  const parse = Sse.makeParser()
  return pieces.flatMap((piece) => parse(typeof piece === "string" ? new TextEncoder().encode(piece) : piece))
}

const event = (data: string, name?: string): Sse.ServerEvent => ({ event: name, data })

describe("sse", () => {
  const cases: ReadonlyArray<readonly [string, string, ReadonlyArray<Sse.ServerEvent>]> = [
    ["one event", "data: a\n\n", [event("a")]],
    ["no space after the colon", "data:a\n\n", [event("a")]],
    ["only one space is dropped", "data:  a\n\n", [event(" a")]],
    ["names", "event: ping\ndata: {}\n\ndata: b\n\n", [event("{}", "ping"), event("b")]],
    ["several lines of data", "data: a\ndata: b\ndata:\ndata: c\n\n", [event("a\nb\n\nc")]],
    ["comments and other fields", ": hello\nid: 7\nretry: 100\nfoo\ndata: a\n\n", [event("a")]],
    ["events without data", "event: ping\n\n: x\n\n\n\ndata: a\n\n", [event("a")]],
    ["CRLF", "event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", [event("a", "x"), event("b")]],
    ["CR", "data: a\r\rdata: b\r\r", [event("a"), event("b")]],
    ["the field of llama.cpp's errors", 'error: {"code":400}\n\n', [event('{"code":400}', "error")]],
    ["a byte order mark", "\ufeffdata: a\n\n", [event("a")]],
    ["an event that breaks off", "data: a\n\ndata: b\n", [event("a")]],
    ["a line that breaks off", "data: a\n\ndata: b", [event("a")]]
  ]
  for (const [what, text, expected] of cases) {
    it(`reads ${what}, whole and byte by byte`, () => {
      assert.deepStrictEqual(read(text), expected)
      assert.deepStrictEqual(
        read(...Array.from(new TextEncoder().encode(text), (byte) => Uint8Array.of(byte))),
        expected
      )
    })
  }

  it.effect.prop(
    "where the bytes are split makes no difference",
    { data: Schema.Array(Schema.NonEmptyString), size: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })) },
    ({ data, size }) =>
      Effect.sync(() => {
        const events = data.map((text) => event(JSON.stringify(`${text}é👋`)))
        for (const end of ["\n", "\r\n", "\r"]) {
          const bytes = new TextEncoder().encode(events.map(({ data }) => `data: ${data}${end}${end}`).join(""))
          const pieces: Array<Uint8Array> = []
          for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
          assert.deepStrictEqual(read(...pieces), events)
        }
      }),
    { arbitrary: { runs: 100, seed: 1 } }
  )
})
