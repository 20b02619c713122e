/**
 * Converts samples from one rate to another, for any two rates that a format can have.
 *
 * This is a polyphase filter. The ratio of the rates is reduced to whole numbers, for example 441 to 160, and each of
 * the 160 positions that an output sample can have between two input samples gets its own row of weights: a
 * Kaiser-windowed sinc. Frequencies up to 84 % of the lower Nyquist frequency pass within 0.1 dB, and those above it
 * are attenuated by 75 dB or more.
 *
 * The output is aligned with the input: sample `n` sounds at time `n / toHz`, with no delay to account for. To achieve
 * that the filter looks ahead (4 ms at 8000 Hz), so the first chunk yields a little less and `flush` returns the rest.
 *
 * @since 0.1.0
 */
import type * as AudioFormat from "./AudioFormat.ts"
import * as Joined from "./internal/joined.ts"
import * as Kernel from "./internal/kernel.ts"

/** Resamples one stream. Use one for each direction of each call. */
export interface Resampler {
  readonly fromHz: AudioFormat.SampleRateHz
  readonly toHz: AudioFormat.SampleRateHz
  /** Adds samples, any number of them, and returns the output samples they complete. */
  readonly push: (samples: Int16Array) => Int16Array
  /**
   * Ends the stream and returns its last samples, `ceil(in * toHz / fromHz)` in total. The next `push` starts a new
   * stream.
   */
  readonly flush: () => Int16Array
}

/** Makes a resampler. If the rates are equal, it only copies. */
export const make = (fromHz: AudioFormat.SampleRateHz, toHz: AudioFormat.SampleRateHz): Resampler =>
  fromHz === toHz
    ? { fromHz, toHz, push: (samples) => samples.slice(), flush: () => new Int16Array(0) }
    : polyphase(fromHz, toHz)

/** Resamples a whole recording. */
export const all = (
  samples: Int16Array,
  fromHz: AudioFormat.SampleRateHz,
  toHz: AudioFormat.SampleRateHz
): Int16Array => {
  const resampler = make(fromHz, toHz)
  return Joined.samples([resampler.push(samples), resampler.flush()])
}

const polyphase = (fromHz: AudioFormat.SampleRateHz, toHz: AudioFormat.SampleRateHz): Resampler => {
  const { down, input, reach, resample, up } = filterOf(fromHz, toHz)
  // Input that later output still needs, in the first `count` places. It starts with `reach - 1` samples of silence before the stream.
  const held = new Float32Array(2 * reach)
  let count = reach - 1
  // Position of the next output sample's first weight in `held`, in units of 1 / up of an input sample.
  let next = 0
  let taken = 0
  let given = 0

  const pushBlock = (samples: Int16Array): Int16Array => {
    input.set(held.subarray(0, count))
    input.set(samples, count)
    const length = count + samples.length
    const output = resample(length, next)
    const position = next + output.length * down
    const done = Math.min(length, Math.floor(position / up))
    held.set(input.subarray(done, length))
    count = length - done
    next = position - done * up
    taken += samples.length
    given += output.length
    return output
  }

  const push = (samples: Int16Array): Int16Array => {
    if (samples.length <= blockSamples) return pushBlock(samples)
    const blocks: Array<Int16Array> = []
    for (let at = 0; at < samples.length; at += blockSamples) {
      blocks.push(pushBlock(samples.subarray(at, at + blockSamples)))
    }
    return Joined.samples(blocks)
  }

  const flush = (): Int16Array => {
    const left = Math.ceil((taken * up) / down) - given
    const rest = pushBlock(new Int16Array(reach)).subarray(0, left)
    held.fill(0)
    count = reach - 1
    next = taken = given = 0
    return rest
  }

  return { fromHz, toHz, push, flush }
}

/** The weights for a pair of rates, shared by all streams between them. */
interface Filter {
  /** `up` output samples correspond to `down` input samples. */
  readonly up: number
  readonly down: number
  /** How many input samples on each side of an output sample contribute to it. A multiple of 4, for the kernel. */
  readonly reach: number
  /** Where the input of a block goes, since all streams share the kernel's memory. */
  readonly input: Float32Array
  /** Computes all output samples that the first `length` of `input` suffice for. `next` is the position of the first. */
  readonly resample: (length: number, next: number) => Int16Array
}

/** How many input samples are processed at once: 85 ms at 48000 Hz. */
const blockSamples = 4096
/** Zero crossings of the sinc on each side. */
const crossings = 32
/** Shape of the Kaiser window, for an attenuation of 80 dB. */
const beta = 7.86
/** The middle of the transition band, as a fraction of the lower Nyquist frequency. */
const cutoff = 0.92

const filters = new Map<string, Filter>()

const filterOf = (fromHz: number, toHz: number): Filter => {
  const key = `${fromHz}:${toHz}`
  const known = filters.get(key) ?? makeFilter(fromHz, toHz)
  filters.set(key, known)
  return known
}

const makeFilter = (fromHz: number, toHz: number): Filter => {
  const divisor = greatestCommonDivisor(fromHz, toHz)
  const [up, down] = [toHz / divisor, fromHz / divisor]
  const reach = 4 * Math.ceil((crossings / 4) * Math.max(1, fromHz / toHz))
  const taps = 2 * reach
  const inputAt = 4 * up * taps
  const outputAt = inputAt + 4 * (blockSamples + taps)
  const kernel = Kernel.make(outputAt + 2 * Math.ceil(((blockSamples + taps) * up) / down))
  const floats = new Float32Array(kernel.memory)
  for (let place = 0; place < up; place++) {
    floats.set(row(reach, place / up, cutoff * Math.min(1, toHz / fromHz)), place * taps)
  }
  return {
    up,
    down,
    reach,
    input: floats.subarray(inputAt / 4, outputAt / 4),
    resample: (length, next) => {
      const known = Math.max(0, Math.ceil(((length - taps + 1) * up - next) / down))
      kernel.resample(outputAt, 0, inputAt, taps, up, down, next, known)
      return new Int16Array(kernel.memory, outputAt, known).slice()
    }
  }
}

/** The weights for one position between two input samples. They add up to 1, so a constant signal stays as it is. */
const row = (reach: number, place: number, bandwidth: number): Float64Array => {
  const weights = Float64Array.from({ length: 2 * reach }, (_, k) => {
    const distance = k - (reach - 1) - place
    return sinc(distance * bandwidth) * kaiser(distance / reach)
  })
  const sum = weights.reduce((a, b) => a + b)
  return weights.map((weight) => weight / sum)
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

const kaiser = (x: number): number => (Math.abs(x) > 1 ? 0 : bessel(beta * Math.sqrt(1 - x * x)) / bessel(beta))

/** The modified Bessel function of the first kind and order zero, as a power series. */
const bessel = (x: number): number => {
  let sum = 1
  let term = 1
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))
