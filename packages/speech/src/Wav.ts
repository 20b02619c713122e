/**
 * WAV files of 16-bit samples, like those beside the recordings of calls.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { AudioError } from "./AudioError.ts"
import * as AudioFormat from "./AudioFormat.ts"

/** Samples by channel. In the recording of a call, the caller is the first and the agent the second. */
export interface Wav {
  readonly sampleRateHz: AudioFormat.SampleRateHz
  readonly channels: ReadonlyArray<Int16Array>
}

/**
 * Reads a file. An unfinished file has the samples written so far. Fails with an `AudioError` if it is not a WAV file
 * of 16-bit samples at a rate of `AudioFormat`.
 */
export const decode = (bytes: Uint8Array): Result.Result<Wav, AudioError> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const name = (at: number) => (at + 4 <= bytes.length ? String.fromCharCode(...bytes.subarray(at, at + 4)) : "")
  const wrong = (actual: string) =>
    Result.fail(new AudioError({ reason: "UnknownFormat", expected: "a WAV file of 16-bit samples", actual }))
  if (name(0) !== "RIFF" || name(8) !== "WAVE") return wrong("no WAV file")
  let count = 0
  let rate: AudioFormat.SampleRateHz | undefined
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true)
    const from = at + 8
    if (name(at) === "fmt " && from + 16 <= bytes.length) {
      if (view.getUint16(from, true) !== 1 || view.getUint16(from + 14, true) !== 16) return wrong("other samples")
      count = view.getUint16(from + 2, true)
      const hz = view.getUint32(from + 4, true)
      rate = AudioFormat.SampleRateHz.literals.find((known) => known === hz)
      if (rate === undefined || count === 0) return wrong(`${hz} Hz in ${count} channels`)
    }
    if (name(at) === "data") {
      if (rate === undefined) return wrong("samples before their format")
      // A writer that was killed has not recorded the length.
      const end = Math.min(bytes.length, length === 0 || length === 0xffff_ffff ? bytes.length : from + length)
      const frames = Math.floor((end - from) / (2 * count))
      const channels = Array.from({ length: count }, () => new Int16Array(frames))
      for (let frame = 0; frame < frames; frame++) {
        for (let channel = 0; channel < count; channel++) {
          channels[channel]![frame] = view.getInt16(from + 2 * (frame * count + channel), true)
        }
      }
      return Result.succeed({ sampleRateHz: rate, channels })
    }
    at = from + length + (length % 2)
  }
  return wrong("no samples")
}

const headerBytes = 44

/** Writes a file. Shorter channels are padded with silence. */
export const encode = ({ channels, sampleRateHz }: Wav): Uint8Array<ArrayBuffer> => {
  const frames = Math.max(0, ...channels.map((channel) => channel.length))
  const count = channels.length
  const dataBytes = 2 * frames * count
  const bytes = new Uint8Array(headerBytes + dataBytes)
  const view = new DataView(bytes.buffer)
  const text = (at: number, word: string) => {
    for (let i = 0; i < word.length; i++) view.setUint8(at + i, word.charCodeAt(i))
  }
  text(0, "RIFF")
  view.setUint32(4, headerBytes - 8 + dataBytes, true)
  text(8, "WAVEfmt ")
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, count, true)
  view.setUint32(24, sampleRateHz, true)
  view.setUint32(28, 2 * count * sampleRateHz, true)
  view.setUint16(32, 2 * count, true)
  view.setUint16(34, 16, true)
  text(36, "data")
  view.setUint32(40, dataBytes, true)
  for (const [channel, samples] of channels.entries()) {
    for (let frame = 0; frame < samples.length; frame++) {
      view.setInt16(headerBytes + 2 * (frame * count + channel), samples[frame]!, true)
    }
  }
  return bytes
}
