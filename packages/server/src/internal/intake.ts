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
export const make = (limits: Limits, clock: Clock, ofClient?: ClientPace): Intake => new Scales(limits, clock, ofClient)

class Scales implements Intake {
  readonly #limits: Limits
  readonly #messages: Bucket.Bucket
  readonly #bytes: Bucket.Bucket
  readonly #ofClient: ClientPace | undefined
  #total = 0

  constructor(limits: Limits, clock: Clock, ofClient: ClientPace | undefined) {
    this.#limits = limits
    this.#messages = Bucket.make(limits.maxFramesPerSecond, clock)
    this.#bytes = Bucket.make(limits.maxBytesPerSecond, clock)
    this.#ofClient = ofClient
  }

  excess(frames: ReadonlyArray<string | Uint8Array>): Ending | undefined {
    const { maxBytesPerSecond, maxCallBytes, maxFramesPerSecond } = this.#limits
    const size = frames.reduce((sum, { length }) => sum + length, 0)
    this.#total += size
    if (!this.#messages.take(frames.length)) return Ending.Flood({ limit: maxFramesPerSecond, of: "messages" })
    if (!this.#bytes.take(size)) return Ending.Flood({ limit: maxBytesPerSecond, of: "bytes" })
    if (this.#ofClient?.take(size) === false) return Ending.Flood({ limit: this.#ofClient.limit, of: "bytes" })
    return maxCallBytes > 0 && this.#total > maxCallBytes ? Ending.Spent({ limit: maxCallBytes }) : undefined
  }
}
