/**
 * Bytes in chunks of any size to frames of one length, usually 20 ms.
 *
 * What does not fill a frame waits for more. The time of a frame is counted from the samples before it. A chunk may end
 * within a sample: the rest of the sample is expected to come with the next chunk.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as AudioFormat from "./AudioFormat.ts"
import * as AudioFrame from "./AudioFrame.ts"
import * as AudioTime from "./AudioTime.ts"
import type { AudioError } from "./AudioError.ts"

/** Where a stream of bytes stands. */
export interface Reframe {
  readonly format: AudioFormat.AudioFormat
  readonly frameBytes: number
  /** Samples in all frames so far. */
  readonly samples: number
  /** Bytes that do not fill a frame yet. */
  readonly remainder: Uint8Array
}

/** The state before the first byte. `frameMs` is the length of a frame, 20 by default; it is rounded to whole samples. */
export const make = (format: AudioFormat.AudioFormat, frameMs = 20): Reframe => ({
  format,
  frameBytes: Math.max(AudioFormat.bytesPerSample(format), AudioFormat.bytesOf(format, frameMs)),
  samples: 0,
  remainder: new Uint8Array(0)
})

/** Takes a chunk, and gives the frames that are full now, oldest first. The frames do not share their bytes with the chunk. */
export const push = (
  state: Reframe,
  chunk: Uint8Array
): readonly [state: Reframe, frames: ReadonlyArray<AudioFrame.AudioFrame>] => {
  const { format, frameBytes, remainder } = state
  const bytes = new Uint8Array(remainder.length + chunk.length)
  bytes.set(remainder)
  bytes.set(chunk, remainder.length)
  const frameSamples = frameBytes / AudioFormat.bytesPerSample(format)
  const frames: Array<AudioFrame.AudioFrame> = []
  let at = 0
  for (; at + frameBytes <= bytes.length; at += frameBytes) {
    const time = AudioTime.fromSamples(state.samples + frames.length * frameSamples, format.sampleRateHz)
    frames.push({ format, bytes: bytes.subarray(at, at + frameBytes), time })
  }
  return [{ ...state, samples: state.samples + frames.length * frameSamples, remainder: bytes.slice(at) }, frames]
}

/**
 * The rest at the end of the stream, as a frame that is filled up with silence; none if nothing is left. Fails with
 * `SplitSample` if the stream ended within a sample.
 */
export const flush = (state: Reframe): Result.Result<ReadonlyArray<AudioFrame.AudioFrame>, AudioError> => {
  const { format, frameBytes, remainder, samples } = state
  const time = AudioTime.fromSamples(samples, format.sampleRateHz)
  return Result.map(AudioFrame.make(format, remainder, time), (rest) => {
    if (rest.bytes.length === 0) return []
    const bytes = new Uint8Array(frameBytes).fill(AudioFormat.silentByte(format))
    bytes.set(rest.bytes)
    return [{ format, bytes, time }]
  })
}
