import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Simulation from "../src/internal/simulation.ts"
import { fixture, run } from "./running.ts"

const good = ["simulate", "--agent", fixture("subjects.ts")]
const broken = ["simulate", "--agent", fixture("brokenSubject.ts")]

describe("antiphon simulate", () => {
  it.live("plays calls, and reports that all rules hold and how fast it was", () =>
    Effect.gen(function* () {
      const { error, out } = yield* run([...good, "--calls", "30"])
      assert.isUndefined(error)
      assert.match(out, /All rules hold\. 30 of 30 calls, seeds 1 to 30\./)
      assert.match(out, /\d+\.\d\d call-hours\/s/)
    })
  )

  it.live("stops at the first call that breaks a rule, and shows the shortest one and how to reproduce it", () =>
    Effect.gen(function* () {
      const { error, out } = yield* run([...broken, "--calls", "50", "--seed", "3"])
      assert.strictEqual(error?._tag, "NotPassed")
      assert.match(out, /rule 11, at 0 ms: the agent shouts about an order/)
      assert.match(out, /The script of the call:\n[^\n]*Says text: "My order"[^\n]*\n\n/)
      const seed = /antiphon simulate --agent \S+ --call (\d+)/.exec(out)?.[1]
      const again = yield* run([...broken, "--call", seed ?? ""])
      assert.strictEqual(again.error?._tag, "NotPassed")
      assert.match(again.out, /rule 11/)
    })
  )

  it.live("prints the same as JSON", () =>
    Effect.gen(function* () {
      const { error, out } = yield* run([...broken, "--calls", "50", "--json"])
      assert.strictEqual(error?._tag, "NotPassed")
      const { broken: call, result, wanted } = JSON.parse(out)
      assert.strictEqual(result, "broken")
      assert.strictEqual(wanted, 50)
      assert.strictEqual(call.breaches[0].rule, 11)
      const one = yield* run([...broken, "--call", `${call.seed}`, "--json"])
      assert.deepStrictEqual(JSON.parse(one.out).breaches, call.breaches)
    })
  )

  it.live("shows one call as a timeline", () =>
    Effect.gen(function* () {
      const { error, out } = yield* run([...good, "--call", "2"])
      assert.isUndefined(error)
      assert.match(out, /caller +agent/)
      assert.match(out, /All rules hold/)
    })
  )

  it.live(
    "gives the same outcomes in the same order on several threads",
    () =>
      Effect.gen(function* () {
        const options = { module: fixture("subjects.ts"), calls: 90, seed: 5 }
        const alone = yield* Stream.runCollect(Simulation.run({ ...options, threads: 1 }))
        const together = yield* Stream.runCollect(Simulation.run({ ...options, threads: 2 }))
        assert.deepStrictEqual(together, alone)
        assert.strictEqual(together[0]?.seed, 5)
      }),
    120_000
  )

  it.live(
    "explains why a thread has nothing to play",
    () =>
      Effect.gen(function* () {
        const options = { module: fixture("nothing.ts"), calls: 90, seed: 5, threads: 2 }
        const { message } = yield* Effect.flip(Stream.runDrain(Simulation.run(options)))
        assert.match(message, /nothing to simulate/)
      }),
    120_000
  )

  it.live("requires an existing module with something to play", () =>
    Effect.gen(function* () {
      const message = (args: ReadonlyArray<string>) =>
        Effect.map(run(["simulate", ...args]), ({ error }) => (error?._tag === "CliError" ? error.message : ""))
      assert.match(yield* message([]), /Which agent\?/)
      assert.match(yield* message(["--agent", "nowhere.ts"]), /There is no file nowhere\.ts/)
      assert.match(yield* message(["--agent", fixture("nothing.ts")]), /nothing to simulate/)
      assert.match(yield* message(["--agent", fixture("subjects.ts"), "--calls", "0"]), /--calls/)
    })
  )
})
