import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Scope } from "effect"
import * as Forks from "../../../src/speech/internal/forks.ts"

class Name extends Context.Service<Name, string>()("test/Name") {}

describe("forks", () => {
  it.effect("interrupts what still runs when the scope closes", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const fork = yield* Scope.provide(Forks.make, scope)
      const done = fork(Effect.void)
      const running = fork(Effect.never)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(done)))
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(running)))
    })
  )

  it.effect("runs effects in the context in which it was made", () =>
    Effect.gen(function* () {
      const fork = yield* Forks.make
      let name = ""
      yield* Fiber.await(fork(Effect.map(Effect.service(Name), (its) => void (name = its)) as Effect.Effect<void>))
      assert.strictEqual(name, "shop")
    }).pipe(Effect.provideService(Name, "shop"))
  )
})
