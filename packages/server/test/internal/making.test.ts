import * as Recorder from "@antiphon/core/recording/Recorder"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Making from "../../src/internal/making.ts"

const second = Duration.seconds(1)
const limits = { duration: second, late: "too late" }

/** Code of an application that is not an Effect. */
const noEffect = (value: unknown) => () => value as Effect.Effect<never>

/** Runs an effect, and returns it with the lines it has logged. */
const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make(({ cause, message }) => {
      lines.push([message, Cause.pretty(cause)].flat().join(" ").trim())
    })
    const exit = yield* Effect.exit(effect).pipe(Effect.provide(Logger.layer([logger])))
    return { exit, lines }
  })

describe("Code of an application", () => {
  it.effect("returns its result, or its failure", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Making.within(() => Effect.succeed(1), limits), 1)
      assert.strictEqual(yield* Effect.flip(Making.within(() => Effect.fail("no"), limits)), "no")
    })
  )

  it.effect("fails, and holds up nothing, whatever it does instead", () =>
    Effect.gen(function* () {
      for (const code of [
        noEffect(undefined),
        noEffect(Promise.resolve(1)),
        noEffect(3),
        () => {
          throw new Error("thrown")
        },
        () => Effect.interrupt
      ]) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(Making.within(code, limits))))
      }
    })
  )

  it.effect("fails if it takes too long, even if it cannot be interrupted", () =>
    Effect.gen(function* () {
      for (const code of [Effect.never, Effect.uninterruptible(Effect.never)]) {
        const waiting = yield* Effect.forkChild(Effect.exit(Making.within(() => code, limits)))
        yield* TestClock.adjust(second)
        const exit = yield* Fiber.join(waiting)
        assert.match(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", /too late/)
      }
    })
  )
})

describe("The recorder of a call", () => {
  const recorder = (make: () => Effect.Effect<Recorder.Recorder>) =>
    Effect.flatMap(Scope.make(), (scope) => Making.recorder(make, { scope, within: second }))

  it.effect("is missing if it cannot be made, with a line in the log", () =>
    Effect.gen(function* () {
      for (const make of [noEffect(undefined), () => Effect.die(new Error("no disk"))]) {
        const { exit, lines } = yield* logged(recorder(make))
        assert.deepStrictEqual(exit, Exit.succeed(undefined))
        assert.match(lines.join("\n"), /^A call is not recorded\./)
      }
    })
  )
})

describe("The resources of a call", () => {
  it.effect("are released with a line in the log if that fails, or takes too long", () =>
    Effect.gen(function* () {
      for (const [finalizer, line] of [
        [Effect.die(new Error("gone")), /^The resources of a call's agent could not be released\. .*gone/],
        [Effect.never, /^The resources of a call's agent were not released in time\./]
      ] as const) {
        const scope = yield* Scope.make()
        yield* Scope.addFinalizer(scope, finalizer)
        const releasing = yield* Effect.forkChild(logged(Making.release(scope, second)))
        yield* TestClock.adjust(second)
        const { exit, lines } = yield* Fiber.join(releasing)
        assert.deepStrictEqual(exit, Exit.void)
        assert.match(lines.join("\n"), line)
      }
    })
  )
})
