import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Stream } from "effect"
import type { Config, Scope } from "effect"
import type { HttpRouter } from "effect/http"
import type * as Calls from "../../src/Calls.ts"
import * as PreCall from "../../src/PreCall.ts"
import * as VoiceAgentApp from "../../src/node/VoiceAgentApp.ts"
import * as Client from "../support/client.ts"
import { post, request } from "../support/post.ts"
import * as Server from "../support/server.ts"

const factory = Server.byName({})

describe("Routes", () => {
  it.live("answer other methods with 405 and the one allowed method", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory)
      for (const [path, method, allow] of [
        ["/status", "POST", "GET"],
        ["/chats", "GET", "POST"],
        ["/chats", "DELETE", "POST"]
      ] as const) {
        const { headers, status } = yield* request(server.http + path, { method })
        assert.deepStrictEqual([status, headers.get("allow")], [405, allow], `${method} ${path}`)
      }
    })
  )

  it.live("answer an unknown path with 404, an upgrade there with 403, and /ws without an upgrade with 404", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory)
      const { status, text } = yield* request(`${server.http}/nothing`)
      assert.deepStrictEqual([status, text], [404, '{"detail":"Not Found"}'])
      assert.strictEqual((yield* request(`${server.http}/ws`)).status, 404)
      assert.strictEqual((yield* Client.refused(`ws://127.0.0.1:${server.port}/elsewhere`)).status, 403)
    })
  )

  it.live("of an application work beside those of the agent", () =>
    Effect.gen(function* () {
      const server = yield* Server.mount(factory)
      assert.strictEqual((yield* request(`${server.http}/hello`)).text, "hello")
      assert.strictEqual((yield* request(`${server.http}/status`)).status, 200)
      assert.strictEqual((yield* post(server, {})).status, 200)
      const client = yield* Client.call(server.ws)
      client.say("mounted")
      yield* client.hear("You said: mounted")
    })
  )

  it.live("of an agent can be put under a prefix", () =>
    Effect.gen(function* () {
      const server = yield* Server.mount(factory, { prefix: "/agents/echo" })
      assert.strictEqual((yield* request(`${server.http}/status`)).status, 404)
      assert.strictEqual((yield* request(`${server.http}/agents/echo/status`)).status, 200)
      const client = yield* Client.call(`ws://127.0.0.1:${server.port}/agents/echo/ws`)
      client.say("prefixed")
      yield* client.hear("You said: prefixed")
    })
  )
})

