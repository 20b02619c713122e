/**
 * Properties that hold for every seed. Each seed is checked on its own virtual time, one after another.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"
import * as Chance from "./Chance.ts"
import * as VirtualTime from "./VirtualTime.ts"

/** A property does not hold. The message names the failing seed; start with it to reproduce the failure. */
export class Broken extends Data.TaggedError("Broken")<{ readonly seed: number; readonly message: string }> {}

/** Which seeds to check. */
export interface Options {
  /** The first seed; the others follow it. 1 by default. */
  readonly seed?: number | undefined
  /** How many seeds. 100 by default. */
  readonly runs?: number | undefined
}

/** Checks a property, and dies with `Broken` if it does not hold. Discards log lines meanwhile. */
export const check = <E, R>(
  property: (chance: Chance.Chance) => Effect.Effect<void, E, R>,
  { runs = 100, seed: first = 1 }: Options = {}
): Effect.Effect<void, never, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    for (let seed = first; seed < first + runs; seed++) {
      yield* Effect.suspend(() => property(Chance.make(seed))).pipe(
        Effect.scoped,
        Effect.provideService(References.MinimumLogLevel, "None"),
        (run) => VirtualTime.run(run, { seed }),
        Effect.catchCause((cause) =>
          Effect.die(new Broken({ seed, message: `With the seed ${seed}:\n\n${Cause.pretty(cause)}` }))
        )
      )
    }
  })
