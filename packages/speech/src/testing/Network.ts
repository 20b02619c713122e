/**
 * The way of a caller's audio to the server: late, in bursts, and with holes. Drawn from a seed, so that each run is the same.
 *
 * @since 0.1.0
 */
import * as Chance from "@antiphon/core/testing/Chance"
import type * as AudioFormat from "../AudioFormat.ts"
import * as Format from "../AudioFormat.ts"
import type { Carried, Stretch } from "./TestLine.ts"

/** How bad the way is. Everything is off by default. */
export interface Network {
  /** The most that a stretch of 20 ms is late beyond the one before it, in milliseconds: it is held up, and a burst follows. */
  readonly jitterMs?: number | undefined
  /** The share of the audio that is lost, from 0 to 1. */
  readonly loss?: number | undefined
  /** Stretches that are lost in a row, on average. 3 by default: losses come in bursts. */
  readonly burst?: number | undefined
  /**
   * What arrives of what was lost: a note of how much it was (`gap`, by default), `silence` in its place, or `nothing`, so that
   * what follows moves up.
   */
  readonly lost?: "gap" | "silence" | "nothing" | undefined
}

/** Makes the way. */
export const make = (
  network: Network,
  format: AudioFormat.AudioFormat,
  seed: number
): ((stretch: Stretch) => Carried) => {
  const chance = Chance.make(seed).split("network")
  const { burst = 3, jitterMs = 0, loss = 0, lost = "gap" } = network
  /** Gilbert's model: within a burst everything is lost, and bursts come as often as the share wants. */
  const begins = loss <= 0 ? 0 : loss / (burst * Math.max(0.001, 1 - loss))
  let isLosing = false
  return ({ bytes, from, to }) => {
    isLosing = isLosing ? chance.chance(1 - 1 / burst) : chance.chance(begins)
    const delayMs = jitterMs > 0 && chance.chance(0.1) ? chance.int(0, jitterMs) : 0
    if (!isLosing || loss <= 0) return { delayMs, incoming: { _tag: "Audio", bytes } }
    switch (lost) {
      case "gap":
        return { delayMs, incoming: { _tag: "Gap", ms: to - from } }
      case "silence":
        return {
          delayMs,
          incoming: { _tag: "Audio", bytes: new Uint8Array(bytes.length).fill(Format.silentByte(format)) }
        }
      case "nothing":
        return { delayMs, incoming: undefined }
    }
  }
}

/** The noise around a caller. */
export interface Noise {
  /** `hiss`: all frequencies alike; `hum`: a machine; `babble`: other people, too many to be understood. */
  readonly kind: "hiss" | "hum" | "babble"
  /** Its level, in dB below full scale. -50 is a quiet room, -35 a loud one. */
  readonly levelDbfs: number
}