describe("Admission", () => {
  const token = Redacted.make("s3cret-token")

  it.live("requires the token on /chats and /ws if one is set, and not on /status", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory, { token })
      const wrong = [
        undefined,
        "Bearer",
        "Bearer wrong",
        "Bearer s3cret-token-and-more",
        "Basic s3cret-token",
        "s3cret-token"
      ]
      for (const authorization of wrong) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
        const refusal = yield* Client.refused(server.ws, { headers })
        assert.deepStrictEqual([refusal.status, refusal.body], [401, '{"detail":"Unauthorized"}'], authorization)
        assert.strictEqual((yield* post(server, {}, headers)).status, 401, authorization)
      }
      assert.strictEqual((yield* request(`${server.http}/status`)).status, 200)
      for (const authorization of ["Bearer s3cret-token", "bearer  s3cret-token"]) {
        assert.strictEqual((yield* post(server, {}, { authorization })).status, 200)
        const client = yield* Client.call(server.ws, {}, { headers: { authorization } })
        yield* client.hear("Welcome.")
      }
      assert.notInclude(JSON.stringify(server.log), "s3cret")
    })
  )

  it.live("accepts the token as a subprotocol, since a page can set no header", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory, { token })
      const encoded = (text: string) => `antiphon.bearer.${Buffer.from(text).toString("base64url")}`
      const wrong = [
        ["antiphon"],
        [encoded("s3cret-token")],
        [encoded("s3cret-token"), "antiphon"],
        ["antiphon", "s3cret-token"],
        ["antiphon", "antiphon.bearer.s3cret-token"],
        ["antiphon", encoded("s3cret-token-and-more")],
        ["antiphon", encoded("")],
        ["antiphon", encoded("wrong"), encoded("s3cret-token")],
        ["antiphon", encoded("s3cret-token"), "chat"],
        ["chat", encoded("s3cret-token")],
        [encoded("wrong"), encoded("s3cret-token")]
      ]
      for (const protocols of wrong) {
        const refusal = yield* Client.refused(server.ws, { protocols })
        assert.deepStrictEqual([refusal.status, refusal.body], [401, '{"detail":"Unauthorized"}'], String(protocols))
      }
      const protocols = ["antiphon", encoded("s3cret-token")]
      const headers = { authorization: "Bearer wrong" }
      assert.strictEqual((yield* Client.refused(server.ws, { protocols, headers })).status, 401)
      const client = yield* Client.call(server.ws, {}, { protocols })
      yield* client.hear("Welcome.")
      assert.strictEqual(client.ws.protocol, "antiphon")
      assert.notInclude(JSON.stringify(server.log), "s3cret")
    })
  )

  it.live("rejects pages of other origins, and admits its own, the allowed ones, and clients other than pages", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory, { allowedOrigins: ["https://app.example"] })
      for (const origin of ["https://evil.example", "null", "https://app.example.evil.example", "http://127.0.0.1:1"]) {
        const refusal = yield* Client.refused(server.ws, { origin })
        assert.deepStrictEqual([refusal.status, refusal.body], [403, '{"detail":"Origin not allowed"}'], origin)
        assert.strictEqual((yield* post(server, {}, { origin })).status, 403, origin)
      }
      for (const origin of [undefined, "https://app.example", server.http]) {
        const client = yield* Client.call(server.ws, {}, origin === undefined ? {} : { origin })
        yield* client.hear("Welcome.")
      }
    })
  )

  it.live("admits every page if all origins are allowed", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory, { allowedOrigins: ["*"] })
      const client = yield* Client.call(server.ws, {}, { origin: "https://anything.example" })
      yield* client.hear("Welcome.")
    })
  )

  it.live("refuses calls beyond the maximum with 503, and accepts one again once another has ended", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory, { maxCalls: 2 })
      const first = yield* Client.call(server.ws)
      const second = yield* Client.call(server.ws)
      yield* Effect.andThen(first.hear("Welcome."), second.hear("Welcome."))
      const refusal = yield* Client.refused(server.ws)
      assert.deepStrictEqual([refusal.status, refusal.body], [503, '{"detail":"Too many calls"}'])
      assert.strictEqual(refusal.headers["retry-after"], "5")
      assert.strictEqual((yield* post(server, {})).status, 503)
      first.ws.close()
      yield* Client.until("a free place", () => Effect.runSync(server.calls.count) === 1)
      const third = yield* Client.call(server.ws)
      yield* third.hear("Welcome.")
      second.say("still here")
      yield* second.hear("You said: still here")
    })
  )
})

describe("Sockets on which no call has started", () => {
  it.live("take no place of a call, and the oldest of too many is closed", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory, { maxCalls: 2, maxOpenings: 5 })
      const silent = yield* Effect.forEach(Array.from({ length: 12 }), () => Client.connect(server.ws))
      for (const { closed } of silent.slice(0, 7)) assert.strictEqual(yield* closed, 1013)
      const client = yield* Client.call(server.ws)
      yield* client.hear("Welcome.")
      assert.strictEqual(yield* silent[7]!.closed, 1013)
      const late = silent[11]!
      late.send({ type: "start" })
      yield* late.hear("Welcome.")
      // Two calls are open by now, and a third that was admitted earlier learns it.
      silent[10]!.send({ type: "start" })
      assert.strictEqual(yield* silent[10]!.closed, 1013)
      assert.match(silent[10]!.messages[0]?.content ?? "", /^Too many calls \(error id/)
      assert.strictEqual((yield* Client.refused(server.ws)).status, 503)
    })
  )
})

describe("Refused calls", () => {
  it.live("are logged, and a flood of them with only a few lines", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory, { token: Redacted.make("s3cret") })
      for (let i = 0; i < 50; i++) assert.strictEqual((yield* post(server, {})).status, 401)
      yield* Client.refused(server.ws, { headers: { authorization: "Bearer guess" } })
      const lines = server.log.filter(({ message }) => message.startsWith("A call was refused: "))
      assert.deepStrictEqual([lines[0]?.level, lines[0]?.message], ["Warn", "A call was refused: 401 Unauthorized."])
      assert.strictEqual(lines.length, 20)
      assert.notMatch(JSON.stringify(server.log), /s3cret|guess/)
    })
  )
})

