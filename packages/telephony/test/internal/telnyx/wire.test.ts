import * as AudioFormat from "@antiphon/speech/AudioFormat"
import { assert, describe, it } from "@effect/vitest"
import type { Message } from "../../../src/internal/message.ts"
import * as Wire from "../../../src/internal/telnyx/wire.ts"

const start = (media_format?: object) => ({
  event: "start",
  sequence_number: "1",
  start: { call_control_id: "v3:1", client_state: null, ...(media_format === undefined ? {} : { media_format }) },
  stream_id: "s1"
})
const started = (format: AudioFormat.AudioFormat | undefined, formatName: string): Message => ({
  _tag: "Started",
  started: { callId: "v3:1", streamId: "s1", format, formatName, metadata: {} }
})

const rows: ReadonlyArray<readonly [string, unknown, Message]> = [
  ["a greeting", { event: "connected", version: "1.0.0" }, { _tag: "Nothing" }],
  ["a start", start({ encoding: "PCMU", sample_rate: 8000 }), started(AudioFormat.mulaw8000, "PCMU at 8000 Hz")],
  [
    "a start in A-law",
    start({ encoding: "PCMA", sample_rate: "8000" }),
    started(AudioFormat.alaw8000, "PCMA at 8000 Hz")
  ],
  ["a start without a format", start(), started(AudioFormat.mulaw8000, "PCMU at 8000 Hz")],
  [
    "a format that cannot be used",
    start({ encoding: "OPUS", sample_rate: 48000 }),
    started(undefined, "OPUS at 48000 Hz")
  ],
  ["stereo", start({ encoding: "PCMU", sample_rate: 8000, channels: 2 }), started(undefined, "PCMU at 8000 Hz")],
  [
    "audio",
    { event: "media", media: { track: "inbound", chunk: "2", timestamp: "5", payload: "AQID" }, stream_id: "s1" },
    { _tag: "Media", bytes: Buffer.of(1, 2, 3), chunk: 2 }
  ],
  ["our own audio", { event: "media", media: { track: "outbound", payload: "AQID" } }, { _tag: "Nothing" }],
  ["a key", { event: "dtmf", dtmf: { digit: "#" } }, { _tag: "Dtmf", digit: "#" }],
  ["a mark", { event: "mark", mark: { name: "m" } }, { _tag: "Mark", name: "m" }],
  ["a stop", { event: "stop" }, { _tag: "Stopped" }],
  [
    "an error",
    { event: "error", payload: { code: 100_002 } },
    { _tag: "Wrong", why: "Telnyx reported an error in one of our messages" }
  ],
  ["an event that is not known", { event: "weather" }, { _tag: "Nothing" }],
  ["an event without its fields", { event: "dtmf" }, { _tag: "Wrong", why: "an unreadable message" }]
]

describe("wire of Telnyx", () => {
  for (const [name, frame, message] of rows) {
    it(`reads ${name}`, () => assert.deepStrictEqual(Wire.decode(JSON.stringify(frame)), message))
  }

  it("writes what Telnyx reads", () => {
    assert.deepStrictEqual(
      [Wire.codec.media("s1", Uint8Array.of(1, 2, 3)), Wire.codec.mark!("s1", "m"), Wire.codec.clear("s1")],
      ['{"event":"media","media":{"payload":"AQID"}}', '{"event":"mark","mark":{"name":"m"}}', '{"event":"clear"}']
    )
  })
})
