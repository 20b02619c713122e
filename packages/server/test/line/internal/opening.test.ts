import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import * as Opening from "../../../src/line/internal/opening.ts"
import type { WireError } from "../../../src/line/internal/reading.ts"

const ok = <A, E>(result: Result.Result<A, E>): A => Result.getOrThrow(result)
const failure = (result: Result.Result<unknown, WireError>): string =>
  Result.isFailure(result) ? result.failure.message : "was read"

const unknownRequest = {
  callId: "unknown",
  from: "unknown",
  to: "unknown",
  agentCallId: "unknown",
  agent: { id: null, systemPrompt: null, introduction: null },
  metadata: {},
  agentToken: null,
  apiBaseUrl: null
}

describe("decodeStart", () => {
  const start = (message: object) => Opening.decodeStart(JSON.stringify(message))

  it("reads every field", () => {
    const request = ok(
      start({
        type: "start",
        call_id: "c-9",
        from: "+15550001111",
        to: "+15550002222",
        agent_call_id: "ac-9",
        agent: { id: "ag-1", system_prompt: "Be brief.", introduction: "Hi!" },
        metadata: { k: 1 },
        agent_token: "jwt",
        api_base_url: "https://api.example"
      })
    )
    assert.strictEqual(Redacted.value(request.agentToken!), "jwt")
    assert.deepStrictEqual(
      { ...request, agentToken: null },
      {
        callId: "c-9",
        from: "+15550001111",
        to: "+15550002222",
        agentCallId: "ac-9",
        agent: { id: "ag-1", systemPrompt: "Be brief.", introduction: "Hi!" },
        metadata: { k: 1 },
        agentToken: null,
        apiBaseUrl: "https://api.example"
      }
    )
    assert.notInclude(`${JSON.stringify(request)} ${String(request.agentToken)}`, "jwt")
  })

  it("uses the default for every absent field, including the type", () => {
    assert.deepStrictEqual(ok(start({})), unknownRequest)
    assert.deepStrictEqual(ok(start({ type: "start" })), unknownRequest)
  })

  it("does not use the call's id as the agent's call id", () => {
    assert.strictEqual(ok(start({ call_id: "c1" })).agentCallId, "unknown")
  })

  it("reads from_ as from", () => {
    assert.strictEqual(ok(start({ from_: "+1" })).from, "+1")
  })

  it("accepts null where the wire has it", () => {
    const request = start({
      agent: { id: null, system_prompt: null, introduction: null },
      metadata: null,
      agent_token: null,
      api_base_url: null
    })
    assert.deepStrictEqual(ok(request), unknownRequest)
  })

  it("ignores unknown fields at both levels", () => {
    assert.deepStrictEqual(ok(start({ extra: 1, agent: { extra: 2 } })), unknownRequest)
  })

  it("keeps an empty token and an empty text", () => {
    const request = ok(start({ call_id: "", agent_token: "", agent: { introduction: "" } }))
    assert.strictEqual(request.callId, "")
    assert.strictEqual(Redacted.value(request.agentToken!), "")
    assert.strictEqual(request.agent.introduction, "")
  })

  const wrong: ReadonlyArray<readonly [string, string]> = [
    ['{"type":"SECRET"}', 'Expected "start" at ["type"]'],
    ['{"type":null}', 'Expected "start" at ["type"]'],
    ['{"call_id":null}', 'Expected string at ["call_id"]'],
    ['{"call_id":"SECRET","from":42424242}', 'Expected string at ["from"]'],
    ['{"to":null}', 'Expected string at ["to"]'],
    ['{"agent_call_id":42424242}', 'Expected string at ["agent_call_id"]'],
    ['{"agent":null}', 'Expected object at ["agent"]'],
    ['{"agent":"SECRET"}', 'Expected object at ["agent"]'],
    ['{"agent":{"id":42424242}}', 'Expected string | null at ["agent"]["id"]'],
    ['{"metadata":["SECRET"]}', 'Expected object | null at ["metadata"]'],
    ['{"agent_token":42424242}', 'Expected string | null at ["agent_token"]'],
    ['{"api_base_url":{"a":"SECRET"}}', 'Expected string | null at ["api_base_url"]'],
    ['["SECRET"]', "Expected object"],
    ["null", "Expected object"],
    ["42424242", "Expected object"],
    ['"SECRET"', "Expected object"],
    ["SECRET", "not JSON"],
    ['{"call_id":"SECRET" SECRET', "not JSON at position 20"],
    ["", "not JSON"]
  ]
  for (const [text, message] of wrong) {
    it(`explains what is wrong with ${text} without quoting it`, () => {
      const said = failure(Opening.decodeStart(text))
      assert.strictEqual(said, message)
      assert.notMatch(said, /SECRET|4242/)
    })
  }

  it("rejects a binary message", () => {
    assert.strictEqual(
      failure(Opening.decodeStart(new TextEncoder().encode("{}"))),
      "expected text, got a binary message"
    )
  })
})

describe("decodeChat", () => {
  const chat = (body: object) => Opening.decodeChat(JSON.stringify(body))

  it("reads from_ and the agent, and uses the call's id if the agent's call has none", () => {
    const request = ok(
      chat({ call_id: "c1", from_: "+1", to: "+2", agent: { introduction: "Hi!" }, metadata: { a: 1 } })
    )
    assert.deepStrictEqual(request, {
      ...unknownRequest,
      callId: "c1",
      agentCallId: "c1",
      from: "+1",
      to: "+2",
      agent: { id: null, systemPrompt: null, introduction: "Hi!" },
      metadata: { a: 1 }
    })
    assert.strictEqual(ok(chat({ call_id: "c1", agent_call_id: "a1" })).agentCallId, "a1")
  })

  it("reads no credentials", () => {
    const request = ok(chat({ agent_token: "SECRET", api_base_url: "https://x" }))
    assert.deepStrictEqual(request, unknownRequest)
  })

  it("uses the default for absent or null fields", () => {
    assert.deepStrictEqual(ok(chat({})), unknownRequest)
    const nothing = { call_id: null, from_: null, to: null, agent_call_id: null, agent: null, metadata: null }
    assert.deepStrictEqual(ok(chat(nothing)), unknownRequest)
  })

  it("explains what is wrong without quoting it", () => {
    assert.strictEqual(failure(Opening.decodeChat("SECRET")), "not JSON")
    assert.strictEqual(failure(Opening.decodeChat('["SECRET"]')), "Expected object")
    assert.strictEqual(failure(chat({ call_id: 5 })), 'Expected string | null at ["call_id"]')
  })
})
