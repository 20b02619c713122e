/** The library libfvad (https://github.com/dpirch/libfvad), compiled to WebAssembly. */
// @ts-expect-error The package has no types.
import factory from "@echogarden/fvad-wasm"

/** The exports of the library. Addresses and sizes are in bytes; a handle is an address. */
export interface FvadModule {
  /** Replaced when the memory grows, so do not keep a reference. */
  readonly HEAP16: Int16Array
  readonly _malloc: (bytes: number) => number
  readonly _free: (address: number) => void
  readonly _fvad_new: () => number
  readonly _fvad_free: (handle: number) => void
  /** Also resets mode and rate to their defaults. */
  readonly _fvad_reset: (handle: number) => void
  /** From 0, the most permissive, to 3. */
  readonly _fvad_set_mode: (handle: number, mode: number) => number
  readonly _fvad_set_sample_rate: (handle: number, hz: number) => number
  /** Returns 1 for speech, 0 for none, and -1 if the length is not 10, 20 or 30 ms. */
  readonly _fvad_process: (handle: number, samples: number, length: number) => number
}

/** Makes an instance with its own memory. */
export const instantiate: () => Promise<FvadModule> = factory
