/**
 * A piece of audio with its format and its time in the stream.
 *
 * A frame holds whole samples only. `make` rejects bytes that end in the middle of a sample, and no operation here
 * splits one. To turn network chunks of any size into frames, use `Reframe`.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as AudioFormat from "./AudioFormat.ts"
import * as AudioTime from "./AudioTime.ts"
import { AudioError } from "./AudioError.ts"
import { wrongFormat } from "./internal/wrongFormat.ts"

/** Whole samples, and the time at which the first one begins. Do not modify the bytes: frames share them. */
export interface AudioFrame {
  readonly format: AudioFormat.AudioFormat
  readonly bytes: Uint8Array
  readonly time: AudioTime.AudioTime
}

/** Makes a frame. Fails with `SplitSample` if the bytes end in the middle of a sample. */
export const make = (
  format: AudioFormat.AudioFormat,
  bytes: Uint8Array,
  time: AudioTime.AudioTime = AudioTime.zero
): Result.Result<AudioFrame, AudioError> => {
  const sampleBytes = AudioFormat.bytesPerSample(format)
  return bytes.length % sampleBytes === 0
    ? Result.succeed({ format, bytes, time })
    : Result.fail(
        new AudioError({
          reason: "SplitSample",
          expected: `a multiple of ${sampleBytes} bytes`,
          actual: `${bytes.length} bytes`
        })
      )
}

/** Makes a frame of silence, rounded to the nearest whole sample. */
export const silence = (
  format: AudioFormat.AudioFormat,
  durationMs: number,
  time: AudioTime.AudioTime = AudioTime.zero
): AudioFrame => ({
  format,
  bytes: new Uint8Array(AudioFormat.bytesOf(format, durationMs)).fill(AudioFormat.silentByte(format)),
  time
})

/** The number of samples in a frame. */
export const samples = (frame: AudioFrame): number => frame.bytes.length / AudioFormat.bytesPerSample(frame.format)

/** How long a frame lasts, in milliseconds. */
export const durationMs = (frame: AudioFrame): number => AudioFormat.durationMs(frame.format, frame.bytes.length)

/** The time at which a frame ends, and the next one begins. */
export const end = (frame: AudioFrame): AudioTime.AudioTime => AudioTime.plus(frame.time, durationMs(frame))

/**
 * The part of a frame between two times of the stream. Both are rounded to the nearest sample and clamped to the frame,
 * so the result may be empty. It shares its bytes with the frame.
 */
export const slice = (frame: AudioFrame, from: AudioTime.AudioTime, to: AudioTime.AudioTime): AudioFrame => {
  const { sampleRateHz } = frame.format
  const length = samples(frame)
  const at = (time: AudioTime.AudioTime) =>
    Math.min(length, Math.max(0, AudioTime.toSamples(AudioTime.make(time - frame.time), sampleRateHz)))
  const first = at(from)
  const last = Math.max(first, at(to))
  const sampleBytes = AudioFormat.bytesPerSample(frame.format)
  return {
    format: frame.format,
    bytes: frame.bytes.subarray(first * sampleBytes, last * sampleBytes),
    time: first === 0 ? frame.time : AudioTime.plus(frame.time, (first * 1000) / sampleRateHz)
  }
}

/** Splits a frame in two at a time of the stream, rounded to the nearest sample. */
export const split = (frame: AudioFrame, at: AudioTime.AudioTime): readonly [AudioFrame, AudioFrame] => [
  slice(frame, frame.time, at),
  slice(frame, at, end(frame))
]

/**
 * Joins consecutive frames into one. Fails with `WrongFormat` if their formats differ, and with `Gap` if a frame begins
 * half a sample or more away from the end of the previous one.
 */
export const join = (first: AudioFrame, ...rest: ReadonlyArray<AudioFrame>): Result.Result<AudioFrame, AudioError> => {
  const half = 500 / first.format.sampleRateHz
  const bytes = new Uint8Array(rest.reduce((length, frame) => length + frame.bytes.length, first.bytes.length))
  bytes.set(first.bytes)
  let at = first.bytes.length
  for (const frame of rest) {
    if (!AudioFormat.equals(frame.format, first.format)) return Result.fail(wrongFormat(first.format, frame.format))
    const expected = AudioTime.plus(first.time, AudioFormat.durationMs(first.format, at))
    if (Math.abs(frame.time - expected) >= half) {
      return Result.fail(new AudioError({ reason: "Gap", expected: `${expected} ms`, actual: `${frame.time} ms` }))
    }
    bytes.set(frame.bytes, at)
    at += frame.bytes.length
  }
  return Result.succeed({ format: first.format, bytes, time: first.time })
}
