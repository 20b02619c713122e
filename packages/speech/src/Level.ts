/**
 * How loud samples are, in decibels relative to full scale (dBFS). 0 dBFS is the loudest that 16 bits can hold, speech on a
 * telephone line is around -26, and digital silence is `-Infinity`.
 *
 * @since 0.1.0
 */

/** Loudness of a stretch of samples. */
export interface Level {
  /** Root mean square. A square wave of full scale has 0 dBFS, a sine wave -3. */
  readonly rmsDbfs: number
  /** The largest magnitude. */
  readonly peakDbfs: number
}

/** Measures samples. No samples at all are silence. */
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

/** Converts decibels to a factor for samples: 0 is 1, -6 about a half, `-Infinity` 0. */
export const gain = (decibels: number): number => 10 ** (decibels / 20)

const toDbfs = (magnitude: number): number => 20 * Math.log10(magnitude / 32768)
