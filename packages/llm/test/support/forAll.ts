import type * as Chance from "@antiphon/core/testing/Chance"
import * as Property from "@antiphon/core/testing/Property"
import { it } from "@effect/vitest"
import type { Effect, Scope } from "effect"

const seed = Number(process.env["ANTIPHON_SEED"] ?? Math.floor(Math.random() * 0x1_0000_0000))
const schedules = Number(process.env["ANTIPHON_RUNS"] ?? 100)

/** A property as a test. A run by hand draws new seeds; `ANTIPHON_SEED` begins with the one that failed. */
export const forAll = (
  name: string,
  property: (chance: Chance.Chance) => Effect.Effect<void, unknown, Scope.Scope>,
  runs = schedules
) => it.effect(name, () => Property.check(property, { seed, runs }), 120_000)
