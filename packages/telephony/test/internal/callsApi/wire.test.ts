import * as AudioFormat from "@antiphon/speech/AudioFormat"
import { assert, describe, it } from "@effect/vitest"
import * as Wire from "../../../src/internal/callsApi/wire.ts"

const decode = Wire.decode(() => "made")
const read = (frame: unknown) => decode(JSON.stringify(frame))

describe("wire of the Calls API", () => {
  for (const format of ["mulaw_8000", "pcm_16000", "pcm_24000", "pcm_44100"]) {
    it(`accepts ${format}`, () => {
      const message = read({ event: "start", config: { input_format: format } })
      assert.isTrue(message._tag === "Started" && AudioFormat.name(message.started.format!) === format)
    })
  }

  it("rejects formats the API lacks, even if speech has them", () => {
    const message = read({ event: "start", config: { input_format: "alaw_8000" } })
    assert.isTrue(message._tag === "Started" && message.started.format === undefined)
  })

  it("fills in fields that are missing or null", () => {
    const message = read({ event: "start", stream_id: null, config: null, agent: null, metadata: null })
    assert.isTrue(message._tag === "Started" && message.started.streamId === "made")
    assert.deepStrictEqual(JSON.parse(message._tag === "Started" ? Wire.ack(message.started) : "{}"), {
      event: "ack",
      stream_id: "made",
      config: { input_format: "pcm_16000" },
      agent: {}
    })
  })

  it("rejects malformed messages, and ignores unknown ones", () => {
    assert.strictEqual(read({ event: "media_input" })._tag, "Wrong")
    assert.strictEqual(read({ event: "start", stream_id: 7 })._tag, "Wrong")
    assert.strictEqual(read({ event: "custom" })._tag, "Wrong")
    assert.strictEqual(decode("[")._tag, "Wrong")
    assert.strictEqual(decode(Uint8Array.of(1))._tag, "Wrong")
    assert.strictEqual(read({ event: "weather" })._tag, "Nothing")
  })
})
