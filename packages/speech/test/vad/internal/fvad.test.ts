import { assert, describe, it } from "@effect/vitest"
import * as Fvad from "../../../src/vad/internal/fvad.ts"
import * as FvadModule from "../../../src/vad/internal/fvadModule.ts"

describe("fvad", () => {
  it("frees what a detector was made of, and nothing else", async () => {
    const held = new Set<string>()
    const library = await Fvad.load(async () => {
      const module = await FvadModule.instantiate()
      const making =
        <Args extends ReadonlyArray<unknown>>(name: string, make: (...args: Args) => number) =>
        (...args: Args) => {
          const address = make(...args)
          held.add(`${name} ${address}`)
          return address
        }
      const freeing = (name: string, free: (address: number) => void) => (address: number) => {
        assert.isTrue(held.delete(`${name} ${address}`))
        free(address)
      }
      return {
        ...module,
        HEAP16: module.HEAP16,
        _malloc: making("memory", module._malloc),
        _free: freeing("memory", module._free),
        _fvad_new: making("detector", module._fvad_new),
        _fvad_free: freeing("detector", module._fvad_free)
      }
    })
    const [one, other] = [library.detector(), library.detector()]
    assert.strictEqual(held.size, 4)
    one.free()
    assert.strictEqual(other.probability(new Int16Array(Fvad.windowSamples)), 0)
    other.free()
    assert.strictEqual(held.size, 0)
  })
})
