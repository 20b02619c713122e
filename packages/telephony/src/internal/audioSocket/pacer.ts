/**
 * Queues audio for a peer that plays it as soon as it arrives, and cannot take it back. Queued audio can be cleared, and sent
 * audio counts as heard. Pure.
 */
import type * as Playback from "@antiphon/speech/Playback"
import type { Incoming } from "@antiphon/speech/Transport"

type Audio = Extract<Playback.Output, { readonly _tag: "Audio" }>
type Played = Extract<Incoming, { readonly _tag: "Played" }>
/** Tones of keys, which belong to no stream: nobody counts them, and a clear does not take them back. */
type Keys = { readonly _tag: "Keys"; readonly bytes: Uint8Array }

export interface Pacer {
  readonly waiting: ReadonlyArray<Audio | Keys>
  readonly generation: number
  readonly stream: number
  /** Bytes of this stream that were sent. */
  readonly sent: number
}

export const initial: Pacer = { waiting: [], generation: 0, stream: 0, sent: 0 }

/** All audio is 16-bit. */
const sampleBytes = 2

/** Queues audio. Marks are ignored, because samples are counted. */
export const push = (pacer: Pacer, outputs: ReadonlyArray<Playback.Output>): Pacer => ({
  ...pacer,
  waiting: [...pacer.waiting, ...outputs.filter((output) => output._tag === "Audio")]
})

/** Queues the tones of keys. */
export const press = (pacer: Pacer, bytes: Uint8Array): Pacer =>
  bytes.length === 0 ? pacer : { ...pacer, waiting: [...pacer.waiting, { _tag: "Keys", bytes }] }

/**
 * Takes the next frame, and returns what will have been played after it, unless it is of keys. A frame never mixes two streams, or keys
 * with speech.
 */
export const take = (
  pacer: Pacer,
  frameBytes: number
): readonly [pacer: Pacer, frame: Uint8Array, played: Played | undefined] | undefined => {
  const [first] = pacer.waiting
  if (first === undefined) return undefined
  const isSame = (next: Audio | Keys) =>
    next._tag === "Keys" || first._tag === "Keys"
      ? next._tag === first._tag
      : next.stream === first.stream && next.generation === first.generation
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
  if (first._tag === "Keys") return [{ ...pacer, waiting: rest }, Buffer.concat(parts), undefined]
  const { generation, stream } = first
  const before = pacer.stream === stream && pacer.generation === generation ? pacer.sent : 0
  const sent = before + frameBytes - left
  const played: Played = { _tag: "Played", generation, stream, samples: sent / sampleBytes, isCleared: false }
  return [{ waiting: rest, generation, stream, sent }, Buffer.concat(parts), played]
}

/** Drops queued speech, and returns how much of a stream was played. */
export const clear = (
  pacer: Pacer,
  { generation, stream }: { readonly generation: number; readonly stream: number }
): readonly [pacer: Pacer, played: Played] => {
  const sent = pacer.generation === generation && pacer.stream === stream ? pacer.sent : 0
  return [
    { ...pacer, waiting: pacer.waiting.filter(({ _tag }) => _tag === "Keys") },
    { _tag: "Played", generation, stream, samples: sent / sampleBytes, isCleared: true }
  ]
}

/** Whether keys are still to be pressed. */
export const hasKeys = (pacer: Pacer): boolean => pacer.waiting.some(({ _tag }) => _tag === "Keys")

/** Number of queued bytes. */
export const waitingBytes = (pacer: Pacer): number => pacer.waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)
