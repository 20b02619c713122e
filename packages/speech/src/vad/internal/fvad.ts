/** WebRTC's voice detector, in WebAssembly. */
import * as FvadModule from "./fvadModule.ts"

export const windowSamples = 320
const sampleRateHz = 16000
const strictest = 3

export interface Library {
  readonly detector: () => {
    readonly probability: (window: Int16Array) => number
    readonly reset: () => void
    readonly free: () => void
  }
}

export const load = async (instantiate = FvadModule.instantiate): Promise<Library> => {
  const module = await instantiate()
  return {
    detector: () => {
      const handle = module._fvad_new()
      const input = module._malloc(2 * windowSamples)
      const configure = () => {
        module._fvad_set_mode(handle, strictest)
        module._fvad_set_sample_rate(handle, sampleRateHz)
      }
      configure()
      return {
        probability: (window) => {
          module.HEAP16.set(window, input >> 1)
          return module._fvad_process(handle, input, windowSamples)
        },
        reset: () => {
          module._fvad_reset(handle)
          configure()
        },
        free: () => {
          module._free(input)
          module._fvad_free(handle)
        }
      }
    }
  }
}
