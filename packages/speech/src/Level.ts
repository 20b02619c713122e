/**
 * Measures loudness in decibels relative to full scale (dBFS). 0 dBFS is the loudest sound 16 bits can hold, speech on
 * a telephone line is around -26, and digital silence is `-Infinity`.
 *
 * @since 0.1.0
 */

/** The loudness of some samples. */
export interface Level {
  /** Root mean square. A full-scale square wave has 0 dBFS, a full-scale sine wave -3. */
  readonly rmsDbfs: number
  /** The largest magnitude. */
  readonly peakDbfs: number
}

/** Measures samples. An empty array counts as silence. */
export const measure = (samples: Int16Array): Level => {
  let sum = 0
  let peak = 0
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!
    sum += sample * sample
    peak = Math.max(peak, Math.abs(sample))
  }
  return { rmsDbfs: toDbfs(Math.sqrt(sum / Math.max(1, samples.length))), peakDbfs: toDbfs(peak) }
}

/** Converts decibels to a factor: 0 dB is 1, -6 dB about a half, `-Infinity` 0. */
export const gain = (decibels: number): number => 10 ** (decibels / 20)

const toDbfs = (magnitude: number): number => 20 * Math.log10(magnitude / 32768)
