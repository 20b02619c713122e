/**
 * The inner loops in WebAssembly, and memory for them to work in. They are a module of 564 bytes: no file is loaded.
 */
import { kernelBytes } from "./kernelBytes.ts"
import { webAssembly, type Module } from "./webAssembly.ts"

/** The loops of `kernel/kernel.ts`. Addresses are in bytes. They keep nothing: what they work on is in `memory`. */
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

/** Makes a kernel with a memory of its own, of at least so many bytes. */
export const make = (memoryBytes: number): Kernel => {
  module ??= new webAssembly.Module(Buffer.from(kernelBytes, "base64"))
  const memory = new webAssembly.Memory({ initial: Math.ceil(memoryBytes / pageBytes) })
  const { exports } = new webAssembly.Instance(module, { env: { memory } })
  const { matvec, resample } = exports as Omit<Kernel, "memory">
  return { memory: memory.buffer, matvec, resample }
}
