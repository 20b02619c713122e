/** Detects anything louder than the noise of the line. */
import * as Level from "../../Level.ts"

export const windowSamples = 320
/** How fast the noise estimate may rise, per window. At 6 dB per second, speech ends before it counts as noise. */
const riseDb = 0.12
/** Decibels between a probability of 0.5 and one of 0.73. */
const slopeDb = 2

interface Options {
  readonly marginDb?: number | undefined
  readonly floorDbfs?: number | undefined
}

export const detector = ({ floorDbfs = -50, marginDb = 12 }: Options) => {
  const quietest = floorDbfs - marginDb
  let noiseDbfs = quietest
  return {
    probability: (window: Int16Array): number => {
      const { rmsDbfs } = Level.measure(window)
      noiseDbfs = Math.max(quietest, Math.min(noiseDbfs + riseDb, rmsDbfs))
      return 1 / (1 + Math.exp((noiseDbfs + marginDb - rmsDbfs) / slopeDb))
    },
    reset: () => {
      noiseDbfs = quietest
    }
  }
}
