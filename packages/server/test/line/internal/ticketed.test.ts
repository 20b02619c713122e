import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as PreCall from "../../../src/PreCall.ts"
import * as Client from "../../support/client.ts"
import { post } from "../../support/post.ts"
import * as Server from "../../support/server.ts"

const addressOf = (server: Server.Server, answer: { readonly text: string }) =>
  `ws://127.0.0.1:${server.port}${(JSON.parse(answer.text) as { websocket_url: string }).websocket_url}`

describe("A call bound to its pre-call decision", () => {
  it.live("requires the address handed out by the decision, once, and for the same call", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { bindCalls: true })
      assert.strictEqual((yield* Client.refused(server.ws)).status, 401)
      assert.strictEqual((yield* Client.refused(`${server.ws}?ticket=guess`)).status, 401)
      const address = addressOf(server, yield* post(server, { call_id: "c1" }))
      assert.match(address, /\/ws\?ticket=[\w.-]+$/)
      const client = yield* Client.call(address, { call_id: "c1" })
      yield* client.hear("Welcome.")
      assert.strictEqual((yield* Client.refused(address)).status, 401)
      const stolen = addressOf(server, yield* post(server, { call_id: "c2" }))
      const thief = yield* Client.call(stolen, { call_id: "c3" })
      yield* thief.closed
      assert.match(thief.messages[0]?.content ?? "", /the ticket is for another call/)
    })
  )

  it.live("is not available to a caller the handler rejected", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(
        Server.byName({}),
        { bindCalls: true },
        { preCall: () => Effect.succeed(PreCall.reject) }
      )
      const answer = yield* post(server, {})
      assert.strictEqual(answer.status, 403)
      assert.notInclude(answer.text, "ticket")
      assert.strictEqual((yield* Client.refused(server.ws)).status, 401)
    })
  )

  it.live("keeps its ticket while there is no room for it", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { bindCalls: true, maxCalls: 1 })
      const first = addressOf(server, yield* post(server, { call_id: "c1" }))
      const second = addressOf(server, yield* post(server, { call_id: "c2" }))
      const other = yield* Client.call(first, { call_id: "c1" })
      yield* other.hear("Welcome.")
      assert.strictEqual((yield* Client.refused(second)).status, 503)
      other.ws.close()
      yield* Server.allOver(server)
      const client = yield* Client.call(second, { call_id: "c2" })
      yield* client.hear("Welcome.")
    })
  )

  it.live("requires the token to get a ticket, and none beside the ticket", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { bindCalls: true, token: Redacted.make("s3cret") })
      assert.strictEqual((yield* post(server, {})).status, 401)
      const headers = { authorization: "Bearer s3cret" }
      assert.strictEqual((yield* Client.refused(server.ws, { headers })).status, 401)
      const address = addressOf(server, yield* post(server, {}, headers))
      const page = yield* Client.refused(address, { origin: "https://evil.example" })
      assert.strictEqual(page.status, 403)
      const client = yield* Client.call(address, {})
      yield* client.hear("Welcome.")
    })
  )

  it.live("uses Line's plain wire if the setting is off", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}))
      assert.include((yield* post(server, {})).text, '"websocket_url":"/ws"')
    })
  )
})
