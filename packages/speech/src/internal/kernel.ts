/**
 * Inner loops in WebAssembly, and the memory they work on. The module's 564 bytes are part of the source, so no file is
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
  readonly matvec: (out: number, matrix: number, input: number, rows: number, columns: number) => void
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
  const { matvec, resample } = exports as Omit<Kernel, "memory">
  return { memory: memory.buffer, matvec, resample }
}
