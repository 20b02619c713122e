/**
 * From the provider's time to the time of the call. A provider counts from the first sample it was sent; frames need not
 * begin at 0, and may have gaps between them.
 */
import * as AudioFrame from "../../AudioFrame.ts"
import * as AudioTime from "../../AudioTime.ts"

/** Keeps what was sent of one stream. */
export interface AudioClock {
  /** A frame was sent. */
  readonly sent: (frame: AudioFrame.AudioFrame) => void
  /** The time in the call of a time in the stream, in milliseconds. */
  readonly at: (streamMs: number) => AudioTime.AudioTime
}

/** Adjacent audio: the stream's time of its first sample, and the call's. */
interface Stretch {
  readonly stream: number
  readonly call: number
}

/** Gaps that are remembered. Words come a few seconds late at most. */
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
