/**
 * The audio of a peer as a line takes it in: pieces of any size become whole samples, and never run far ahead of real time. Pure.
 *
 * The clock of a call counts samples, so a peer that sends faster than anybody can speak would make it run away. A peer that was
 * held up may catch up.
 *
 * @since 0.1.0
 */
import * as AudioFormat from "./AudioFormat.ts"

/** How far audio may run ahead of real time, in milliseconds. */
const mostAheadMs = 5000

/** The state of one line. */
export interface Intake {
  readonly format: AudioFormat.AudioFormat
  /** When the first audio could come, in milliseconds of the monotonic clock. */
  readonly startedAt: number
  /** How much audio has come since then, including gaps. */
  readonly audioMs: number
  /** The first byte of a sample whose second byte has not come yet. */
  readonly half: number | undefined
}

/** Begins to take audio in. `now` is in milliseconds of the monotonic clock, here and below. */
export const make = (format: AudioFormat.AudioFormat, now: number): Intake => ({
  format,
  startedAt: now,
  audioMs: 0,
  half: undefined
})

/** How much more audio may come now, in milliseconds. Below zero, none may. */
export const roomMs = ({ audioMs, startedAt }: Intake, now: number): number =>
  mostAheadMs - (audioMs - (now - startedAt))

/** The part of a piece that may be taken in at once: not even a single piece may run away from the clock. */
export const bounded = ({ format }: Intake, bytes: Uint8Array): Uint8Array =>
  bytes.subarray(0, AudioFormat.bytesOf(format, mostAheadMs))

/** Takes in a piece. Returns its whole samples, which may be none, with the half sample kept from the piece before. */
export const take = (intake: Intake, bytes: Uint8Array): readonly [intake: Intake, samples: Uint8Array] => {
  const [samples, half] = wholeSamples(intake, bytes)
  return [{ ...intake, half, audioMs: intake.audioMs + AudioFormat.durationMs(intake.format, samples.length) }, samples]
}

/**
 * Takes in a gap of `ms` milliseconds, as far as there is room for it at `now`. Returns its length. Half a sample before it is left
 * out: the other half was in the gap.
 */
export const gap = (intake: Intake, ms: number, now: number): readonly [intake: Intake, ms: number] => {
  const length = Math.min(ms, Math.max(0, roomMs(intake, now)))
  return [{ ...intake, half: undefined, audioMs: intake.audioMs + length }, length]
}

const wholeSamples = (
  { format, half }: Intake,
  bytes: Uint8Array
): readonly [samples: Uint8Array, half: number | undefined] => {
  if (AudioFormat.bytesPerSample(format) === 1 || (half === undefined && bytes.length % 2 === 0))
    return [bytes, undefined]
  if (half === undefined) return [bytes.subarray(0, -1), bytes.at(-1)]
  const all = new Uint8Array(bytes.length + 1)
  all[0] = half
  all.set(bytes, 1)
  return all.length % 2 === 0 ? [all, undefined] : [all.subarray(0, -1), all.at(-1)]
}
