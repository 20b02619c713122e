import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ending } from "../../src/Ending.ts"
import * as Tally from "../../src/internal/tally.ts"
import * as CallLog from "../../src/internal/callLog.ts"
import * as Server from "../support/server.ts"

const places: Tally.Places = { openCalls: 0, openings: 0, maxCalls: 1, refusal: undefined, draining: false }

/** Returns the lines that an effect has logged. */
const lines = (write: (log: CallLog.CallLog) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const log: Array<Server.Line> = []
    const clock = yield* Clock.Clock
    yield* Effect.provide(
      write(
        CallLog.make(
          "line",
          clock,
          Tally.make(clock, () => places)
        )
      ),
      Server.layerLog(log)
    )
    return log
  })

describe("CallLog", () => {
  it.effect("has a bounded number of lines about sockets on which no call started", () =>
    Effect.gen(function* () {
      const log: Array<Server.Line> = []
      const clock = yield* Clock.Clock
      const health = Tally.make(clock, () => places)
      const open = Effect.suspend(() => CallLog.make("line", clock, health).ended(Ending.Full(), "e"))
      yield* Effect.provide(Effect.repeat(open, { times: 999 }), Server.layerLog(log))
      assert.strictEqual(log.length, 100)
      yield* TestClock.adjust("1 second")
      yield* Effect.provide(open, Server.layerLog(log))
      assert.strictEqual(log.at(-1)?.message, "The call ended: Full. (900 more were not logged)")
      // Each one is counted nevertheless.
      assert.deepStrictEqual((yield* health.snapshot).ended, { Full: 1001 })
    })
  )

  it.effect("has one line for the start of a call and one for its end, with its counts", () =>
    Effect.gen(function* () {
      const [started, ended, ...rest] = yield* lines((log) =>
        Effect.gen(function* () {
          yield* log.started("c1")
          log.received(3)
          log.received(1)
          log.sent(2)
          log.turn()
          yield* TestClock.adjust("1500 millis")
          yield* log.ended(Ending.PeerClosed(), "e1")
        })
      )
      assert.deepStrictEqual(rest, [])
      assert.deepStrictEqual(started, {
        level: "Info",
        message: "The call started.",
        cause: "",
        annotations: { callId: "c1", protocol: "line" }
      })
      assert.deepStrictEqual(ended, {
        level: "Info",
        message: "The call ended: PeerClosed.",
        cause: "",
        annotations: {
          callId: "c1",
          protocol: "line",
          errorId: "e1",
          seconds: 1.5,
          received: 4,
          sent: 2,
          turns: 1,
          dropped: 0
        }
      })
    })
  )

  it.effect("logs a socket without a call at debug level, and its error otherwise", () =>
    Effect.gen(function* () {
      const [closed, failed] = yield* lines((log) =>
        Effect.andThen(
          log.ended(Ending.PeerClosed(), "e1"),
          log.ended(Ending.StartFailed({ message: "not JSON" }), "e2")
        )
      )
      assert.deepStrictEqual([closed?.level, closed?.annotations["callId"]], ["Debug", "unknown"])
      assert.deepStrictEqual([failed?.level, failed?.annotations["why"]], ["Warn", "not JSON"])
    })
  )

  it.effect("logs the cause of a failure, and its id", () =>
    Effect.gen(function* () {
      const cause = Cause.die(new Error("no model"))
      const [line] = yield* lines((log) => log.ended(Ending.FactoryFailed({ callId: "c1", cause }), "e1"))
      assert.strictEqual(line?.level, "Error")
      assert.include(line?.cause, "no model")
      assert.strictEqual(line?.annotations["errorId"], "e1")
    })
  )

  it.effect("bounds the lines about dropped messages, and counts them all", () =>
    Effect.gen(function* () {
      const log = yield* lines((log) =>
        Effect.gen(function* () {
          yield* log.started("c1")
          yield* Effect.repeat(log.dropped("unknown type"), { times: 2999 })
          yield* TestClock.adjust("10 seconds")
          yield* log.dropped("unknown type")
          yield* log.ended(Ending.PeerClosed(), "e1")
        })
      )
      const dropped = log.filter(({ message }) => message.startsWith("A message was dropped"))
      assert.strictEqual(dropped.length, 21)
      assert.strictEqual(dropped[0]?.message, "A message was dropped: unknown type.")
      assert.strictEqual(dropped[20]?.message, "A message was dropped: unknown type. (2980 more were not logged)")
      assert.isTrue(dropped.every(({ annotations }) => annotations["callId"] === "c1"))
      assert.strictEqual(log.at(-1)?.annotations["dropped"], 3001)
    })
  )

  it("truncates and escapes call ids", () => {
    assert.strictEqual(CallLog.shownId("call-1_ü.😀"), "call-1_ü.😀")
    assert.strictEqual(CallLog.shownId("a\n\u001b[2J\u2028\u009b\u0000"), "a\\u000a\\u001b[2J\\u2028\\u009b\\u0000")
    assert.strictEqual(CallLog.shownId("x".repeat(900_000)), `${"x".repeat(128)}...`)
    assert.strictEqual(CallLog.shownId("\n".repeat(9000)).length, 128 * 6 + 3)
  })
})
