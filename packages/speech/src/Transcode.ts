/**
 * Converts a stream of bytes from one format to another: decodes, resamples and encodes.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { AudioError } from "./AudioError.ts"
import * as AudioFormat from "./AudioFormat.ts"
import * as AudioFrame from "./AudioFrame.ts"
import * as AudioTime from "./AudioTime.ts"
import * as Pcm from "./Pcm.ts"
import * as Resample from "./Resample.ts"

/** Converts one stream. Use one for each direction of each call. */
export interface Transcoder {
  readonly from: AudioFormat.AudioFormat
  readonly to: AudioFormat.AudioFormat
  /**
   * Adds bytes, which may end in the middle of a sample, and returns the output they complete: a few milliseconds less
   * if the rates differ.
   */
  readonly push: (bytes: Uint8Array) => Uint8Array
  /**
   * Ends the stream and returns the rest. Fails with `SplitSample` if it ended in the middle of a sample. The next
   * `push` starts a new stream.
   */
  readonly flush: () => Result.Result<Uint8Array, AudioError>
}

/** Makes a transcoder. If the formats are equal, it only copies whole samples. */
export const make = (from: AudioFormat.AudioFormat, to: AudioFormat.AudioFormat): Transcoder => {
  const resampler = Resample.make(from.sampleRateHz, to.sampleRateHz)
  const sampleBytes = AudioFormat.bytesPerSample(from)
  const isSame = AudioFormat.equals(from, to)
  let rest = new Uint8Array(0)

  return {
    from,
    to,
    push: (chunk) => {
      const bytes = new Uint8Array(rest.length + chunk.length)
      bytes.set(rest)
      bytes.set(chunk, rest.length)
      const whole = bytes.length - (bytes.length % sampleBytes)
      rest = bytes.slice(whole)
      const samples = bytes.subarray(0, whole)
      // Equal formats skip decoding: mu-law has two zeros, and one would turn into the other.
      return isSame
        ? samples
        : Pcm.encode(to, resampler.push(Pcm.decode({ format: from, bytes: samples, time: AudioTime.zero })))
    },
    flush: () => {
      const left = rest
      rest = new Uint8Array(0)
      const tail = Pcm.encode(to, resampler.flush())
      return Result.map(AudioFrame.make(from, left), () => tail)
    }
  }
}

/** Converts a whole recording. Fails with `SplitSample` if it ends in the middle of a sample. */
export const all = (
  bytes: Uint8Array,
  from: AudioFormat.AudioFormat,
  to: AudioFormat.AudioFormat
): Result.Result<Uint8Array, AudioError> => {
  const transcoder = make(from, to)
  const head = transcoder.push(bytes)
  return Result.map(transcoder.flush(), (tail) => {
    const joined = new Uint8Array(head.length + tail.length)
    joined.set(head)
    joined.set(tail, head.length)
    return joined
  })
}
