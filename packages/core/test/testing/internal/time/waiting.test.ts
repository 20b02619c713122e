import { assert, describe } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { settled, test } from "../../../virtualTest.ts"
import * as VirtualTime from "../../../../src/testing/VirtualTime.ts"
import * as Waiting from "../../../../src/testing/internal/time/waiting.ts"
import * as World from "../../../../src/testing/internal/time/world.ts"

const make = Effect.map(Clock.Clock, (clock) => Waiting.make(World.of(clock)!))

describe("Waiting", () => {
  test("continues once its condition is checked and holds", function* () {
    const waiting = yield* make
    let holds = false
    const fiber = yield* Effect.forkChild(
      waiting.until(() => holds),
      { startImmediately: true }
    )
    holds = true
    yield* Effect.sleep("1 second")
    assert.isUndefined(fiber.pollUnsafe())
    waiting.look()
    yield* Fiber.join(fiber)
    assert.strictEqual(yield* VirtualTime.now, 1000)
  })

  test("does not continue if the condition no longer holds at the end of the moment", function* () {
    const waiting = yield* make
    let holds = true
    const fiber = yield* Effect.forkChild(
      waiting.until(() => holds),
      { startImmediately: true }
    )
    holds = false
    yield* settled
    yield* Effect.sleep(1)
    assert.isUndefined(fiber.pollUnsafe())
    holds = true
    waiting.look()
    yield* Fiber.join(fiber)
  })

  test("does not check the conditions of interrupted fibers", function* () {
    const waiting = yield* make
    let asked = 0
    const fiber = yield* Effect.forkChild(
      waiting.until(() => {
        asked++
        return false
      }),
      { startImmediately: true }
    )
    yield* Fiber.interrupt(fiber)
    const before = asked
    waiting.look()
    assert.strictEqual(asked, before)
  })
})
