/** The library libfvad (https://github.com/dpirch/libfvad), compiled to WebAssembly. */
// @ts-expect-error The package has no types.
import factory from "@echogarden/fvad-wasm"

/** What the library exports. Addresses and sizes are in bytes, handles are addresses. */
export interface FvadModule {
  /** Another view after the memory has grown: read it each time. */
  readonly HEAP16: Int16Array
  readonly _malloc: (bytes: number) => number
  readonly _free: (address: number) => void
  readonly _fvad_new: () => number
  readonly _fvad_free: (handle: number) => void
  /** Sets mode and rate back as well. */
  readonly _fvad_reset: (handle: number) => void
  /** From 0, which takes most for speech, to 3. */
  readonly _fvad_set_mode: (handle: number, mode: number) => number
  readonly _fvad_set_sample_rate: (handle: number, hz: number) => number
  /** 1 if there is speech, 0 if there is none, -1 if the length is not 10, 20 or 30 ms. */
  readonly _fvad_process: (handle: number, samples: number, length: number) => number
}

/** Makes an instance with a memory of its own. */
export const instantiate: () => Promise<FvadModule> = factory
