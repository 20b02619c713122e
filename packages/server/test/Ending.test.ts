import { CallError } from "@antiphon/core/CallError"
import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { Ending, cause, detail } from "../src/Ending.ts"

const boom = new Error("boom")

describe("Ending", () => {
  it("tells a platform about our own failures only if errors are exposed", () => {
    for (const ending of [
      Ending.FactoryFailed({ callId: "c1", cause: Cause.fail(boom) }),
      Ending.AgentFailed({ error: new CallError({ reason: "Turn", cause: boom }) }),
      Ending.AgentFailed({ error: new CallError({ reason: "Filter", cause: boom }) })
    ]) {
      assert.strictEqual(detail(ending, { exposeErrors: false }), "internal error")
      assert.strictEqual(detail(ending, { exposeErrors: true }), "boom")
    }
  })

  it("has nothing to tell about any other ending", () => {
    for (const ending of [Ending.PeerClosed(), Ending.Idle(), Ending.StartFailed({ message: "not JSON" })]) {
      assert.strictEqual(detail(ending, { exposeErrors: true }), "internal error")
      assert.isUndefined(cause(ending))
    }
  })

  it("passes the cause of a failure to the log", () => {
    const why = Cause.die(boom)
    assert.strictEqual(cause(Ending.FactoryFailed({ callId: "c1", cause: why })), why)
    assert.strictEqual(cause(Ending.AgentFailed({ error: new CallError({ reason: "Turn", cause: why }) })), why)
  })
})
