import { assert, describe, it } from "@effect/vitest"
import { parted } from "../../src/internal/parted.ts"

describe("parted", () => {
  const cases: ReadonlyArray<readonly [said: string, next: string, parted: string]> = [
    ["One moment.", "It is sunny.", " It is sunny."],
    ["One moment. ", "It is sunny.", "It is sunny."],
    ["One moment.", " It is sunny.", " It is sunny."],
    ["One moment", ", it is sunny.", ", it is sunny."],
    ["请稍等。", "今天是晴天。", "今天是晴天。"],
    ["请稍等。", "It is sunny.", " It is sunny."],
    ["", "It is sunny.", "It is sunny."]
  ]
  for (const [said, next, expected] of cases) {
    it(`after ${JSON.stringify(said)}, ${JSON.stringify(next)} is ${JSON.stringify(expected)}`, () => {
      assert.strictEqual(parted(said, next), expected)
    })
  }
})
