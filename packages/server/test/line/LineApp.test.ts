import type { CallRequest } from "@antiphon/core/CallRequest"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import * as VoiceAgentApp from "../../src/node/VoiceAgentApp.ts"
import * as LineApp from "../../src/line/LineApp.ts"
import * as PreCall from "../../src/PreCall.ts"
import { post, request } from "../support/post.ts"
import * as Client from "../support/client.ts"
import * as Server from "../support/server.ts"

const factory = Server.byName({})

describe("GET /status", () => {
  it.live("reports that the server is up, and since when, like Line", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory)
      const { headers, status, text } = yield* request(`${server.http}/status`)
      assert.strictEqual(status, 200)
      assert.match(
        text,
        /^\{"status":"ok","timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}000)?\+00:00","service":"cartesia-line"\}$/
      )
      assert.include(headers.get("content-type"), "application/json")
    })
  )
})

describe("POST /chats", () => {
  const body = { call_id: "c1", from_: "+1", metadata: { tier: "gold", kept: 1 } }

  it.live("accepts every call without a handler", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory)
      const { headers, status, text } = yield* post(server, body)
      assert.strictEqual(status, 200)
      assert.strictEqual(
        text,
        '{"websocket_url":"/ws","cartesia_version":"2026-04-03","metadata":{"tier":"gold","kept":1}}'
      )
      assert.isNull(headers.get("x-cartesia-error-source"))
      assert.strictEqual(
        (yield* post(server, {})).text,
        '{"websocket_url":"/ws","cartesia_version":"2026-04-03","metadata":{}}'
      )
    })
  )

  it.live("returns the handler's result: its metadata merged over the call's, its config as it is", () =>
    Effect.gen(function* () {
      const asked: Array<CallRequest> = []
      const server = yield* Server.serve(
        factory,
        {},
        {
          preCall: (request) =>
            Effect.sync(() => {
              asked.push(request)
              return PreCall.accept({ metadata: { tier: "silver" }, config: { tts: { voice_id: "v1" } } })
            })
        }
      )
      const { status, text } = yield* post(server, body)
      assert.strictEqual(status, 200)
      assert.strictEqual(
        text,
        '{"websocket_url":"/ws","cartesia_version":"2026-04-03","metadata":{"tier":"silver","kept":1},"config":{"tts":{"voice_id":"v1"}}}'
      )
      assert.strictEqual(asked[0]?.callId, "c1")
      assert.strictEqual(asked[0]?.from, "+1")
    })
  )

  it.live("leaves out an empty config", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory, {}, { preCall: () => Effect.succeed(PreCall.accept()) })
      assert.notInclude((yield* post(server, body)).text, "config")
    })
  )

  const answers: ReadonlyArray<readonly [string, PreCall.Handler<unknown>, number, string]> = [
    ["rejects", () => Effect.succeed(PreCall.reject), 403, '{"detail":"Call rejected"}'],
    [
      "has a status of its own",
      () => Effect.fail(new PreCall.HttpError({ status: 402, detail: { pay: true }, headers: { "x-own": "1" } })),
      402,
      '{"detail":{"pay":true}}'
    ],
    ["fails", () => Effect.fail(new Error("SECRET")), 500, '{"detail":"Server error in call processing"}'],
    ["dies", () => Effect.die(new Error("SECRET")), 500, '{"detail":"Server error in call processing"}'],
    [
      "throws",
      () => {
        throw new Error("SECRET")
      },
      500,
      '{"detail":"Server error in call processing"}'
    ],
    ["is no effect", () => undefined as never, 500, '{"detail":"Server error in call processing"}'],
    [
      "is a promise",
      () => Promise.resolve(PreCall.accept()) as never,
      500,
      '{"detail":"Server error in call processing"}'
    ],
    ["gives nonsense", () => Effect.succeed(undefined as never), 500, '{"detail":"Server error in call processing"}'],
    [
      "gives what is not JSON",
      () => Effect.succeed(PreCall.accept({ config: { n: 1n } })),
      500,
      '{"detail":"Server error in call processing"}'
    ]
  ]
  it.live("answers 500 if the handler does not decide in time", () =>
    Effect.gen(function* () {
      const never = () => Effect.uninterruptible(Effect.never)
      const server = yield* Server.serve(factory, { startTimeout: Server.millis(100) }, { preCall: never })
      const answer = yield* post(server, body)
      assert.strictEqual(answer.status, 500)
      assert.isTrue(server.log.some(({ message }) => message.includes("pre-call handler failed")))
    })
  )

  for (const [name, preCall, status, text] of answers) {
    it.live(`answers ${status} if the handler ${name}, and logs that the application's code failed`, () =>
      Effect.gen(function* () {
        const server = yield* Server.serve(factory, {}, { preCall })
        const answer = yield* Server.undisturbed(server, post(server, body))
        assert.strictEqual(answer.status, status)
        assert.strictEqual(answer.text, text)
        assert.strictEqual(answer.headers.get("x-cartesia-error-source"), "agent-code")
        assert.strictEqual(answer.headers.get("x-own"), status === 402 ? "1" : null)
        if (status === 500) assert.isTrue(server.log.some(({ message }) => message.includes("pre-call handler failed")))
      })
    )
  }

  const malformed: ReadonlyArray<readonly [string, string]> = [
    ["{SECRET", '{"detail":"Bad request: not JSON at position 1"}'],
    ["", '{"detail":"Bad request: not JSON"}'],
    ['["SECRET"]', '{"detail":"Bad request: Expected object"}'],
    ['{"call_id":42}', '{"detail":"Bad request: Expected string | null at [\\"call_id\\"]"}']
  ]
  for (const [sent, text] of malformed) {
    it.live(`answers 400 to ${sent === "" ? "no body" : sent}, and calls no handler`, () =>
      Effect.gen(function* () {
        let asked = 0
        const server = yield* Server.serve(
          factory,
          {},
          { preCall: () => Effect.sync(() => (asked++, PreCall.accept())) }
        )
        const answer = yield* post(server, sent)
        assert.deepStrictEqual([answer.status, answer.text], [400, text])
        assert.isNull(answer.headers.get("x-cartesia-error-source"))
        assert.strictEqual(asked, 0)
      })
    )
  }

  it.live("answers 413 to a body over 1 MiB", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(factory)
      const answer = yield* post(server, { metadata: { padding: "x".repeat(1024 * 1024) } })
      assert.deepStrictEqual([answer.status, answer.text], [413, '{"detail":"The body is too long"}'])
      assert.strictEqual((yield* post(server, { metadata: { padding: "x".repeat(1000 * 1000) } })).status, 200)
    })
  )

  it.live("gives the handler its services, and a scope of the request", () =>
    Effect.gen(function* () {
      let released = false
      class Tier extends Context.Service<Tier, string>()("test/Tier") {}
      const layer = VoiceAgentApp.layerServer(factory, {
        guard: false,
        settings: { port: 0, host: "127.0.0.1" },
        preCall: () =>
          Effect.gen(function* () {
            yield* Effect.addFinalizer(() => Effect.sync(() => (released = true)))
            return PreCall.accept({ metadata: { tier: yield* Tier } })
          })
      })
      const server = yield* Server.start(Layer.provide(layer, Layer.succeed(Tier, "platinum")))
      assert.include((yield* post(server, {})).text, '"metadata":{"tier":"platinum"}')
      assert.isTrue(released)
    })
  )
})

