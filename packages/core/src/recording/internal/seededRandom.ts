/** Random numbers of a recorded call, and of each of its model requests. */
import type * as Random from "effect/Random"

/**
 * The generator sfc32 of PractRand, seeded with its state. The generator of `Random.withSeed` has 4 kB of state, and
 * seeding it takes longer than recording a model request.
 */
export const make = (seed: number, second = 0, third = 0): Random.Random => {
  let a = seed | 0
  let b = second
  let c = third
  let count = 1
  const bits = (): number => {
    const drawn = (a + b + count++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + drawn) | 0
    return drawn
  }
  for (let i = 0; i < mixing; i++) bits()
  const next = () => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6)) / 2 ** 53
  return {
    nextDoubleUnsafe: next,
    nextIntUnsafe: () => Math.floor(next() * (2 ** 54 - 1)) + Number.MIN_SAFE_INTEGER
  }
}

/** Number of draws after which every bit of the state depends on every bit of the seed. */
const mixing = 15
