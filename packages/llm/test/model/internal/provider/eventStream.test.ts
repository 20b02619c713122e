import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as EventStream from "../../../../src/model/internal/provider/eventStream.ts"
import * as Wire from "../../../support/bedrockServer.ts"
import { forAll } from "../../../support/forAll.ts"

const read = (...chunks: ReadonlyArray<Uint8Array>) => {
  const parse = EventStream.makeParser()
  return chunks.flatMap((chunk) => parse(chunk)).map(({ data }) => data)
}
const nonsense = "not an event stream"

describe("eventStream", () => {
  forAll("gives the same events however the bytes are split", (random) =>
    Effect.sync(() => {
      const events = random.many(random.int(1, 8), () => JSON.stringify({ text: "é👋".repeat(random.int(0, 200)) }))
      const bytes = Buffer.concat(events.map((event) => Wire.frame(`data: ${event}`)))
      const chunks: Array<Uint8Array> = []
      for (let at = 0; at < bytes.length;) {
        const end = at + random.int(1, 300)
        chunks.push(bytes.subarray(at, end))
        at = end
      }
      assert.deepStrictEqual(read(...chunks), events)
    })
  )

  it("skips unknown events, and reports exceptions and errors", () => {
    const other = Wire.message({ ":message-type": "event", ":event-type": "initial-response" }, "{}")
    assert.deepStrictEqual(read(other, Wire.frame("data: {}")), ["{}"])
    assert.deepStrictEqual(read(Wire.exception("throttlingException", "Too many requests")), [
      '{"type":"error","error":{"type":"throttlingException","message":"Too many requests"}}'
    ])
    const error = { ":message-type": "error", ":error-code": "InternalError", ":error-message": "Oh" }
    assert.deepStrictEqual(read(Wire.message(error, "")), [
      '{"type":"error","error":{"type":"InternalError","message":"Oh"}}'
    ])
  })

  it("reads past headers of every type to those that are text", () => {
    const values: ReadonlyArray<ReadonlyArray<number>> = [
      [0],
      [1],
      [2, 9],
      [3, 0, 9],
      [4, 0, 0, 0, 9],
      [5, ...Array.from({ length: 8 }, () => 9)],
      [6, 0, 2, 9, 9],
      [8, ...Array.from({ length: 8 }, () => 9)],
      [9, ...Array.from({ length: 16 }, () => 9)]
    ]
    const odd = values.flatMap((value) => [1, 120, ...value])
    const whole = Wire.frame("data: {}")
    const { buffer, byteOffset } = whole
    const view = new DataView(buffer, byteOffset)
    const headers = view.getUint32(4)
    const known = whole.subarray(12, 12 + headers)
    const payload = new TextDecoder().decode(whole.subarray(12 + headers, -4))
    const message = Wire.raw(Uint8Array.from([...odd, ...known]), payload)
    assert.deepStrictEqual(read(message), ["{}"])
  })

  it("reports once that something is no such stream, and reads no further", () => {
    const good = Wire.frame("data: {}")
    for (const at of [0, 5, 9, 20, good.length - 1]) {
      const bad = Uint8Array.from(good, (byte, index) => (index === at ? byte ^ 1 : byte))
      assert.deepStrictEqual(read(bad, good), [nonsense], `${at}`)
    }
    assert.deepStrictEqual(read(new TextEncoder().encode("<html>Bad gateway</html>")), [nonsense])
    assert.deepStrictEqual(read(Wire.message({ ":message-type": "event", ":event-type": "chunk" }, "{}")), [nonsense])
  })

  it("ignores a message that is cut off", () => {
    const bytes = Wire.frame("data: {}")
    for (let end = 0; end < bytes.length; end++) assert.deepStrictEqual(read(bytes.subarray(0, end)), [])
  })
})
