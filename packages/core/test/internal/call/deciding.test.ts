import { assert } from "@effect/vitest"
import { Duration, Effect } from "effect"
import type * as Event from "../../../src/Event.ts"
import type * as EventFilter from "../../../src/EventFilter.ts"
import * as Deciding from "../../../src/internal/call/deciding.ts"
import { pass, test } from "../../virtualTest.ts"

const event = (eventId: string): Event.Input => ({ _tag: "UserTurnEnded", eventId, content: [] })
type Said = EventFilter.Decision | "throws" | "dies" | "hangs" | readonly [Duration.Input, EventFilter.Decision]

const open = (answers: Readonly<Record<string, Said>>) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const log: Array<string> = []
    const filter =
      (wanted: "Run" | "Cancel"): EventFilter.EventFilter =>
      (input) => {
        const said = answers[input.eventId]!
        if (said === "throws") throw new Error("thrown")
        if (said === "dies") return Effect.die("dead")
        if (said === "hangs") return Effect.uninterruptible(Effect.never)
        if (typeof said === "string") return said === wanted
        // The first filter takes the time.
        return wanted === "Run" ? Effect.as(Effect.sleep(said[0]), said[1] === "Run") : said[1] === "Cancel"
      }
    const deciding = Deciding.make<never>({
      policy: { run: filter("Run"), cancel: filter("Cancel") },
      timeout: Duration.seconds(2),
      fork: Effect.runForkWith(context),
      act: (events, decision) => log.push(`${decision} ${events.map(({ eventId }) => eventId).join("+")}`),
      failed: () => Effect.sync(() => void log.push("failed")),
      late: Effect.sync(() => void log.push("late")),
      settled: () => {}
    })
    return { deciding, log, decide: (...ids: ReadonlyArray<string>) => deciding.decide(ids.map(event)) }
  })

test("a plain filter decides at once", function* () {
  const { decide, log } = yield* open({ a: "Run", b: "Cancel", c: "Keep" })
  assert.deepStrictEqual([decide("a"), decide("b"), decide("c")], ["Run", "Cancel", "Keep"])
  assert.deepStrictEqual(log, ["Run a", "Cancel b"])
})

test("nobody waits for a slow filter, and an overtaken decision has no effect", function* () {
  const { decide, deciding, log } = yield* open({ a: ["50 millis", "Run"], b: "Cancel", c: ["10 millis", "Keep"] })
  const first = decide("a")
  assert.isTrue(deciding.isUndecided())
  assert.strictEqual(decide("b"), "Cancel")
  yield* pass("60 millis")
  assert.deepStrictEqual(log, ["Cancel b"])
  assert.strictEqual(typeof first === "string" ? first : yield* first, "Keep")
  assert.isFalse(deciding.isUndecided())
})

test("an earlier event still runs although a later one was kept before its decision", function* () {
  const { decide, log } = yield* open({ a: ["50 millis", "Run"], b: "Keep" })
  decide("a")
  decide("b")
  yield* pass("50 millis")
  assert.deepStrictEqual(log, ["Run a"])
})

test("a late decision does not run what was taken back", function* () {
  const { decide, deciding, log } = yield* open({ a: ["50 millis", "Run"], b: "Run" })
  decide("a")
  deciding.takenBack()
  yield* pass("50 millis")
  assert.deepStrictEqual(log, [])
  decide("b")
  assert.deepStrictEqual(log, ["Run b"])
})

test("an event is kept if its filter hangs, throws or dies", function* () {
  const { decide, log } = yield* open({ a: ["1 hour", "Run"], b: "throws", c: "dies" })
  decide("a")
  assert.strictEqual(decide("b"), "Keep")
  decide("c")
  yield* pass("1999 millis")
  assert.deepStrictEqual(log, ["failed", "failed"])
  yield* pass("1 millis")
  assert.deepStrictEqual(log, ["failed", "failed", "late"])
})

test("a filter that hangs and cannot be interrupted delays nothing beyond its time", function* () {
  const { decide, deciding, log } = yield* open({ a: "hangs", b: "Run" })
  const decided = decide("a", "b")
  yield* pass("2 seconds")
  assert.isFalse(deciding.isUndecided())
  assert.strictEqual(typeof decided === "string" ? decided : yield* decided, "Run")
  assert.deepStrictEqual(log, ["late", "Run b"])
})

test("events that came together wait no longer than one would, and one turn responds to all that run", function* () {
  const { decide, log } = yield* open({ a: ["1 hour", "Run"], b: ["1 hour", "Run"], c: "Run", d: "Run" })
  decide("a", "c", "b", "d")
  yield* pass("2 seconds")
  assert.deepStrictEqual(log, ["late", "late", "Run c+d"])
})

test("closing interrupts the filters that are still deciding", function* () {
  const { decide, deciding, log } = yield* open({ a: ["1 hour", "Run"] })
  const decided = decide("a")
  yield* deciding.close
  assert.strictEqual(typeof decided === "string" ? decided : yield* decided, "Keep")
  assert.deepStrictEqual(log, [])
})
