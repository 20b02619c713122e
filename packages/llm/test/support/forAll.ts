/** Properties over random schedules that their seeds determine. */
import { it } from "@effect/vitest"
import { Cause, Effect, Layer, References, type Scope } from "effect"
import { TestClock } from "effect/testing"

/** A stream of random values that its seed determines. */
export interface Random {
  /** Both ends included. */
  readonly int: (from: number, to: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(from: ReadonlyArray<A>) => A
  readonly many: <A>(count: number, make: (index: number) => A) => ReadonlyArray<A>
}

/** The generator is mulberry32. */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(0, from.length - 1)]!,
    many: (count, make) => Array.from({ length: count }, (_, index) => make(index))
  }
}

const firstSeed = Number(process.env["ANTIPHON_SEED"] ?? Math.floor(Math.random() * 0x1_0000_0000))
const runs = Number(process.env["ANTIPHON_RUNS"] ?? 200)

/** Checks a property over random schedules, each on a clock of its own. Says which seed fails. */
export const forAll = (
  name: string,
  property: (random: Random) => Effect.Effect<void, unknown, Scope.Scope>,
  schedules = runs
) =>
  it.effect(
    name,
    () =>
      Effect.gen(function* () {
        for (let seed = firstSeed; seed < firstSeed + schedules; seed++) {
          yield* Effect.suspend(() => property(seeded(seed))).pipe(
            Effect.scoped,
            Effect.provide(Layer.fresh(TestClock.layer())),
            Effect.provideService(References.MinimumLogLevel, "None"),
            Effect.catchCause((cause) =>
              Effect.die(new Error(`${Cause.pretty(cause)}\n\nANTIPHON_SEED=${seed} begins with this schedule`))
            )
          )
        }
      }),
    120_000
  )
