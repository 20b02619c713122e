/**
 * Frames of a call to windows of a voice detector: decoded, brought to its rate, and cut to its length.
 *
 * The time of a window is that of its samples, whatever the frames were. At another rate than that of the detector it is known up to
 * 4 ms later, because the resampler looks ahead.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { AudioError } from "./AudioError.ts"
import * as AudioFormat from "./AudioFormat.ts"
import * as AudioFrame from "./AudioFrame.ts"
import * as AudioTime from "./AudioTime.ts"
import * as Pcm from "./Pcm.ts"
import * as Resample from "./Resample.ts"
import type * as Vad from "./Vad.ts"

/** What a detector made of a stretch of the stream. */
export interface Window {
  readonly from: AudioTime.AudioTime
  readonly to: AudioTime.AudioTime
  /** How likely there is speech in it, from 0 to 1. */
  readonly probability: number
}

/** Hands the frames of one call to a detector. */
export interface VadWindows {
  /**
   * Takes the next frame, and gives the windows that are full now, oldest first. The first frame says where the stream
   * begins. Fails with `WrongFormat` if a frame has another format, with `SplitSample` if its bytes end within a sample, and
   * with `Gap` if it does not follow the one before; nothing is taken then.
   */
  readonly push: (frame: AudioFrame.AudioFrame) => Result.Result<ReadonlyArray<Window>, AudioError>
}

/** Makes a front for a detector, for frames of one format. */
export const make = (detector: Vad.Detector, format: AudioFormat.AudioFormat): VadWindows => {
  const { sampleRateHz, windowSamples } = detector
  const resampler = Resample.make(format.sampleRateHz, sampleRateHz)
  const window = new Int16Array(windowSamples)
  let filled = 0
  let windows = 0
  let begin: AudioTime.AudioTime | undefined
  let taken = 0

  const time = (count: number) => AudioTime.plus(begin!, AudioTime.fromSamples(count * windowSamples, sampleRateHz))

  const detect = (samples: Int16Array): ReadonlyArray<Window> => {
    const detected: Array<Window> = []
    for (let at = 0; at < samples.length;) {
      const part = samples.subarray(at, at + windowSamples - filled)
      window.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < windowSamples) break
      detected.push({ from: time(windows), to: time(windows + 1), probability: detector.probability(window) })
      windows++
      filled = 0
    }
    return detected
  }

  const refused = (frame: AudioFrame.AudioFrame): AudioError | undefined => {
    if (!AudioFormat.equals(frame.format, format)) return AudioFrame.wrongFormat(format, frame.format)
    if (begin === undefined) return undefined
    const expected = AudioTime.plus(begin, AudioTime.fromSamples(taken, format.sampleRateHz))
    return Math.abs(frame.time - expected) * format.sampleRateHz < 500
      ? undefined
      : new AudioError({ reason: "Gap", expected: `${expected} ms`, actual: `${frame.time} ms` })
  }

  return {
    push: (frame) => {
      const error = refused(frame)
      if (error !== undefined) return Result.fail(error)
      return Result.map(Pcm.decodeBytes(format, frame.bytes), (samples) => {
        begin ??= frame.time
        taken += samples.length
        return detect(resampler.push(samples))
      })
    }
  }
}
