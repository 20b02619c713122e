/**
 * Converts the provider's time to the time of the call. A provider counts from the first sample it received; frames
 * need not begin at 0, and may have gaps between them.
 */
import * as AudioFrame from "../../AudioFrame.ts"
import * as AudioTime from "../../AudioTime.ts"

/** Tracks the audio sent on one stream. */
export interface AudioClock {
  /** Notes that a frame was sent. */
  readonly sent: (frame: AudioFrame.AudioFrame) => void
  /** Converts a time in the stream to the time in the call, in milliseconds. */
  readonly at: (streamMs: number) => AudioTime.AudioTime
}

/** A run of adjacent audio: the time of its first sample, in the stream and in the call. */
interface Stretch {
  readonly stream: number
  readonly call: number
}

/** Number of gaps to remember. Words are at most a few seconds late. */
const most = 100

/** Makes the clock of a stream. */
export const make = (): AudioClock => {
  const stretches: Array<Stretch> = []
  let samples = 0
  let end = Number.NaN
  return {
    sent: (frame) => {
      const { sampleRateHz } = frame.format
      if (!(Math.abs(frame.time - end) * sampleRateHz < 500)) {
        stretches.push({ stream: (samples * 1000) / sampleRateHz, call: frame.time })
        if (stretches.length > most) stretches.shift()
      }
      samples += AudioFrame.samples(frame)
      end = AudioFrame.end(frame)
    },
    at: (streamMs) => {
      const stretch = stretches.findLast(({ stream }) => stream <= streamMs) ?? stretches[0]
      return AudioTime.make(stretch === undefined ? streamMs : stretch.call + streamMs - stretch.stream)
    }
  }
}
