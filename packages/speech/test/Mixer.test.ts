import { assert, describe, it } from "@effect/vitest"
import * as Mixer from "../src/Mixer.ts"

const background = Int16Array.from([1000, 2000, 3000])

describe("Mixer", () => {
  it("loops across frames, with and without a voice", () => {
    const mixer = Mixer.make({ background, gainDb: 0 })
    assert.deepStrictEqual([...mixer.alone(2)], [1000, 2000])
    assert.deepStrictEqual([...mixer.under(Int16Array.from([10, 10, 10]))], [3010, 1010, 2010])
    assert.deepStrictEqual([...mixer.alone(4)], [3000, 1000, 2000, 3000])
  })

  it("has a gain of its own, and is quieter under a voice", () => {
    const mixer = Mixer.make({ background, gainDb: -20, duckDb: 20 })
    assert.deepStrictEqual([...mixer.alone(3)], [100, 200, 300])
    assert.deepStrictEqual([...mixer.under(new Int16Array(3))], [10, 20, 30])
  })

  it("saturates instead of wrapping around", () => {
    const mixer = Mixer.make({ background: Int16Array.from([30000, -30000]), gainDb: 0 })
    assert.deepStrictEqual([...mixer.under(Int16Array.from([30000, -30000]))], [32767, -32768])
  })

  it("ends if it does not loop", () => {
    const mixer = Mixer.make({ background, gainDb: 0, loop: false })
    assert.deepStrictEqual([...mixer.alone(5)], [1000, 2000, 3000, 0, 0])
    assert.deepStrictEqual([...mixer.under(Int16Array.from([5]))], [5])
  })

  it("without background copies the voice unchanged", () => {
    const voice = Int16Array.from([1, -2, 3])
    const mixed = Mixer.make({ background: new Int16Array(0) }).under(voice)
    assert.deepStrictEqual(mixed, voice)
    assert.notStrictEqual(mixed, voice)
  })
})
