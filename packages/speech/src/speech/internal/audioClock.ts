/**
 * The one clock of a call: audio time, counted from the caller's samples, that goes on by the monotonic clock while the line
 * sends nothing.
 *
 * Frames that come late, in a burst, catch up with it. A line that has left out silence never does: it stays behind, and after
 * a while its frames count from where the clock is.
 */
import * as AudioTime from "../../AudioTime.ts"

/** A line that sends nothing for so long is not waited for. */
export const stallMs = 60
/** The steps in which time passes while the line sends nothing. */
export const tickMs = 20
/** A line that is behind for so long has left something out. */
const behindMs = 200

/** The clock between two frames. Plain data. */
export interface AudioClock {
  readonly now: AudioTime.AudioTime
  /** What the line has left out: frame times are this much later than their samples say. */
  readonly shift: number
  /** The part of it that nobody has told of: the line was behind for so long that it must have been left out. */
  readonly presumed: number
  /** When `now` was reached, in milliseconds of the monotonic clock. */
  readonly at: number
  readonly isStalled: boolean
  /** The end of the last frame, and since when frames have been behind the clock. */
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
 * A frame has come. `end`: its end, counted from its samples. If it comes before its time, what was presumed to be left out was
 * only late: otherwise a line whose delay changes to and fro would let the clock run ahead, further each time.
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

/** The line tells that it has left out so much. */
export const skip = (clock: AudioClock, ms: number): AudioClock => ({ ...clock, shift: clock.shift + ms })

/** When the clock wants to be told the time, if no frame comes. Milliseconds of the monotonic clock. */
export const due = (clock: AudioClock): number => clock.at + (clock.isStalled ? tickMs : stallMs)

/** Time has passed without a frame. */
export const tick = (clock: AudioClock, at: number): AudioClock => {
  const passed = AudioTime.plus(clock.now, Math.max(0, at - clock.at))
  const isBehind = clock.behindSince !== undefined && at - clock.behindSince >= behindMs
  const moved = { ...clock, now: passed, at, isStalled: true }
  if (!isBehind) return moved
  const left = passed - clock.end
  return { ...moved, shift: clock.shift + left, presumed: clock.presumed + left, end: passed, behindSince: undefined }
}
