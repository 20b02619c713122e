import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as UsedTickets from "../../src/internal/usedTickets.ts"

const now = 1_800_000_000_000

describe("UsedTickets", () => {
  it.effect("takes each ticket once", () =>
    Effect.gen(function* () {
      const register = UsedTickets.memory()
      assert.isTrue(yield* register.take({ id: "a", until: now + 1000 }, now))
      assert.isTrue(yield* register.take({ id: "b", until: now + 1000 }, now))
      assert.isFalse(yield* register.take({ id: "a", until: now + 1000 }, now))
    })
  )

  it.effect("forgets those that are too old anyway", () =>
    Effect.gen(function* () {
      const register = UsedTickets.memory()
      assert.isTrue(yield* register.take({ id: "a", until: now + 1000 }, now))
      assert.isFalse(yield* register.take({ id: "a", until: now + 1000 }, now + 999))
      assert.isTrue(yield* register.take({ id: "a", until: now + 1000 }, now + 1000))
    })
  )

  it.effect("is shared by all servers of a process", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* UsedTickets.Current, yield* UsedTickets.Current)
    })
  )
})
