/** Turns the bytes of a line into frames, windows and edges, timed by the clock of the call. */
import * as Result from "effect/Result"
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioFrame from "../../AudioFrame.ts"
import * as AudioTime from "../../AudioTime.ts"
import * as Reframe from "../../Reframe.ts"
import type * as Vad from "../../Vad.ts"
import * as VadEdges from "../../VadEdges.ts"
import * as VadWindows from "../../VadWindows.ts"
import * as AudioClock from "./audioClock.ts"

/** A frame at its time, and the edges of speech in it. */
export interface Heard {
  readonly frame: AudioFrame.AudioFrame
  readonly edges: ReadonlyArray<VadEdges.Edge>
}

/** How much silence the voice detector hears for audio that the line left out, so that speech ends there. */
const gapMs = 500

/** The ear of one call. */
export interface Ear {
  readonly now: () => AudioTime.AudioTime
  /** When to call `tick`, on the monotonic clock. */
  readonly due: () => number
  readonly tick: (at: number) => void
  /** Takes any number of bytes, and releases each frame once the clock reaches its end. */
  readonly push: (bytes: Uint8Array, at: number, heard: (heard: Heard) => void) => void
  readonly gap: (ms: number, at: number, heard: (heard: Heard) => void) => void
}

/** Makes the ear of a call. */
export const make = (
  detector: Vad.Detector,
  format: AudioFormat.AudioFormat,
  policy: VadEdges.Policy,
  at: number
): Ear => {
  const windows = VadWindows.make(detector, format)
  let reframe = Reframe.make(format)
  let edges = VadEdges.initial
  let clock = AudioClock.make(at)

  const push: Ear["push"] = (bytes, at, heard) => {
    const [next, frames] = Reframe.push(reframe, bytes)
    reframe = next
    for (const frame of frames) {
      clock = AudioClock.frame(clock, AudioFrame.end(frame), at)
      const { shift } = clock
      const [state, found] = VadEdges.steps(edges, Result.getOrThrow(windows.push(frame)), policy)
      edges = state
      heard({
        frame: { ...frame, time: AudioTime.plus(frame.time, shift) },
        edges: found.map((edge) => shifted(edge, shift))
      })
    }
  }
  return {
    now: () => clock.now,
    due: () => AudioClock.due(clock),
    tick: (at) => {
      clock = AudioClock.tick(clock, at)
    },
    push,
    gap: (ms, at, heard) => {
      const silence = Math.min(ms, gapMs)
      const bytes = new Uint8Array(AudioFormat.bytesOf(format, silence)).fill(AudioFormat.silentByte(format))
      push(bytes, at, heard)
      clock = AudioClock.skip(clock, ms - silence)
    }
  }
}

const shifted = (edge: VadEdges.Edge, shift: number): VadEdges.Edge => {
  if (shift === 0) return edge
  const from = AudioTime.plus(edge.from, shift)
  const at = AudioTime.plus(edge.at, shift)
  return edge._tag === "SpeechEnded"
    ? { ...edge, at, from }
    : { ...edge, at, from, soundFrom: AudioTime.plus(edge.soundFrom, shift) }
}
