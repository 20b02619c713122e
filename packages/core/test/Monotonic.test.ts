import { assert } from "@effect/vitest"
import { Clock, Effect } from "effect"
import * as Monotonic from "../src/Monotonic.ts"
import { test } from "./virtualTest.ts"

test("is not moved by a step of the wall clock, and returns the time left until a deadline", function* () {
  const clock = yield* Clock.Clock
  const until = (yield* Monotonic.now) + 20
  yield* Effect.sleep("15 millis")
  assert.strictEqual(Monotonic.left(clock, until), 5)
  yield* Effect.sleep("15 millis")
  assert.strictEqual(Monotonic.left(clock, until), 0)
})

test("sleeping until nothing is left reaches the deadline, however times are rounded", function* () {
  const clock = yield* Clock.Clock
  for (let i = 1; i <= 2000; i++) {
    yield* Effect.sleep(i / 7)
    // A sum of fractions may lie between two readings of the clock.
    const until = Monotonic.millis(clock) + 0.1 + i / 3
    let rests = 0
    for (let left = Monotonic.left(clock, until); left > 0; left = Monotonic.left(clock, until)) {
      assert.isAtMost(++rests, 3, `until ${until}`)
      yield* Effect.sleep(left)
    }
    assert.closeTo(Monotonic.millis(clock), until, 2e-6)
  }
})
