/** Limits what a call receives: the size of a frame, the rate of frames and bytes, and the bytes of the whole call. */
import type { Clock } from "effect/Clock"
import { Ending } from "../Ending.ts"
import type { Settings } from "../Settings.ts"
import * as Monotonic from "./monotonic.ts"

/** Whether a frame has more bytes than the limit. */
export const isTooLarge = (frame: string | Uint8Array, limit: number): boolean => {
  if (frame.length > limit) return true
  // A UTF-16 unit takes one to three bytes, so most frames need no counting.
  return typeof frame === "string" && frame.length * 3 > limit && byteLength(frame) > limit
}

/** Length of a text in UTF-8. A lone surrogate takes the three bytes of the character that replaces it. */
const byteLength = (text: string): number => {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    // Both halves of a pair make four bytes.
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++
  }
  return bytes
}

/** Seconds over which the rate is averaged: a burst worth that many seconds passes. */
const burstSeconds = 10

/** An allowance that grows with time. 0 per second means no limit. */
const bucket = (perSecond: number, clock: Clock) => {
  const most = perSecond * burstSeconds
  let allowance = most
  let at = Monotonic.millis(clock)
  return (count: number): boolean => {
    if (perSecond === 0) return true
    const now = Monotonic.millis(clock)
    allowance = Math.min(most, allowance + ((now - at) * perSecond) / 1000) - count
    at = now
    return allowance >= 0
  }
}

/** Counts frames, and returns the ending if they exceed a limit. */
export interface Intake {
  readonly excess: (frames: ReadonlyArray<string | Uint8Array>) => Ending | undefined
}

/** The limits. 0 means no limit. */
export type Limits = Pick<Settings, "maxFramesPerSecond" | "maxBytesPerSecond" | "maxCallBytes">

/** Limits what one call receives. Text counts by its length, which is exact for ASCII and never more than its bytes. */
export const make = (limits: Limits, clock: Clock): Intake => {
  const { maxBytesPerSecond, maxCallBytes, maxFramesPerSecond } = limits
  const messages = bucket(maxFramesPerSecond, clock)
  const bytes = bucket(maxBytesPerSecond, clock)
  let total = 0
  return {
    excess: (frames) => {
      const size = frames.reduce((sum, { length }) => sum + length, 0)
      total += size
      if (!messages(frames.length)) return Ending.Flood({ limit: maxFramesPerSecond, of: "messages" })
      if (!bytes(size)) return Ending.Flood({ limit: maxBytesPerSecond, of: "bytes" })
      return maxCallBytes > 0 && total > maxCallBytes ? Ending.Spent({ limit: maxCallBytes }) : undefined
    }
  }
}
