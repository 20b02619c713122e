import { assert } from "@effect/vitest"
import { Cause, Effect, Layer, Logger } from "effect"
import * as Agent from "../../../src/Agent.ts"
import * as Call from "../../../src/Call.ts"
import * as Complaints from "../../../src/internal/call/complaints.ts"
import { pass, settled, test } from "../../virtualTest.ts"

/** Runs an effect with a logger that collects the lines. */
const logged = <A, E, R>(use: (lines: ReadonlyArray<string>) => Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
      lines.push([logLevel, ...[message].flat().filter((part) => !Cause.isCause(part))].map(String).join(" "))
    })
    return Effect.provide(use(lines), Layer.fresh(Logger.layer([logger])))
  })

test("are all logged up to a limit, then one at a time with the count of those left out", function* () {
  yield* logged((lines) =>
    Effect.gen(function* () {
      const complain = Complaints.make()
      for (let i = 0; i < 50; i++) yield* complain("Error", `no ${i}`, Cause.die("why"))
      assert.strictEqual(lines.length, 20)
      assert.strictEqual(lines[0], "Error no 0")
      yield* pass("9 seconds")
      yield* complain("Warn", "too soon")
      yield* pass("1 second")
      yield* complain("Warn", "again")
      assert.deepStrictEqual(lines.slice(20), ["Warn again (31 more lines about this call were left out)"])
      yield* pass("1 hour")
      yield* complain("Warn", "later")
      assert.strictEqual(lines.at(-1), "Warn later")
    })
  )
})

test("of a call whose agent fails at every turn do not fill the log", function* () {
  yield* logged((lines) =>
    Effect.gen(function* () {
      const agent = Agent.make<never, never>(() => {
        throw new Error("no")
      })
      const harness = { send: () => Effect.void, fail: () => Effect.void }
      const call = yield* Call.make(agent, { harness })
      for (let i = 0; i < 200; i++) {
        yield* call.receive({ _tag: "UserTurnStarted" })
        yield* call.receive({ _tag: "UserTurnEnded" })
        yield* settled
      }
      assert.isAbove(lines.length, 0)
      assert.isAtMost(lines.length, 20)
    })
  )
})
