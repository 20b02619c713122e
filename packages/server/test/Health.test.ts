import * as Agent from "@antiphon/core/Agent"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Client from "./support/client.ts"
import { post, request } from "./support/post.ts"
import * as Server from "./support/server.ts"

describe("/ready", () => {
  const ready = (server: Server.Server) =>
    Effect.map(request(`${server.http}/ready`), ({ status, text }) => [status, JSON.parse(text) as unknown])
  const yes = [200, { ready: true, reasons: [] }]
  const no = (...reasons: ReadonlyArray<string>) => [503, { ready: false, reasons }]

  it.live("answers 200, and 503 while the server is full; /status does not change", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { maxCalls: 1 })
      assert.deepStrictEqual(yield* ready(server), yes)
      const client = yield* Client.call(server.ws)
      yield* client.hear("Welcome.")
      assert.deepStrictEqual(yield* ready(server), no("Full"))
      assert.strictEqual((yield* request(`${server.http}/status`)).status, 200)
      client.ws.close()
      yield* Server.allOver(server)
      assert.deepStrictEqual(yield* ready(server), yes)
      const wrong = yield* request(`${server.http}/ready`, { method: "POST" })
      assert.deepStrictEqual([wrong.status, wrong.headers.get("allow")], [405, "GET"])
    })
  )

  it.live("answers 503 as soon as the server drains", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { drainTimeout: Server.millis(5000) })
      const client = yield* Client.call(server.ws)
      yield* client.hear("Welcome.")
      const draining = yield* Effect.forkChild(server.calls.drain, { startImmediately: true })
      assert.deepStrictEqual(yield* ready(server), no("Draining"))
      assert.deepInclude(yield* server.calls.health.snapshot, { draining: true, drains: 1, openCalls: 1 })
      client.ws.close()
      yield* Effect.andThen(Server.allOver(server), Effect.void)
      assert.isDefined(draining)
    })
  )

  it.live("names the checks that fail", () =>
    Effect.gen(function* () {
      let model = false
      const server = yield* Server.serve(
        Server.byName({}),
        {},
        { checks: [{ name: "NoModel", met: Effect.sync(() => model) }] }
      )
      assert.deepStrictEqual(yield* ready(server), no("NoModel"))
      model = true
      assert.deepStrictEqual(yield* ready(server), yes)
    })
  )
})

describe("The counters of a server", () => {
  it.live("count what its calls did", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(
        Server.byName({ deaf: () => Effect.succeed(Agent.make(() => Stream.empty)) }),
        {
          maxCalls: 2
        }
      )
      const client = yield* Client.call(server.ws)
      client.say("one")
      yield* client.hear("You said: one")
      client.send({})
      client.say("two")
      yield* client.hear("You said: two")
      const other = yield* Client.call(server.ws, { metadata: { agent: "deaf" } })
      yield* Client.until("both", () => Effect.runSync(server.calls.health.snapshot).started === 2)
      assert.strictEqual((yield* post(server, {})).status, 503)
      client.ws.close()
      other.send("no JSON")
      yield* Server.allOver(server)
      assert.deepInclude(yield* server.calls.health.snapshot, {
        openCalls: 0,
        openings: 0,
        maxCalls: 2,
        started: 2,
        ended: { PeerClosed: 1, Malformed: 1 },
        refused: { "Too many calls": 1 },
        dropped: 1,
        sent: 3
      })
    })
  )
})
