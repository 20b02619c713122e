/**
 * Silero VAD v5 at 16 kHz: four spectra per window, an encoder of four convolutions, one LSTM step, and a decoder.
 *
 * The kernel's memory holds the weights once for all detectors. A detector owns only its samples and the state of its
 * LSTM. Because a window is processed synchronously, all detectors can also share the memory for intermediate results.
 */
import * as Kernel from "../../internal/kernel.ts"
import * as Layout from "./sileroLayout.ts"
import * as Spectrum from "./spectrum.ts"

const { bins, encoder, frameSamples, hidden, offsets, taps } = Layout

export const windowSamples = 512
/** Each input starts with this many samples of the previous window. */
const contextSamples = 64
/** The end of the input is reflected to make room for the fourth spectrum. */
const mirroredSamples = 64
const hopSamples = 128
const frames = 4

/** The weights in the kernel's memory, and where intermediate results go. All positions are in floats. */
export interface Network {
  readonly floats: Float32Array
  readonly spectrum: Spectrum.Spectrum
  /** Adds the products of a matrix (`rows` inputs, `columns` outputs) and some input vectors to as many outputs. */
  readonly multiply: (
    out: Vectors,
    matrix: number,
    input: Vectors,
    count: number,
    rows: number,
    columns: number
  ) => void
  readonly spectra: number
  readonly layers: ReadonlyArray<Layer>
  /** The state of the LSTM in a step: its output, and its cells. */
  readonly state: Place
  readonly cells: Place
  readonly gates: number
  /** Updates the state by the sums of the gates. */
  readonly step: () => void
  readonly gateBias: Float32Array
  readonly decoder: Float32Array
  readonly decoderBias: number
}

/** A vector in the kernel's memory. */
interface Place {
  readonly at: number
  readonly values: Float32Array
}

/** Vectors in the kernel's memory: where the first one begins, and how far the next one is from it. */
interface Vectors {
  readonly at: number
  readonly step: number
}

interface Layer extends Layout.Convolution {
  readonly framesIn: number
  readonly framesOut: number
  readonly matrix: number
  readonly bias: Float32Array
  readonly output: number
}

/** Loads the network from the contents of the data file. */
export const make = (data: Float32Array): Network => {
  const array = (name: string, length: number) => data.subarray(offsets[name]!, offsets[name]! + length)
  let top = 0
  const place = (length: number) => {
    const at = top
    // SIMD loads are fastest if aligned to four floats.
    top += Math.ceil(length / 4) * 4
    return at
  }
  place(Layout.length)
  const spectra = place(frames * bins)
  let framesIn = frames
  const layers = encoder.map((layer, i): Layer => {
    const framesOut = framesIn / layer.stride
    const placed = {
      ...layer,
      framesIn,
      framesOut,
      matrix: offsets[`encoder.${i}.weight`]!,
      bias: array(`encoder.${i}.bias`, layer.outputs),
      output: place(framesOut * layer.outputs)
    }
    framesIn = framesOut
    return placed
  })
  const [stateAt, cellsAt, gates] = [place(hidden), place(hidden), place(4 * hidden)]
  const kernel = Kernel.make(4 * top)
  const floats = new Float32Array(kernel.memory)
  const state = { at: stateAt, values: floats.subarray(stateAt, stateAt + hidden) }
  const cells = { at: cellsAt, values: floats.subarray(cellsAt, cellsAt + hidden) }
  floats.set(data)
  const arrange = (at: number, rows: number, columns: number) =>
    floats.set(Kernel.inPanels(data.subarray(at, at + rows * columns), columns), at)
  for (const { inputs, matrix, outputs } of layers) {
    for (let tap = 0; tap < taps; tap++) arrange(matrix + tap * inputs * outputs, inputs, outputs)
  }
  arrange(offsets["lstm.input"]!, hidden, 4 * hidden)
  arrange(offsets["lstm.hidden"]!, hidden, 4 * hidden)
  return {
    floats,
    spectrum: Spectrum.make(array("window", frameSamples)),
    multiply: (out, matrix, input, count, rows, columns) =>
      kernel.matmul(4 * out.at, 4 * out.step, 4 * matrix, 4 * input.at, 4 * input.step, count, rows, columns),
    spectra,
    layers,
    state,
    cells,
    gates,
    step: () => kernel.lstm(4 * stateAt, 4 * cellsAt, 4 * gates, hidden),
    gateBias: array("lstm.bias", 4 * hidden),
    decoder: array("decoder.weight", hidden),
    decoderBias: array("decoder.bias", 1)[0]!
  }
}

/** Applies a convolution and a ReLU. */
const convolve = ({ floats, multiply }: Network, layer: Layer, input: number): void => {
  const { framesIn, framesOut, inputs, matrix, output, outputs, stride } = layer
  for (let frame = 0; frame < framesOut; frame++) floats.set(layer.bias, output + frame * outputs)
  for (let tap = 0; tap < taps; tap++) {
    // The frames before the first and after the last are zero.
    const first = tap === 0 ? 1 : 0
    const count = Math.min(framesOut, Math.ceil((framesIn + 1 - tap) / stride)) - first
    if (count <= 0) continue
    const out = { at: output + first * outputs, step: outputs }
    const from = { at: input + (first * stride + tap - 1) * inputs, step: stride * inputs }
    multiply(out, matrix + tap * inputs * outputs, from, count, inputs, outputs)
  }
  const end = output + framesOut * outputs
  for (let at = output; at < end; at++) if (floats[at]! < 0) floats[at] = 0
}

/** Runs one LSTM step, which updates `h` and `c`, and decodes the new state to a probability. */
const remember = (network: Network, input: number, h: Float32Array, c: Float32Array): number => {
  const { cells, decoder, decoderBias, floats, gateBias, gates, multiply, state } = network
  state.values.set(h)
  cells.values.set(c)
  floats.set(gateBias, gates)
  const out = { at: gates, step: 0 }
  multiply(out, offsets["lstm.input"]!, { at: input, step: 0 }, 1, hidden, 4 * hidden)
  multiply(out, offsets["lstm.hidden"]!, { at: state.at, step: 0 }, 1, hidden, 4 * hidden)
  network.step()
  h.set(state.values)
  c.set(cells.values)
  let sum = decoderBias
  for (let j = 0; j < hidden; j++) if (h[j]! > 0) sum += decoder[j]! * h[j]!
  return 1 / (1 + Math.exp(-sum))
}

/** Makes a detector with a fresh state. */
export const detector = (network: Network) => {
  const { floats, layers, spectra, spectrum } = network
  const end = contextSamples + windowSamples
  const samples = new Float32Array(end + mirroredSamples)
  const h = new Float32Array(hidden)
  const c = new Float32Array(hidden)
  return {
    probability: (window: Int16Array): number => {
      samples.copyWithin(0, windowSamples, end)
      for (let i = 0; i < windowSamples; i++) samples[contextSamples + i] = window[i]! / 32768
      for (let i = 0; i < mirroredSamples; i++) samples[end + i] = samples[end - 2 - i]!
      for (let frame = 0; frame < frames; frame += 2) {
        const first = frame * hopSamples
        spectrum(samples, first, first + hopSamples, floats, spectra + frame * bins)
      }
      let input = spectra
      for (const layer of layers) {
        convolve(network, layer, input)
        input = layer.output
      }
      return remember(network, input, h, c)
    },
    reset: (): void => {
      samples.fill(0)
      h.fill(0)
      c.fill(0)
    }
  }
}
