import { assert, describe, it } from "@effect/vitest"
import * as Running from "../../src/internal/running.ts"

describe("Running", () => {
  it("attributes what runs in the context of a call to it, and nothing else", () => {
    const owner = { callId: () => "c1" }
    assert.isUndefined(Running.callId())
    assert.strictEqual(Running.enter(owner, Running.callId), "c1")
    assert.isUndefined(Running.callId())
  })

  it("publishes the id of the call served last to another thread, truncated to fit", () => {
    for (const [callId, shown] of [
      ["c1", "c1"],
      ["größer", "größer"],
      ["c", "c"],
      ["x".repeat(2000), "x".repeat(512)]
    ] as const) {
      Running.serve(callId)
      assert.strictEqual(Running.lastServed(Running.served), shown)
    }
    assert.isUndefined(Running.lastServed(new SharedArrayBuffer(16)))
  })
})
