/** Limits what a call receives: the size of a frame, the rate of frames and bytes, and the bytes of the whole call. */
import type { Clock } from "effect/Clock"
import { Ending } from "../Ending.ts"
import type { Settings } from "../Settings.ts"
import * as Bucket from "./bucket.ts"

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

/** Counts frames, and returns the ending if they exceed a limit. */
export interface Intake {
  readonly excess: (frames: ReadonlyArray<string | Uint8Array>) => Ending | undefined
}

/** The limits. 0 means no limit. */
export type Limits = Pick<Settings, "maxFramesPerSecond" | "maxBytesPerSecond" | "maxCallBytes">

/** The rate of all calls of one client together. */
export interface ClientPace {
  readonly limit: number
  /** Counts bytes, and returns whether they are within the limit. */
  readonly take: (bytes: number) => boolean
}

/** Limits what one call receives. Text counts by its length, which is exact for ASCII and never more than its bytes. */
export const make = (limits: Limits, clock: Clock, ofClient?: ClientPace): Intake => {
  const { maxBytesPerSecond, maxCallBytes, maxFramesPerSecond } = limits
  const messages = Bucket.make(maxFramesPerSecond, clock)
  const bytes = Bucket.make(maxBytesPerSecond, clock)
  let total = 0
  return {
    excess: (frames) => {
      const size = frames.reduce((sum, { length }) => sum + length, 0)
      total += size
      if (!messages.take(frames.length)) return Ending.Flood({ limit: maxFramesPerSecond, of: "messages" })
      if (!bytes.take(size)) return Ending.Flood({ limit: maxBytesPerSecond, of: "bytes" })
      if (ofClient?.take(size) === false) return Ending.Flood({ limit: ofClient.limit, of: "bytes" })
      return maxCallBytes > 0 && total > maxCallBytes ? Ending.Spent({ limit: maxCallBytes }) : undefined
    }
  }
}
