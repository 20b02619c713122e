import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import * as Seam from "../../../src/tool/internal/seam.ts"

describe("seam", () => {
  const cases: ReadonlyArray<readonly [said: string, next: string, parted: string]> = [
    ["One moment.", "It is sunny.", " It is sunny."],
    ["One moment. ", "It is sunny.", "It is sunny."],
    ["One moment.", " It is sunny.", " It is sunny."],
    ["One moment", ", it is sunny.", ", it is sunny."],
    ["请稍等。", "今天是晴天。", "今天是晴天。"],
    ["请稍等。", "It is sunny.", " It is sunny."],
    ["", "It is sunny.", "It is sunny."]
  ]
  for (const [said, next, parted] of cases) {
    it(`after ${JSON.stringify(said)}, ${JSON.stringify(next)} is ${JSON.stringify(parted)}`, () => {
      const seam = Seam.make()
      Seam.note(seam, Event.sendText(said))
      assert.strictEqual(Seam.parted(seam, next), parted)
    })
  }
})
