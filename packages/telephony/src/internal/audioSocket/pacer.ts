/**
 * Audio that waits to be sent at its own pace, for a line that plays what it gets at once and takes nothing back: what is here can be
 * cleared, and what has left was heard.
 */
import type * as Playback from "@antiphon/speech/Playback"
import type { Incoming } from "@antiphon/speech/Transport"

type Audio = Extract<Playback.Output, { readonly _tag: "Audio" }>
type Played = Extract<Incoming, { readonly _tag: "Played" }>

export interface Pacer {
  readonly waiting: ReadonlyArray<Audio>
  readonly generation: number
  readonly stream: number
  /** Bytes of this stream that have left. */
  readonly sent: number
}

export const initial: Pacer = { waiting: [], generation: 0, stream: 0, sent: 0 }

/** All of it is 16 bits. */
const sampleBytes = 2

/** Adds audio. Marks say nothing here: samples are counted. */
export const push = (pacer: Pacer, outputs: ReadonlyArray<Playback.Output>): Pacer => ({
  ...pacer,
  waiting: [...pacer.waiting, ...outputs.filter((output) => output._tag === "Audio")]
})

/** Takes the bytes of the next frame, and tells what has been played by its end. No frame has the audio of two streams. */
export const take = (
  pacer: Pacer,
  frameBytes: number
): readonly [pacer: Pacer, frame: Uint8Array, played: Played] | undefined => {
  const [first] = pacer.waiting
  if (first === undefined) return undefined
  const { generation, stream } = first
  const isSame = (audio: Audio) => audio.stream === stream && audio.generation === generation
  const parts: Array<Uint8Array> = []
  let rest = pacer.waiting
  let left = frameBytes
  for (let next = rest[0]; next !== undefined && left > 0 && isSame(next); next = rest[0]) {
    const part = next.bytes.subarray(0, left)
    parts.push(part)
    left -= part.length
    rest =
      part.length < next.bytes.length
        ? [{ ...next, bytes: next.bytes.subarray(part.length) }, ...rest.slice(1)]
        : rest.slice(1)
  }
  const before = pacer.stream === stream && pacer.generation === generation ? pacer.sent : 0
  const sent = before + frameBytes - left
  const played: Played = { _tag: "Played", generation, stream, samples: sent / sampleBytes, isCleared: false }
  return [{ waiting: rest, generation, stream, sent }, Buffer.concat(parts), played]
}

/** Drops what has not left, and tells how much of a stream was played. */
export const clear = (
  pacer: Pacer,
  { generation, stream }: { readonly generation: number; readonly stream: number }
): readonly [pacer: Pacer, played: Played] => {
  const sent = pacer.generation === generation && pacer.stream === stream ? pacer.sent : 0
  return [
    { ...pacer, waiting: [] },
    { _tag: "Played", generation, stream, samples: sent / sampleBytes, isCleared: true }
  ]
}

/** Bytes that wait. */
export const waitingBytes = (pacer: Pacer): number => pacer.waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)
