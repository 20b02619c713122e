/**
 * Frames of Asterisk's AudioSocket: one byte for the kind, two for the length (big-endian), and the payload.
 *
 * Source: Asterisk, `res_audiosocket`.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as Message from "../message.ts"

export const kinds = { hangUp: 0x00, uuid: 0x01, dtmf: 0x03, error: 0xff } as const

/** Kinds of audio, all 16-bit little-endian. Kinds with sample rates that we do not support are left out. */
const audio: ReadonlyMap<number, AudioFormat.AudioFormat> = new Map([
  [0x10, AudioFormat.pcm8000],
  [0x12, AudioFormat.pcm16000],
  [0x13, AudioFormat.pcm24000],
  [0x15, AudioFormat.pcm44100],
  [0x16, AudioFormat.pcm48000]
])

/** The kind of audio for a format. Undefined if AudioSocket has none. */
export const kindOf = (format: AudioFormat.AudioFormat): number | undefined =>
  [...audio].find(([, known]) => AudioFormat.equals(known, format))?.[0]

const headBytes = 3

/** Encodes a frame. */
export const encode = (kind: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const frame = new Uint8Array(headBytes + payload.length)
  frame[0] = kind
  frame[1] = payload.length >> 8
  frame[2] = payload.length & 255
  frame.set(payload, headBytes)
  return frame
}

/** Splits bytes into frames. Also returns the bytes of an incomplete frame. */
export const split = (
  rest: Uint8Array,
  bytes: Uint8Array
): readonly [rest: Uint8Array, frames: ReadonlyArray<Uint8Array>] => {
  const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
  const frames: Array<Uint8Array> = []
  let at = 0
  while (at + headBytes <= all.length) {
    const end = at + headBytes + ((all[at + 1]! << 8) | all[at + 2]!)
    if (end > all.length) break
    frames.push(all.subarray(at, end))
    at = end
  }
  return [all.subarray(at), frames]
}

/** Decodes a frame. */
export const decode =
  (format: AudioFormat.AudioFormat) =>
  (frame: string | Uint8Array): Message.Message => {
    if (typeof frame === "string") return Message.wrong("text")
    const kind = frame[0]!
    const payload = frame.subarray(headBytes)
    switch (kind) {
      case kinds.hangUp:
        return { _tag: "Stopped" }
      case kinds.uuid:
        return payload.length === 16 ? started(payload, format) : Message.wrong("an invalid UUID")
      case kinds.dtmf:
        return { _tag: "Dtmf", digit: String.fromCharCode(...payload.subarray(0, 1)) }
      case kinds.error:
        return Message.wrong("Asterisk reported an error")
      default: {
        const known = audio.get(kind)
        if (known === undefined) return Message.wrong("a frame of an unknown kind")
        return AudioFormat.equals(known, format)
          ? { _tag: "Media", bytes: payload }
          : Message.wrong("audio at another rate than the call has")
      }
    }
  }

const started = (bytes: Uint8Array, format: AudioFormat.AudioFormat): Message.Message => {
  const hex = Buffer.from(bytes).toString("hex")
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
  const formatName = AudioFormat.name(format)
  return { _tag: "Started", started: { callId: uuid, streamId: uuid, format, formatName, metadata: {} } }
}