describe("A server without a token", () => {
  it.live("cannot be reached under a name a page may have made up, and the log says what to do", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory, { hosts: ["agent.example"] })
      const evil = { host: `evil.example:${server.port}`, origin: `http://evil.example:${server.port}` }
      const refusal = yield* Client.refused(server.ws, { headers: { host: evil.host }, origin: evil.origin })
      assert.deepStrictEqual([refusal.status, refusal.body], [403, '{"detail":"Host not allowed"}'])
      assert.isTrue(server.log.some(({ message }) => message.includes("ANTIPHON_HOSTS")))
      const client = yield* Client.call(server.ws, {}, { headers: { host: "agent.example" } })
      yield* client.hear("Welcome.")
    })
  )
})

describe("Requirements", () => {
  class Database extends Context.Service<Database, string>()("test/Database") {}
  class Model extends Context.Service<Model, string>()("test/Model") {}

  const needsBoth = () =>
    Effect.gen(function* () {
      const name = yield* Database
      yield* Effect.addFinalizer(() => Effect.void)
      return Agent.make(() => Stream.fromEffect(Effect.map(Model, (model) => Event.sendText(`${name} ${model}`))))
    })

  it("of a factory, its agent and a handler are those of the layer, without their scopes", () => {
    type Needs<L> = L extends Layer.Layer<infer _A, infer _E, infer R> ? R : never
    const own = VoiceAgentApp.layer(needsBoth)
    expectTypeOf<Needs<typeof own>>().toEqualTypeOf<HttpRouter.HttpRouter | Database | Model>()
    expectTypeOf<typeof own>().toExtend<
      Layer.Layer<Calls.Calls, Config.ConfigError, HttpRouter.HttpRouter | Database | Model>
    >()
    const server = VoiceAgentApp.layerServer(() => Effect.succeed(Server.echo), {
      preCall: () => Effect.map(Database, (name) => PreCall.accept({ metadata: { name } }))
    })
    expectTypeOf<Needs<typeof server>>().toEqualTypeOf<Database>()
    const turns = VoiceAgentApp.layerServer(() =>
      Effect.succeed(Agent.make(() => Stream.fromEffect(Effect.map(Model, Event.sendText))))
    )
    expectTypeOf<Needs<typeof turns>>().toEqualTypeOf<Model>()
    class Support extends Agent.Service<Support>()("test/Support") {}
    const named = VoiceAgentApp.layerServer(Support.factory)
    expectTypeOf<Needs<typeof named>>().toEqualTypeOf<Support>()
    expectTypeOf<Scope.Scope>().not.toExtend<Needs<typeof own>>()
  })

  it("that are missing do not compile", () => {
    const launch = <E>(effect: Effect.Effect<never, E>) => effect
    launch(VoiceAgentApp.serve(() => Effect.succeed(Server.echo)))
    // @ts-expect-error Database and Model are missing
    launch(VoiceAgentApp.serve(needsBoth))
    // @ts-expect-error a handler decides with a Decision
    launch(VoiceAgentApp.serve(() => Effect.succeed(Server.echo), { preCall: () => Effect.succeed("yes") }))
  })

  it.live("are provided by the layers around the server", () =>
    Effect.gen(function* () {
      const layer = VoiceAgentApp.layerServer(needsBoth, { guard: false, settings: { port: 0, host: "127.0.0.1" } })
      const server = yield* Server.start(
        Layer.provide(layer, Layer.merge(Layer.succeed(Database, "db"), Layer.succeed(Model, "m1")))
      )
      const client = yield* Client.call(server.ws)
      yield* client.hear("db m1")
    })
  )

  it.live("are provided if the agent is a service", () =>
    Effect.gen(function* () {
      class Support extends Agent.Service<Support>()("test/Support2") {}
      const SupportLive = Agent.layer(Support, needsBoth).pipe(
        Layer.provide(Layer.merge(Layer.succeed(Database, "db"), Layer.succeed(Model, "m2")))
      )
      const layer = VoiceAgentApp.layerServer(Support.factory, {
        guard: false,
        settings: { port: 0, host: "127.0.0.1" }
      })
      const server = yield* Server.start(Layer.provide(layer, SupportLive))
      const client = yield* Client.call(server.ws)
      yield* client.hear("db m2")
    })
  )
})
