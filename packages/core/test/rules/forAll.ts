import { it } from "@effect/vitest"
import type { Effect, Scope } from "effect"
import type * as Chance from "../../src/testing/Chance.ts"
import * as Property from "../../src/testing/Property.ts"

/** A run by hand draws new seeds; `ANTIPHON_SEED` makes it start with the one that failed. */
export const seed = Number(process.env["ANTIPHON_SEED"] ?? Math.floor(Math.random() * 0x1_0000_0000))
export const runs = Number(process.env["ANTIPHON_RUNS"] ?? 200)

/** A property as a test. */
export const forAll = (name: string, property: (chance: Chance.Chance) => Effect.Effect<void, unknown, Scope.Scope>) =>
  it.effect(name, () => Property.check(property, { seed, runs }), 120_000)
