/**
 * Bytes of one format to bytes of another: decoded, brought to the other rate, and encoded again.
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

/** A stream on its way to another format. One for each direction of each call. */
export interface Transcoder {
  readonly from: AudioFormat.AudioFormat
  readonly to: AudioFormat.AudioFormat
  /** Takes the next bytes, which may end within a sample, and gives what is known by then. At another rate that is a few milliseconds less. */
  readonly push: (bytes: Uint8Array) => Uint8Array
  /** Ends the stream and gives what is left; then a new one may begin. Fails with `SplitSample` if it ended within a sample. */
  readonly flush: () => Result.Result<Uint8Array, AudioError>
}

/** Makes a transcoder. If the formats are the same, it gives copies of the whole samples that it takes. */
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
      // Not through 16 bits and back: mu-law has two zeros, of which one would become the other.
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

/** Brings the bytes of a whole recording to another format. Fails with `SplitSample` if they end within a sample. */
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
