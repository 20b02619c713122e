/**
 * How a simulated network carries audio.
 */
import * as Chance from "@antiphon/core/testing/Chance"
import * as AudioFormat from "../../../AudioFormat.ts"
import type { Network } from "../../Network.ts"
import type { Carried, Stretch } from "../../TestLine.ts"

/** Decides for each stretch of audio what arrives of it, and when. */
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
          incoming: { _tag: "Audio", bytes: new Uint8Array(bytes.length).fill(AudioFormat.silentByte(format)) }
        }
      case "nothing":
        return { delayMs, incoming: undefined }
    }
  }
}
