import * as AudioFormat from "@antiphon/speech/AudioFormat"
import { assert, describe, it } from "@effect/vitest"
import type { Message } from "../../../src/internal/message.ts"
import * as Wire from "../../../src/internal/twilio/wire.ts"

// As Twilio's documentation shows them.
const start = {
  event: "start",
  sequenceNumber: "1",
  start: {
    accountSid: "AC1",
    streamSid: "MZ1",
    callSid: "CA1",
    tracks: ["inbound"],
    mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
    customParameters: { tenant: "7" }
  },
  streamSid: "MZ1"
}
const media = (fields: object = {}) => ({
  event: "media",
  sequenceNumber: "3",
  media: { track: "inbound", chunk: "1", timestamp: "5", payload: "AQID", ...fields },
  streamSid: "MZ1"
})

const rows: ReadonlyArray<readonly [string, unknown, Message]> = [
  ["a greeting", { event: "connected", protocol: "Call", version: "1.0.0" }, { _tag: "Nothing" }],
  [
    "a start",
    start,
    {
      _tag: "Started",
      started: {
        callId: "CA1",
        streamId: "MZ1",
        format: AudioFormat.mulaw8000,
        formatName: "audio/x-mulaw at 8000 Hz",
        metadata: { tenant: "7", account_sid: "AC1" }
      }
    }
  ],
  ["audio", media(), { _tag: "Media", bytes: Buffer.of(1, 2, 3), chunk: 1 }],
  [
    "audio with a number that is none",
    media({ chunk: "x" }),
    { _tag: "Media", bytes: Buffer.of(1, 2, 3), chunk: undefined }
  ],
  ["our own audio", media({ track: "outbound" }), { _tag: "Nothing" }],
  ["a key", { event: "dtmf", dtmf: { track: "inbound_track", digit: "1" } }, { _tag: "Dtmf", digit: "1" }],
  ["a mark", { event: "mark", mark: { name: "m" } }, { _tag: "Mark", name: "m" }],
  ["a stop", { event: "stop", stop: { accountSid: "AC1", callSid: "CA1" } }, { _tag: "Stopped" }],
  ["an event that is not known", { event: "weather" }, { _tag: "Nothing" }],
  ["an event without its fields", { event: "mark" }, { _tag: "Wrong", why: "an unreadable message" }],
  ["no object", 7, { _tag: "Wrong", why: "an unreadable message" }]
]

describe("wire of Twilio", () => {
  for (const [name, frame, message] of rows) {
    it(`reads ${name}`, () => assert.deepStrictEqual(Wire.decode(JSON.stringify(frame)), message))
  }

  it("ignores text that is not JSON, and binary frames", () => {
    assert.deepStrictEqual(Wire.decode("{"), { _tag: "Wrong", why: "a message that is not JSON" })
    assert.deepStrictEqual(Wire.decode(Uint8Array.of(1)), { _tag: "Wrong", why: "a binary frame" })
  })

  it("reports an unusable format", () => {
    const other = { ...start, start: { ...start.start, mediaFormat: { encoding: "audio/x-l16", sampleRate: 16000 } } }
    const message = Wire.decode(JSON.stringify(other))
    assert.isTrue(message._tag === "Started" && message.started.format === undefined)
  })

  it("writes what Twilio reads", () => {
    assert.deepStrictEqual(
      [Wire.codec.media("MZ1", Uint8Array.of(1, 2, 3)), Wire.codec.mark!("MZ1", "m"), Wire.codec.clear("MZ1")],
      [
        '{"event":"media","streamSid":"MZ1","media":{"payload":"AQID"}}',
        '{"event":"mark","streamSid":"MZ1","mark":{"name":"m"}}',
        '{"event":"clear","streamSid":"MZ1"}'
      ]
    )
  })
})