describe("A ticket on several machines", () => {
  const bound = { bindCalls: true, ticketSecret: Redacted.make("shared") }
  const serve = (usedTickets: LineApp.UsedTickets) =>
    Server.serve(factory, bound, { protocols: [LineApp.make({ usedTickets })] })
  const addressOf = (text: string) => (JSON.parse(text) as { readonly websocket_url: string }).websocket_url

  it.live("is good once, on any of them, if they share the register", () =>
    Effect.gen(function* () {
      const used = new Map<string, number>()
      const usedTickets: LineApp.UsedTickets = {
        take: ({ id, until }) => Effect.sync(() => !used.has(id) && used.set(id, until).has(id))
      }
      const [one, other] = [yield* serve(usedTickets), yield* serve(usedTickets)]
      const path = addressOf((yield* post(one, { call_id: "c" })).text)
      const client = yield* Client.connect(`ws://127.0.0.1:${other.port}${path}`)
      client.send({ type: "start", call_id: "c" })
      yield* client.until("the agent", () => client.messages.some(({ type }) => type === "message"))
      for (const { port } of [one, other]) {
        assert.strictEqual((yield* Client.refused(`ws://127.0.0.1:${port}${path}`)).status, 401)
      }
      assert.strictEqual(used.size, 1)
    })
  )

  it.live("is refused if the register fails, or returns no effect", () =>
    Effect.gen(function* () {
      for (const take of [
        () => Effect.fail("no database"),
        () => Effect.die(new Error("no database")),
        () => undefined as never,
        () => Effect.succeed("yes" as never)
      ]) {
        const server = yield* serve({ take })
        const path = addressOf((yield* post(server, { call_id: "c" })).text)
        assert.strictEqual((yield* Client.refused(`ws://127.0.0.1:${server.port}${path}`)).status, 401)
      }
    })
  )
})
