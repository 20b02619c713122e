import { assert } from "@effect/vitest"
import { Duration, Effect } from "effect"
import * as TurnSlot from "../../../src/internal/call/turnSlot.ts"
import { pass, settled, test } from "../../virtualTest.ts"

const open = Effect.gen(function* () {
  const context = yield* Effect.context<never>()
  const log: Array<string> = []
  const slot = TurnSlot.make({
    fork: Effect.runForkWith(context),
    grace: Duration.millis(100),
    regionLimit: Duration.millis(500),
    changed: () => log.push("free"),
    onLate: (what) => Effect.sync(() => void log.push(what))
  })
  const turn = (name: string, run: (running: TurnSlot.Running) => Effect.Effect<void>): TurnSlot.Turn => ({
    run: (running) =>
      Effect.suspend(() => {
        log.push(`${name} starts`)
        return Effect.andThen(run(running), Effect.sync(running.over))
      }),
    cancelled: (began) => log.push(`${name} ${began ? "cancelled" : "dropped"}`)
  })
  return { slot, turn, log }
})
const cleansUp = (time: Duration.Input) => () => Effect.onInterrupt(Effect.never, () => Effect.sleep(time))

test("the next turn starts when the old one's finalizers have run; only the last waiting turn starts", function* () {
  const { log, slot, turn } = yield* open
  slot.replace(turn("a", cleansUp("50 millis")))
  slot.replace(turn("b", () => Effect.void))
  slot.replace(turn("c", () => Effect.void))
  assert.deepStrictEqual(log, ["a starts", "a cancelled", "b dropped"])
  yield* pass("49 millis")
  assert.isFalse(slot.isFree())
  yield* pass("1 millis")
  assert.deepStrictEqual(log.slice(3), ["c starts", "free"])
})

test("turns that end at once and are replaced by then take no stack, and let others run in between", function* () {
  const { slot, turn } = yield* open
  const count = 10_000
  let begun = 0
  const next = (): TurnSlot.Turn =>
    turn("a", () =>
      Effect.sync(() => {
        if (++begun < count) slot.replace(next())
      })
    )
  slot.replace(next())
  const atOnce = begun
  yield* settled
  assert.strictEqual(begun, count)
  assert.isBelow(atOnce, 100)
  assert.isTrue(slot.isFree())
})

test("a turn that waits until others have run can still be dropped", function* () {
  const { log, slot, turn } = yield* open
  let begun = 0
  const next = (): TurnSlot.Turn => turn(`${++begun}`, () => Effect.sync(() => slot.replace(next())))
  slot.replace(next())
  assert.isFalse(slot.isFree())
  slot.cancel()
  assert.isTrue(slot.isFree())
  yield* settled
  assert.deepStrictEqual(log.slice(-2), [`${begun} dropped`, "free"])
})

test("the grace period starts once, however often a turn is asked to stop", function* () {
  const { log, slot, turn } = yield* open
  slot.replace(turn("a", cleansUp("1 hour")))
  slot.replace(turn("b", () => Effect.never))
  yield* pass("60 millis")
  slot.replace(turn("c", () => Effect.never))
  yield* pass("40 millis")
  assert.deepStrictEqual(log, ["a starts", "a cancelled", "b dropped", "c starts", "Cleanup"])
  yield* slot.close
})

test("a region delays stopping its turn, up to the limit", function* () {
  const { log, slot, turn } = yield* open
  slot.replace(
    turn("a", (running) =>
      Effect.andThen(
        running.enter,
        Effect.andThen(Effect.sleep("200 millis"), Effect.andThen(running.exit, Effect.never))
      )
    )
  )
  slot.cancel()
  yield* pass("199 millis")
  assert.deepStrictEqual(log, ["a starts"])
  yield* pass("1 millis")
  assert.deepStrictEqual(log, ["a starts", "a cancelled", "free"])
  slot.replace(turn("b", (running) => Effect.andThen(running.enter, Effect.never)))
  slot.cancel()
  yield* pass("499 millis")
  assert.deepStrictEqual(log.slice(3), ["b starts"])
  yield* pass("1 millis")
  assert.deepStrictEqual(log.slice(3), ["b starts", "b cancelled", "free", "Region"])
})

test("a turn that has ended is not cancelled", function* () {
  const { log, slot, turn } = yield* open
  slot.replace(turn("a", () => Effect.void))
  yield* settled
  slot.cancel()
  assert.deepStrictEqual(log, ["a starts", "free"])
})

test("a closed slot starts nothing, and waits for the remaining turn", function* () {
  const { log, slot, turn } = yield* open
  slot.replace(turn("a", cleansUp("30 millis")))
  yield* slot.close
  slot.replace(turn("b", () => Effect.void))
  assert.deepStrictEqual(log, ["a starts", "a cancelled", "b dropped"])
})

test("a turn that cleans up slowly after a failed region is cancelled when the slot is closed", function* () {
  const { log, slot, turn } = yield* open
  const failing = (running: TurnSlot.Running) =>
    running.enter.pipe(
      Effect.andThen(Effect.sleep("10 millis")),
      Effect.andThen(running.exitFailed),
      Effect.onInterrupt(() => Effect.sleep("1 hour"))
    )
  slot.replace(turn("a", failing))
  slot.cancel()
  yield* pass("10 millis")
  assert.deepStrictEqual(log, ["a starts"])
  yield* Effect.forkChild(slot.close)
  yield* settled
  assert.deepStrictEqual(log, ["a starts", "a cancelled"])
})

test("the grace period of a turn whose region has failed also starts only once", function* () {
  const { log, slot, turn } = yield* open
  const failing = (running: TurnSlot.Running) =>
    running.enter.pipe(
      Effect.andThen(Effect.sleep("10 millis")),
      Effect.andThen(running.exitFailed),
      Effect.onInterrupt(() => Effect.sleep("1 hour"))
    )
  slot.replace(turn("a", failing))
  slot.replace(turn("b", () => Effect.never))
  yield* pass("60 millis")
  slot.replace(turn("c", () => Effect.never))
  yield* pass("50 millis")
  assert.deepStrictEqual(log, ["a starts", "b dropped", "a cancelled", "c starts", "Cleanup"])
  yield* Effect.forkChild(slot.close)
})
