import { assert } from "@effect/vitest"
import { Duration, Effect } from "effect"
import type * as Event from "../../../src/Event.ts"
import * as AnswerWatch from "../../../src/internal/call/answerWatch.ts"
import { pass, test } from "../../virtualTest.ts"

const ended = (eventId: string): Event.UserTurnEnded => ({ _tag: "UserTurnEnded", eventId, content: [] })
const open = (deadline: Duration.Input) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const log: Array<string> = []
    const watch = AnswerWatch.make({
      fork: Effect.runForkWith(context),
      deadline: Duration.fromInputUnsafe(deadline),
      overdue: (eventId, seconds) =>
        Effect.sync(() => {
          watch.answered()
          log.push(`${eventId} ${seconds}`)
        })
    })
    return { watch, log }
  })

test("tells once of an answer that is overdue, for the last turn of the caller", function* () {
  const { log, watch } = yield* open("10 seconds")
  watch.begin(ended("a"))
  yield* pass("6 seconds")
  watch.begin(ended("b"))
  yield* pass("9 seconds")
  assert.deepStrictEqual(log, [])
  yield* pass("1 minute")
  assert.deepStrictEqual(log, ["b 10"])
})

test("tells nothing once the caller has heard something, or without a deadline", function* () {
  const { log, watch } = yield* open("10 seconds")
  watch.begin(ended("a"))
  yield* pass("9 seconds")
  watch.answered()
  const never = yield* open(Duration.infinity)
  never.watch.begin(ended("a"))
  yield* pass("1 hour")
  assert.deepStrictEqual([log, never.log], [[], []])
})
