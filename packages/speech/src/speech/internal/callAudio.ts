/**
 * The audio of a call as one stereo track on the clock of the call: the caller on the left, and on the right the agent
 * as the caller heard it, as far as the line reports that.
 *
 * Samples are written once they are certain, because after a clear a line may still report how much of its audio was
 * heard.
 */
import type * as Transport from "../../Transport.ts"
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioTime from "../../AudioTime.ts"
import * as Pcm from "../../Pcm.ts"
import type * as Playback from "../../Playback.ts"
import * as AudioClock from "./audioClock.ts"

export interface CallAudio {
  /** Takes an event of the line. `at`: milliseconds of the monotonic clock. */
  readonly incoming: (incoming: Transport.Incoming, at: number) => void
  /** Takes an item that is sent to the line. */
  readonly sent: (outputs: ReadonlyArray<Playback.Output>, at: number) => void
  /** Discards audio of a stream, and of those before it, that was not played yet. */
  readonly cleared: (stream: number, at: number) => void
  /** Writes the remaining samples. */
  readonly end: (at: number) => void
}

/** How long samples wait before they are written, in milliseconds: by then a line has reported how much was heard. */
const lagMs = 1500
/** How much audio to write at once, in milliseconds. */
const writeMs = 200

/** Samples at a position of the track. Those after `kept` were not heard. */
interface Stretch {
  readonly stream: number
  readonly at: number
  readonly samples: Int16Array
  kept: number
}

/** Makes the track. `write` gets interleaved samples. */
export const make = (
  format: AudioFormat.AudioFormat,
  write: (samples: Uint8Array) => void,
  startAt: number
): CallAudio => {
  const perMs = format.sampleRateHz / 1000
  let clock = AudioClock.make(startAt)
  let heard = 0
  let written = 0
  let playsUntil = 0
  let left: ReadonlyArray<Stretch> = []
  let right: ReadonlyArray<Stretch> = []

  const place = () => Math.round(clock.now * perMs)
  const samplesOf = (bytes: Uint8Array) => Pcm.decode({ format, bytes, time: AudioTime.zero })

  const commit = (to: number): void => {
    const length = to - written
    if (length <= 0) return
    const both = new Int16Array(2 * length)
    const mix = (stretches: ReadonlyArray<Stretch>, channel: 0 | 1) => {
      for (const { at, kept, samples } of stretches) {
        const [first, last] = [Math.max(written, at), Math.min(to, at + kept)]
        for (let i = first; i < last; i++) both[2 * (i - written) + channel] = samples[i - at]!
      }
    }
    mix(left, 0)
    mix(right, 1)
    written = to
    const isLeft = ({ at, samples }: Stretch) => at + samples.length > to
    left = left.filter(isLeft)
    right = right.filter(isLeft)
    write(new Uint8Array(both.buffer))
  }
  const pass = (at: number): void => {
    while (at >= AudioClock.due(clock)) clock = AudioClock.tick(clock, Math.min(at, AudioClock.due(clock)))
  }
  const commitOld = (): void => {
    const to = place() - Math.round(lagMs * perMs)
    if (to - written >= writeMs * perMs) commit(to)
  }

  return {
    incoming: (incoming, at) => {
      pass(at)
      if (incoming._tag === "Audio") {
        const samples = samplesOf(incoming.bytes)
        heard += samples.length
        clock = AudioClock.frame(clock, heard / perMs, at)
        const end = Math.round((heard / perMs + clock.shift) * perMs)
        left = [...left, { stream: 0, at: end - samples.length, samples, kept: samples.length }]
        commitOld()
      } else if (incoming._tag === "Gap") {
        clock = AudioClock.skip(clock, incoming.ms)
        clock = AudioClock.frame(clock, heard / perMs, at)
      } else if (incoming._tag === "Played" && incoming.isCleared) {
        let rest = incoming.samples
        for (const stretch of right) {
          if (stretch.stream !== incoming.stream) continue
          stretch.kept = Math.max(0, Math.min(stretch.samples.length, rest))
          rest -= stretch.samples.length
        }
      }
    },
    sent: (outputs, at) => {
      pass(at)
      for (const output of outputs) {
        if (output._tag !== "Audio") continue
        const samples = samplesOf(output.bytes)
        const from = Math.max(playsUntil, place())
        right = [...right, { stream: output.stream, at: from, samples, kept: samples.length }]
        playsUntil = from + samples.length
      }
    },
    cleared: (stream, at) => {
      pass(at)
      const now = place()
      for (const stretch of right) {
        if (stretch.stream <= stream) stretch.kept = Math.max(0, Math.min(stretch.kept, now - stretch.at))
      }
      playsUntil = now
    },
    end: (at) => {
      pass(at)
      commit(place())
    }
  }
}
