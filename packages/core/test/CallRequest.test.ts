import { assert, describe, it } from "@effect/vitest"
import { Redacted, Schema } from "effect"
import * as CallRequest from "../src/CallRequest.ts"

const nothingKnown = {
  callId: "unknown",
  from: "unknown",
  to: "unknown",
  agentCallId: "unknown",
  metadata: {},
  apiBaseUrl: null,
  agent: { id: null, systemPrompt: null, introduction: null },
  agentToken: null
}

describe("CallRequest", () => {
  it("fills in everything that is not known", () => {
    assert.deepStrictEqual<unknown>(CallRequest.make(), nothingKnown)
  })

  it("keeps what is given, even an empty introduction", () => {
    const given = {
      callId: "c",
      from: "+1",
      to: "+2",
      agentCallId: "a",
      metadata: { vip: true },
      apiBaseUrl: "http://x"
    }
    assert.deepStrictEqual<unknown>(CallRequest.make({ ...given, agent: { introduction: "" } }), {
      ...nothingKnown,
      ...given,
      agent: { id: null, systemPrompt: null, introduction: "" }
    })
  })

  it("never shows the token", () => {
    const request = CallRequest.make({ agentToken: "s3cret" })
    assert.strictEqual(request.agentToken && Redacted.value(request.agentToken), "s3cret")
    assert.strictEqual(String(request.agentToken), "<redacted:agentToken>")
    assert.notInclude(JSON.stringify(request) + String(request.agentToken), "s3cret")
    assert.isNull(CallRequest.make({ agentToken: null }).agentToken)
  })

  it("fits its schema", () => {
    const isRequest = Schema.is(CallRequest.CallRequest)
    assert.isTrue(isRequest(CallRequest.make()))
    assert.isTrue(isRequest(CallRequest.make({ agentToken: "s3cret" })))
    assert.isFalse(isRequest({ ...nothingKnown, agentToken: "s3cret" }))
  })
})
