import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import * as World from "../../../../src/testing/internal/time/world.ts"

const make = () => {
  const world = Effect.runSync(Effect.clockWith((clock) => Effect.sync(() => World.make(clock, 1000))))
  const log: Array<string> = []
  const say = (what: string) => () => void log.push(`${world.now} ${what}`)
  /** Runs until nothing is left, and returns why it stopped. */
  const play = (limit = Infinity): "Late" | "Still" => {
    for (;;) {
      while (world.flush()) {}
      const next = world.advance(limit)
      if (next !== "Moved") return next
    }
  }
  return { world, log, say, play }
}

describe("World", () => {
  it("wakes sleepers in the order of their times, and in order of arrival for equal times", () => {
    const { log, play, say, world } = make()
    world.after(20, say("c"))
    world.after(10, say("a"))
    world.after(10, say("b"))
    assert.strictEqual(play(), "Still")
    assert.deepStrictEqual(log, ["10 a", "10 b", "20 c"])
  })

  it("runs what is due now, then what waits for it to settle, then what waits for the end of the moment", () => {
    const { log, play, say, world } = make()
    world.whenOver(say("over"))
    world.whenSettled(say("settled"))
    world.after(0, say("due"))
    world.soon(say("soon"))
    play()
    assert.deepStrictEqual(log, ["0 soon", "0 settled", "0 due", "0 over"])
  })

  it("runs effects of a moment's end before time passes", () => {
    const { log, play, say, world } = make()
    world.after(5, say("later"))
    world.whenOver(() => {
      say("over")()
      world.soon(say("soon"))
    })
    play()
    assert.deepStrictEqual(log, ["0 over", "0 soon", "5 later"])
  })

  it("cancels scheduled tasks", () => {
    const { log, play, say, world } = make()
    const asked = [
      world.soon(say("a")),
      world.after(5, say("b")),
      world.whenSettled(say("c")),
      world.whenOver(say("d")),
      world.deadline(9, say("e"))
    ]
    for (const cancel of asked) {
      cancel()
      cancel()
    }
    assert.strictEqual(play(), "Still")
    assert.deepStrictEqual([log, world.now], [[], 0])
  })

  it("lets no time pass only for a deadline", () => {
    const { log, play, say, world } = make()
    world.deadline(10, say("deadline"))
    assert.strictEqual(play(), "Still")
    assert.strictEqual(world.now, 0)
    world.after(20, say("sleeper"))
    play()
    assert.deepStrictEqual(log, ["10 deadline", "20 sleeper"])
  })

  it("stops at the limit", () => {
    const { log, play, say, world } = make()
    world.after(10, say("a"))
    world.after(11, say("b"))
    assert.strictEqual(play(10), "Late")
    assert.deepStrictEqual(log, ["10 a"])
  })

  it("detects endless activity at one moment", () => {
    const { world } = make()
    const again = () => void world.soon(again)
    again()
    let flushes = 0
    while (!world.isSpinning()) {
      world.flush()
      flushes++
    }
    assert.isAbove(flushes, 100)
    assert.isFalse(world.isSpinning())
  })

  it("runs fibers on its scheduler and its clock", () => {
    const { play, world } = make()
    const seen: Array<number> = []
    const program = Effect.gen(function* () {
      seen.push(yield* Clock.currentTimeMillis)
      yield* Effect.sleep("2 seconds")
      seen.push(yield* Clock.currentTimeMillis)
    }).pipe(Effect.provideService(Clock.Clock, world.clock))
    const fiber = Effect.runFork(program, { scheduler: world.scheduler })
    assert.deepStrictEqual(seen, [1000])
    play()
    assert.deepStrictEqual(seen, [1000, 3000])
    assert.isDefined(fiber.pollUnsafe())
  })

  it("is not held up by an interrupted sleeper", () => {
    const { play, world } = make()
    const program = Effect.provideService(Effect.sleep("1 hour"), Clock.Clock, world.clock)
    const fiber = Effect.runFork(program, { scheduler: world.scheduler })
    Effect.runFork(Fiber.interrupt(fiber), { scheduler: world.scheduler })
    assert.strictEqual(play(), "Still")
    assert.strictEqual(world.now, 0)
  })

  it("is found through its clock", () => {
    const { world } = make()
    assert.strictEqual(World.of(world.clock), world)
    assert.isUndefined(World.of({ ...world.clock }))
  })
})
