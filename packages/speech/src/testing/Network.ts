/**
 * A simulated network between the caller and the server: audio arrives late, in bursts, and with gaps. Drawn from a
 * seed, so that each run is the same.
 *
 * @since 0.1.0
 */
import * as Chance from "@antiphon/core/testing/Chance"
import type * as AudioFormat from "../AudioFormat.ts"
import * as Format from "../AudioFormat.ts"
import type { Carried, Stretch } from "./TestLine.ts"

/** The faults of the network. All are off by default. */
export interface Network {
  /** The longest delay of a 20 ms stretch relative to the previous one, in milliseconds. A burst follows a delay. */
  readonly jitterMs?: number | undefined
  /** The share of lost audio, from 0 to 1. */
  readonly loss?: number | undefined
  /** Average number of consecutive stretches lost. 3 by default, because losses come in bursts. */
  readonly burst?: number | undefined
  /**
   * What arrives instead of lost audio: a note of its duration (`gap`, by default), `silence`, or `nothing`, so that
   * later audio moves up.
   */
  readonly lost?: "gap" | "silence" | "nothing" | undefined
}

/** Makes the network. */
export const make = (
  network: Network,
  format: AudioFormat.AudioFormat,
  seed: number
): ((stretch: Stretch) => Carried) => {
  const chance = Chance.make(seed).split("network")
  const { burst = 3, jitterMs = 0, loss = 0, lost = "gap" } = network
  /** Gilbert's model: everything within a burst is lost, and bursts are frequent enough for the requested share. */
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
  /** `hiss`: white noise; `hum`: a machine; `babble`: a crowd of unintelligible voices. */
  readonly kind: "hiss" | "hum" | "babble"
  /** Its level, in dB below full scale. -50 is a quiet room, -35 a loud one. */
  readonly levelDbfs: number
}
