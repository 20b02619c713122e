import * as AudioFormat from "@antiphon/speech/AudioFormat"
import { assert, describe, it } from "@effect/vitest"
import * as Wire from "../../../src/internal/callsApi/wire.ts"

const decode = Wire.decode(() => "made")
const read = (frame: unknown) => decode(JSON.stringify(frame))

describe("wire of the Calls API", () => {
  for (const format of ["mulaw_8000", "pcm_16000", "pcm_24000", "pcm_44100"]) {
    it(`takes ${format}`, () => {
      const message = read({ event: "start", config: { input_format: format } })
      assert.isTrue(message._tag === "Started" && AudioFormat.name(message.started.format!) === format)
    })
  }

  it("does not take a format that the API has not, though speech has it", () => {
    const message = read({ event: "start", config: { input_format: "alaw_8000" } })
    assert.isTrue(message._tag === "Started" && message.started.format === undefined)
  })

  it("fills in what is left out or null", () => {
    const message = read({ event: "start", stream_id: null, config: null, agent: null, metadata: null })
    assert.isTrue(message._tag === "Started" && message.started.streamId === "made")
    assert.deepStrictEqual(JSON.parse(message._tag === "Started" ? Wire.ack(message.started) : "{}"), {
      event: "ack",
      stream_id: "made",
      config: { input_format: "pcm_16000" },
      agent: {}
    })
  })

  it("does not read what is wrong, and passes over what is not known", () => {
    assert.strictEqual(read({ event: "media_input" })._tag, "Wrong")
    assert.strictEqual(read({ event: "start", stream_id: 7 })._tag, "Wrong")
    assert.strictEqual(read({ event: "custom" })._tag, "Wrong")
    assert.strictEqual(decode("[")._tag, "Wrong")
    assert.strictEqual(decode(Uint8Array.of(1))._tag, "Wrong")
    assert.strictEqual(read({ event: "weather" })._tag, "Nothing")
  })
})
