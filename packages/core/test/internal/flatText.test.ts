import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as EventId from "../../src/EventId.ts"
import { flatText } from "../../src/internal/flatText.ts"

describe("flatText", () => {
  it("leaves a text unchanged", () => {
    assert.strictEqual(flatText(`a${"b".repeat(20)}`), "abbbbbbbbbbbbbbbbbbbb")
    assert.strictEqual(flatText(""), "")
  })

  it.effect("ids take no more memory than their characters", () =>
    Effect.gen(function* () {
      const next = yield* EventId.make
      setFlagsFromString("--expose-gc")
      const gc = runInNewContext("gc") as () => void
      const bytesOfOne = () => {
        const ids: Array<string> = []
        gc()
        const before = process.memoryUsage().heapUsed
        for (let i = 0; i < 20_000; i++) ids.push(next())
        gc()
        return (process.memoryUsage().heapUsed - before) / ids.length
      }
      // Anything else the process does meanwhile only adds to it.
      assert.isBelow(Math.min(...Array.from({ length: 5 }, bytesOfOne)), 250)
    })
  )
})
