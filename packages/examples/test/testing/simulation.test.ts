import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Rules from "@antiphon/core/testing/Rules"
import * as SimulatedCaller from "@antiphon/core/testing/SimulatedCaller"
import subjects from "../../src/testing/simulation.ts"

const seed = Number(process.env["ANTIPHON_SEED"] ?? Math.floor(Math.random() * 0x1_0000_0000))
const calls = Number(process.env["ANTIPHON_RUNS"] ?? 60)

describe("simulation", () => {
  for (const [index, { callers, simulate }] of subjects.entries()) {
    it.effect(
      `subject ${index} keeps the rules`,
      () =>
        Effect.gen(function* () {
          for (let n = seed; n < seed + calls; n++) {
            const call = yield* simulate(SimulatedCaller.make(n, callers))
            assert.deepStrictEqual(call.breaches, [], call.breaches.length === 0 ? "" : Rules.render(call))
          }
        }),
      120_000
    )
  }
})
