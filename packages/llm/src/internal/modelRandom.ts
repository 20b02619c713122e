/**
 * What a model of a recorded call draws at random. Each request has numbers of its own, which hang on nothing that was drawn
 * before: those of the call would be others where another model answers, as in a replay.
 */
import type * as Random from "effect/Random"

/**
 * The generator sfc32 of PractRand, whose state is the seed. That of `Random.withSeed` takes longer to seed than a request
 * takes to be recorded.
 */
export const make = (seed: number, turn: number, messages: number): Random.Random => {
  let a = seed | 0
  let b = turn
  let c = messages
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

/** Draws after which all of the state hangs on all of the seed. */
const mixing = 15
