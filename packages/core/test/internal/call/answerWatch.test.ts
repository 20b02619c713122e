import { assert } from "@effect/vitest"
import { Clock, Duration, Effect } from "effect"
import type * as Event from "../../../src/Event.ts"
import * as AnswerWatch from "../../../src/internal/call/answerWatch.ts"
import { pass, test } from "../../virtualTest.ts"

const ended = (eventId: string): Event.UserTurnEnded => ({ _tag: "UserTurnEnded", eventId, content: [] })
const open = (deadline: Duration.Input, say: Effect.Effect<void> = Effect.void) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const log: Array<string> = []
    const watch = AnswerWatch.make({
      clock: yield* Clock.Clock,
      fork: Effect.runForkWith(context),
      deadline: Duration.fromInputUnsafe(deadline),
      overdue: (eventId, seconds) =>
        Effect.suspend(() => {
          watch.answered()
          log.push(`${eventId} ${seconds}`)
          return say
        })
    })
    return { watch, log }
  })

test("reports an overdue answer once, for the caller's last turn", function* () {
  const { log, watch } = yield* open("10 seconds")
  watch.begin(ended("a"))
  yield* pass("6 seconds")
  watch.begin(ended("b"))
  yield* pass("9 seconds")
  assert.deepStrictEqual(log, [])
  yield* pass("1 minute")
  assert.deepStrictEqual(log, ["b 10"])
})

test("reports nothing once the caller has heard something, or without a deadline", function* () {
  const { log, watch } = yield* open("10 seconds")
  watch.begin(ended("a"))
  yield* pass("9 seconds")
  watch.answered()
  const never = yield* open(Duration.infinity)
  never.watch.begin(ended("a"))
  yield* pass("1 hour")
  assert.deepStrictEqual([log, never.log], [[], []])
})

test("a recorded reason counts only for the turn it names", function* () {
  const { log, watch } = yield* open("10 seconds")
  watch.begin(ended("a"))
  watch.explained("another")
  yield* pass("10 seconds")
  assert.deepStrictEqual(log, ["a 10"])
  watch.begin(ended("b"))
  watch.explained("b")
  yield* pass("1 minute")
  assert.deepStrictEqual(log, ["a 10"])
})

test("interrupts everything being said because of overdue answers, and waits for it", function* () {
  const cut: Array<string> = []
  const { watch } = yield* open(
    "1 seconds",
    Effect.onInterrupt(Effect.never, () =>
      Effect.andThen(
        Effect.sleep("2 seconds"),
        Effect.sync(() => cut.push("cut"))
      )
    )
  )
  for (const id of ["a", "b"]) {
    watch.begin(ended(id))
    yield* pass("1 seconds")
  }
  const closing = yield* Effect.forkChild(watch.close)
  yield* pass("1999 millis")
  assert.deepStrictEqual([cut, closing.pollUnsafe()], [[], undefined])
  yield* pass("1 millis")
  assert.deepStrictEqual(cut, ["cut", "cut"])
  assert.isDefined(closing.pollUnsafe())
})
