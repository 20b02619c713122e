import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Interim from "../../src/agent/Interim.ts"

describe("Interim", () => {
  it("tells every listener the words as they change", () => {
    const interim = Interim.make()
    const heard: Array<string> = []
    interim.tell("nobody listens yet")
    interim.listen((text) => heard.push(`a: ${text}`))
    interim.listen((text) => heard.push(`b: ${text}`))
    interim.tell("what")
    interim.tell("what are")
    assert.deepStrictEqual(heard, ["a: what", "b: what", "a: what are", "b: what are"])
  })

  it.effect("is undefined if the harness has no interim words", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* Interim.Current)
    })
  )
})
