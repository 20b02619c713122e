/**
 * Magnitude spectra of 256 samples, by fast Fourier transform. Two real signals share one complex transform, as its
 * real and imaginary parts.
 */
import { bins, frameSamples as size } from "./sileroLayout.ts"

/**
 * Computes the spectra of the 256 samples from `first` and of those from `second`, each multiplied by the window.
 * Writes `bins` magnitudes for the first to `out` from `at`, followed by those for the second.
 */
export type Spectrum = (samples: Float32Array, first: number, second: number, out: Float32Array, at: number) => void

/** Makes a transform with its own work space. It keeps no state between calls. */
export const make = (window: Float32Array): Spectrum => {
  const re = new Float64Array(size)
  const im = new Float64Array(size)
  return (samples, first, second, out, at) => {
    for (let i = 0; i < size; i++) {
      const to = reversed[i]!
      re[to] = samples[first + i]! * window[i]!
      im[to] = samples[second + i]! * window[i]!
    }
    transform(re, im)
    for (let bin = 0; bin < bins; bin++) {
      const mirror = (size - bin) & (size - 1)
      const a = re[bin]! + re[mirror]!
      const b = im[bin]! - im[mirror]!
      const c = im[bin]! + im[mirror]!
      const d = re[mirror]! - re[bin]!
      out[at + bin] = Math.sqrt(a * a + b * b) / 2
      out[at + bins + bin] = Math.sqrt(c * c + d * d) / 2
    }
  }
}

const half = size / 2
const cos = Float64Array.from({ length: half }, (_, i) => Math.cos((2 * Math.PI * i) / size))
const sin = Float64Array.from({ length: half }, (_, i) => Math.sin((2 * Math.PI * i) / size))
/** Each index with its 8 bits reversed. */
const reversed = Uint8Array.from({ length: size }, (_, i) => {
  let result = 0
  for (let bit = 1; bit < size; bit <<= 1) result = (result << 1) | (i & bit ? 1 : 0)
  return result
})

/** Decimation in time; expects bit-reversed input. Avoids destructuring, which made it five times slower. */
const transform = (re: Float64Array, im: Float64Array): void => {
  for (let span = 1; span < size; span <<= 1) {
    const step = half / span
    for (let block = 0; block < size; block += 2 * span) {
      for (let j = 0; j < span; j++) {
        const a = block + j
        const b = a + span
        const c = cos[j * step]!
        const s = sin[j * step]!
        const x = re[b]! * c + im[b]! * s
        const y = im[b]! * c - re[b]! * s
        re[b] = re[a]! - x
        im[b] = im[a]! - y
        re[a] = re[a]! + x
        im[a] = im[a]! + y
      }
    }
  }
}
