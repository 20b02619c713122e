/**
 * The layout of `data/silero-vad-v5.bin`, which holds the weights of Silero VAD v5 (16 kHz): arrays of 32-bit
 * little-endian floats, one after another. Matrices are stored as the kernel reads them, with the outputs contiguous:
 * convolutions as `[tap][input][output]`, the LSTM's gates as `[input][gate]`.
 */

/** A convolution over time, with three taps. */
export interface Convolution {
  readonly inputs: number
  readonly outputs: number
  /** How many input frames lie between two outputs. */
  readonly stride: number
}

export const frameSamples = 256
export const bins = frameSamples / 2 + 1
export const taps = 3
/** Width of the LSTM's state. */
export const hidden = 128

/** The encoder's layers, from four spectra to one vector. */
export const encoder: ReadonlyArray<Convolution> = [
  { inputs: bins, outputs: 128, stride: 1 },
  { inputs: 128, outputs: 64, stride: 2 },
  { inputs: 64, outputs: 64, stride: 2 },
  { inputs: 64, outputs: hidden, stride: 1 }
]

const arrays: ReadonlyArray<readonly [name: string, length: number]> = [
  ["window", frameSamples],
  ...encoder.flatMap(({ inputs, outputs }, i) => [
    [`encoder.${i}.weight`, taps * inputs * outputs] as const,
    [`encoder.${i}.bias`, outputs] as const
  ]),
  ["lstm.input", hidden * 4 * hidden],
  ["lstm.hidden", hidden * 4 * hidden],
  ["lstm.bias", 4 * hidden],
  ["decoder.weight", hidden],
  ["decoder.bias", 1]
]

/** The start of each array, in floats. */
export const offsets: Readonly<Record<string, number>> = Object.fromEntries(
  arrays.map(([name], i) => [name, arrays.slice(0, i).reduce((sum, [, length]) => sum + length, 0)])
)

/** The total number of floats. */
export const length = arrays.reduce((sum, [, length]) => sum + length, 0)
