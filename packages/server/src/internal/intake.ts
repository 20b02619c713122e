/** How much of what comes in is taken: the size of a frame, and the pace of frames. */
import type { Clock } from "effect/Clock"
import * as Monotonic from "./monotonic.ts"

/** Whether a frame has more bytes than the limit. */
export const isTooLarge = (frame: string | Uint8Array, limit: number): boolean => {
  if (frame.length > limit) return true
  // Text takes one to three bytes for each unit of its length, so most frames need no counting.
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

/** Seconds over which the pace is averaged: a burst of that many seconds' worth passes. */
const burstSeconds = 10

/** Counts what comes in, and says whether it has come too fast. */
export interface Pace {
  readonly isFlood: (count: number) => boolean
}

/** Measures against a number per second; 0 for no limit. */
export const pace = (perSecond: number, clock: Clock): Pace => {
  const most = perSecond * burstSeconds
  let allowance = most
  let at = Monotonic.millis(clock)
  return {
    isFlood: (count) => {
      if (perSecond === 0) return false
      const now = Monotonic.millis(clock)
      allowance = Math.min(most, allowance + ((now - at) * perSecond) / 1000) - count
      at = now
      return allowance < 0
    }
  }
}
