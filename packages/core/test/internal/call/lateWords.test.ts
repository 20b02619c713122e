import { assert } from "@effect/vitest"
import { Duration, Effect } from "effect"
import type * as EventFilter from "../../../src/EventFilter.ts"
import * as LateWords from "../../../src/internal/call/lateWords.ts"
import { pass, test } from "../../virtualTest.ts"

const open = (wait: Duration.Input = "300 millis") =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const state = { turns: 0 }
    const late = LateWords.make({
      fork: Effect.runForkWith(context),
      wait: Duration.fromInputUnsafe(wait),
      turn: () => void state.turns++
    })
    const began = () => late.happened({ _tag: "UserTurnStarted", eventId: "s" }, "Cancel")
    const over = () => late.happened({ _tag: "UserTurnEnded", eventId: "e", content: [] }, "Run")
    const said = (content = "and more", decided: Parameters<typeof late.happened>[1] = "Keep") =>
      late.happened({ _tag: "UserTextSent", eventId: "t", content }, decided)
    return { late, state, began, over, said }
  })

test("are answered once no more have followed for the wait", function* () {
  const { began, over, said, state } = yield* open()
  began()
  said()
  over()
  yield* pass("150 millis")
  said()
  yield* pass("299 millis")
  said()
  yield* pass("299 millis")
  assert.strictEqual(state.turns, 0)
  yield* pass("1 hour")
  assert.strictEqual(state.turns, 1)
})

test("are ignored if the harness reports no turn starts, if they are blank, or if the wait is infinite", function* () {
  const { over, said, state } = yield* open()
  over()
  said()
  const blank = yield* open()
  blank.began()
  blank.over()
  blank.said("  ")
  const never = yield* open(Duration.infinity)
  never.began()
  never.over()
  never.said()
  yield* pass("1 hour")
  assert.deepStrictEqual([state.turns, blank.state.turns, never.state.turns], [0, 0, 0])
})

test("are ignored if a turn follows or they are taken back", function* () {
  const { began, late, over, said, state } = yield* open()
  const stop = () => late.stop()
  for (const follows of [began, over, stop, () => said("x", "Run")]) {
    began()
    over()
    if (follows !== over && follows !== began && follows !== stop) {
      follows()
      continue
    }
    said()
    follows()
  }
  yield* pass("1 hour")
  assert.strictEqual(state.turns, 0)
})

test("wait for a slow filter, and are answered if it starts no turn", function* () {
  for (const [decision, turns] of [
    ["Keep", 1],
    ["Run", 0]
  ] as const) {
    for (const think of [Effect.sleep("100 millis"), Effect.void]) {
      const { began, late, over, said, state } = yield* open()
      began()
      over()
      said("x", Effect.as(think, decision as EventFilter.Decision))
      yield* pass("400 millis")
      assert.strictEqual(state.turns, turns)
      said("y", Effect.as(think, decision as EventFilter.Decision))
      yield* pass("150 millis")
      late.stop()
      yield* pass("1 hour")
      assert.strictEqual(state.turns, turns)
    }
  }
})
