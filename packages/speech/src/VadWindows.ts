/**
 * Feeds the frames of a call to a voice detector: decodes them, resamples them, and cuts them into windows.
 *
 * Window times are exact, whatever the frame size. If the call does not have the detector's sample rate, a window is
 * complete up to 4 ms later, because the resampler looks ahead.
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
import { wrongFormat } from "./internal/wrongFormat.ts"

/** A detector's verdict on one window. */
export interface Window {
  readonly from: AudioTime.AudioTime
  readonly to: AudioTime.AudioTime
  /** How likely the window contains speech, from 0 to 1. */
  readonly probability: number
}

/** Feeds the frames of one call to a detector. */
export interface VadWindows {
  /**
   * Adds a frame, and returns the windows it completes, oldest first. The stream begins at the time of the first frame.
   *
   * Fails with `WrongFormat` if the frame has a different format, `SplitSample` if its bytes end in the middle of a
   * sample, and `Gap` if it does not begin where the previous one ended. A frame that fails leaves the state unchanged.
   */
  readonly push: (frame: AudioFrame.AudioFrame) => Result.Result<ReadonlyArray<Window>, AudioError>
}

/** Connects a detector to frames of one format. */
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
    if (!AudioFormat.equals(frame.format, format)) return wrongFormat(format, frame.format)
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
