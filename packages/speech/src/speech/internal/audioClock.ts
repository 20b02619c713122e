/**
 * The one clock of a call: audio time, counted from the caller's samples.
 *
 * While the line sends nothing, it advances by the monotonic clock. Frames that arrive late, in a burst, catch up with
 * it. A line that left out silence never catches up: after a while, its frames count from the current time of the
 * clock.
 */
import * as AudioTime from "../../AudioTime.ts"

/** How long to wait for a silent line before time advances without it. */
const stallMs = 60
/** The step in which time advances while the line sends nothing. */
const tickMs = 20
/** A line that lags behind for this long has left out audio. */
const behindMs = 200

/** The clock between two frames. Plain data. */
export interface AudioClock {
  readonly now: AudioTime.AudioTime
  /** The duration that the line has left out: frames are this much later than their samples say. */
  readonly shift: number
  /** The part of it that was inferred rather than reported, because the line lagged behind for long. */
  readonly presumed: number
  /** When the clock reached `now`, in milliseconds of the monotonic clock. */
  readonly at: number
  readonly isStalled: boolean
  /** The end of the last frame, and the time since which frames have lagged behind the clock. */
  readonly end: number
  readonly behindSince: number | undefined
}

/** Starts the clock. */
export const make = (at: number): AudioClock => ({
  now: AudioTime.zero,
  shift: 0,
  presumed: 0,
  at,
  isStalled: false,
  end: 0,
  behindSince: undefined
})

/**
 * Takes a frame. `end`: its end, counted from its samples. A frame that arrives early shows that audio inferred as left
 * out was only late. Without this correction, the clock would run further ahead with each change of the line's delay.
 */
export const frame = (clock: AudioClock, end: number, at: number): AudioClock => {
  const early = end + clock.shift - (clock.now + Math.max(0, at - clock.at))
  const back = Math.min(clock.presumed, Math.max(0, early))
  const known = back === 0 ? clock : { ...clock, shift: clock.shift - back, presumed: clock.presumed - back }
  const time = end + known.shift
  return time > clock.now
    ? { ...known, now: AudioTime.make(time), at, isStalled: false, end: time, behindSince: undefined }
    : { ...known, end: time, behindSince: clock.behindSince ?? at }
}

/** Takes the line's report that it has left out this much. */
export const skip = (clock: AudioClock, ms: number): AudioClock => ({ ...clock, shift: clock.shift + ms })

/** When to call `tick` if no frame arrives, in milliseconds of the monotonic clock. */
export const due = (clock: AudioClock): number => clock.at + (clock.isStalled ? tickMs : stallMs)

/** Advances the clock without a frame. */
export const tick = (clock: AudioClock, at: number): AudioClock => {
  const passed = AudioTime.plus(clock.now, Math.max(0, at - clock.at))
  const isBehind = clock.behindSince !== undefined && at - clock.behindSince >= behindMs
  const moved = { ...clock, now: passed, at, isStalled: true }
  if (!isBehind) return moved
  const left = passed - clock.end
  return { ...moved, shift: clock.shift + left, presumed: clock.presumed + left, end: passed, behindSince: undefined }
}
