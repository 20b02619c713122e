import { assert, describe, it } from "@effect/vitest"
import { Effect, Latch } from "effect"
import * as Courier from "../../src/internal/courier.ts"

const make = (deliver: (item: string) => Effect.Effect<void>, ahead = 2) =>
  Effect.map(Effect.context<never>(), (context) => Courier.make({ deliver, fork: Effect.runForkWith(context), ahead }))

describe("Courier", () => {
  it.effect("delivers an item at once if nothing holds it up", () =>
    Effect.gen(function* () {
      const delivered: Array<string> = []
      const courier = yield* make((item) => Effect.sync(() => delivered.push(item)))
      courier.give("a")
      assert.deepStrictEqual(delivered, ["a"])
      courier.give("b")
      assert.deepStrictEqual(delivered, ["a", "b"])
      assert.isUndefined(courier.room())
    })
  )

  it.effect("delivers in order, one at a time, including items given during a delivery", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const courier: Courier.Courier<string> = yield* make((item) =>
        Effect.sync(() => {
          log.push(`${item}:`)
          if (item === "a") courier.give("b")
          log.push(item)
        })
      )
      courier.give("a")
      assert.deepStrictEqual(log, ["a:", "a", "b:", "b"])
    })
  )

  it.effect("continues with waiting items after a slow delivery, and has no room while too many wait", () =>
    Effect.gen(function* () {
      const delivered: Array<string> = []
      const slow = yield* Latch.make()
      const courier = yield* make((item) =>
        Effect.andThen(
          item === "slow" ? slow.await : Effect.void,
          Effect.sync(() => delivered.push(item))
        )
      )
      for (const item of ["slow", "a", "b"]) courier.give(item)
      assert.isUndefined(courier.room())
      courier.give("c")
      const room = courier.room()
      assert.deepStrictEqual(delivered, [])
      yield* slow.open
      yield* room ?? Effect.die("there was room")
      yield* Effect.yieldNow
      assert.deepStrictEqual(delivered, ["slow", "a", "b", "c"])
      assert.isUndefined(courier.room())
    })
  )

  it.effect(
    "delivers nothing more once it is dismissed, interrupts its current delivery, and keeps nobody waiting",
    () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const courier = yield* make((item) =>
          item === "endless"
            ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("interrupted")))
            : Effect.sync(() => log.push(item))
        )
        for (const item of ["endless", "a", "b", "c"]) courier.give(item)
        const room = courier.room()
        courier.dismiss()
        yield* room ?? Effect.die("there was room")
        courier.give("d")
        assert.deepStrictEqual(log, ["interrupted"])
      })
  )
})
