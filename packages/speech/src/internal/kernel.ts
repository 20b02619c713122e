/**
 * Inner loops in WebAssembly, and the memory they work on. The module's 3084 bytes are part of the source, so no file is
 * loaded.
 */
import { kernelBytes } from "./kernelBytes.ts"
import { webAssembly, type Module } from "./webAssembly.ts"

/**
 * The functions of `kernel/kernel.ts`. Addresses are byte offsets into `memory`. The functions keep no state of their
 * own.
 */
export interface Kernel {
  readonly memory: ArrayBuffer
  readonly matmul: (
    out: number,
    outStep: number,
    matrix: number,
    input: number,
    inputStep: number,
    count: number,
    rows: number,
    columns: number
  ) => void
  /** One step of an LSTM of `n` cells. */
  readonly lstm: (h: number, c: number, gates: number, n: number) => void
  readonly resample: (
    out: number,
    rows: number,
    input: number,
    taps: number,
    up: number,
    down: number,
    next: number,
    count: number
  ) => void
}

const pageBytes = 65536

let module: Module | undefined

/** Makes a kernel with its own memory of at least `memoryBytes`. */
export const make = (memoryBytes: number): Kernel => {
  module ??= new webAssembly.Module(Buffer.from(kernelBytes, "base64"))
  const memory = new webAssembly.Memory({ initial: Math.ceil(memoryBytes / pageBytes) })
  const { exports } = new webAssembly.Instance(module, { env: { memory } })
  const { lstm, matmul, resample } = exports as Omit<Kernel, "memory">
  return { memory: memory.buffer, lstm, matmul, resample }
}

/** Width of a panel, in columns. */
const panel = 16

/** Arranges a matrix, given row by row, in the panels that `matmul` reads. */
export const inPanels = (matrix: Float32Array, columns: number): Float32Array => {
  const rows = matrix.length / columns
  const panels = new Float32Array(matrix.length)
  for (let row = 0; row < rows; row++) {
    for (let first = 0; first < columns; first += panel) {
      const from = row * columns + first
      panels.set(matrix.subarray(from, from + panel), first * rows + row * panel)
    }
  }
  return panels
}
