import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type * as McpClient from "effect/ai/McpClient"
import { McpClientError, TransportError } from "effect/ai/McpClientError"
import * as McpTransport from "../../../src/tool/internal/mcpTransport.ts"

const failure = new McpClientError({ reason: new TransportError({ description: "closed" }) })

/** The reason why a request over a transport fails. */
const reasonOf = (request: Effect.Effect<never, McpClientError>) =>
  Effect.gen(function* () {
    const transport = { request: () => request } as unknown as McpClient.Transport
    const lenient = McpTransport.lenient(transport, yield* Effect.scope)
    return (yield* Effect.flip(lenient.request({ jsonrpc: "2.0", id: 1, method: "tools/call" }))).reason
  }).pipe(Effect.scoped)

describe("mcpTransport", () => {
  it.effect("tells a request that was not sent, because the connection had ended, from one that was", () =>
    Effect.gen(function* () {
      const before = yield* reasonOf(Effect.fail(failure))
      assert.deepInclude(before, { _tag: "ClosedError", sessionExpired: true })
      const meanwhile = yield* reasonOf(Effect.andThen(Effect.yieldNow, Effect.fail(failure)))
      assert.strictEqual(meanwhile, failure.reason)
    })
  )
})
