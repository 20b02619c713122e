/**
 * Cuts chunks of bytes of any size into frames of one length, usually 20 ms.
 *
 * Bytes that do not fill a frame are kept for the next chunk, so a chunk may also end in the middle of a sample. The
 * time of a frame is counted from the samples before it.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as AudioFormat from "./AudioFormat.ts"
import * as AudioFrame from "./AudioFrame.ts"
import * as AudioTime from "./AudioTime.ts"
import type { AudioError } from "./AudioError.ts"

/** The state of one stream. */
export interface Reframe {
  readonly format: AudioFormat.AudioFormat
  readonly frameBytes: number
  /** The number of samples in all frames so far. */
  readonly samples: number
  /** Bytes that do not fill a frame yet. */
  readonly remainder: Uint8Array
}

/** Makes the state before the first byte. `frameMs` is the length of a frame, rounded to whole samples. */
export const make = (format: AudioFormat.AudioFormat, frameMs = 20): Reframe => ({
  format,
  frameBytes: Math.max(AudioFormat.bytesPerSample(format), AudioFormat.bytesOf(format, frameMs)),
  samples: 0,
  remainder: new Uint8Array(0)
})

/** Adds a chunk, and returns the frames it completes, oldest first. Copies the chunk, which may be reused. */
export const push = (
  state: Reframe,
  chunk: Uint8Array
): readonly [state: Reframe, frames: ReadonlyArray<AudioFrame.AudioFrame>] => {
  const { format, frameBytes, remainder } = state
  // Almost every line sends whole frames.
  if (chunk.length === frameBytes && remainder.length === 0) {
    const time = AudioTime.fromSamples(state.samples, format.sampleRateHz)
    const samples = state.samples + frameBytes / AudioFormat.bytesPerSample(format)
    return [{ format, frameBytes, samples, remainder }, [{ format, bytes: new Uint8Array(chunk), time }]]
  }
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
 * Returns what is left at the end of the stream as one frame, padded with silence, or no frame if nothing is left.
 * Fails with `SplitSample` if the stream ended in the middle of a sample.
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
