import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Redacted, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import { TestClock } from "effect/testing"
import * as OpenAiResponses from "../../../../src/model/OpenAiResponses.ts"
import * as WarmUp from "../../../../src/model/WarmUp.ts"
import { ask } from "../../../support/asking.ts"
import type * as MockServer from "../../../support/mockServer.ts"
import * as Wire from "../../../support/responsesServer.ts"
import * as SocketServer from "../../../support/responsesSocketServer.ts"

const layer = (url: string) =>
  OpenAiResponses.layer({
    model: "gpt-5.4-mini",
    apiKey: Redacted.make("sk-test"),
    baseUrl: `${url}/v1`,
    transport: "websocket"
  })

const run = <A, E>(test: (server: SocketServer.SocketServer) => Effect.Effect<A, E, LanguageModel.LanguageModel>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* SocketServer.make
      return yield* Effect.provide(test(server), layer(server.url))
    })
  )

/** A response with its output, as the last event has it. */
const reply = (id: string, output: ReadonlyArray<object>, pieces: ReadonlyArray<string>): MockServer.Script => ({
  pieces: [
    Wire.created,
    ...pieces,
    Wire.event({
      type: "response.completed",
      response: { id, object: "response", model: "gpt-5.4-mini", output, usage: Wire.usage }
    })
  ]
})

const saying = (id: string, text: string) =>
  reply(id, [{ type: "message", content: [{ type: "output_text", text }] }], Wire.textItem("msg_1", text))

const calling = (id: string, ...calls: ReadonlyArray<string>) =>
  reply(
    id,
    calls.map((call) => ({
      type: "function_call",
      call_id: call,
      name: "get_weather",
      arguments: '{"city":"Rome"}'
    })),
    calls.flatMap((call) => Wire.callItem(call, "get_weather", '{"city":"Rome"}'))
  )

const system: Prompt.MessageEncoded = { role: "system", content: "Be brief." }
const user = (text: string): Prompt.MessageEncoded => ({ role: "user", content: [{ type: "text", text }] })
const agent = (text: string): Prompt.MessageEncoded => ({ role: "assistant", content: [{ type: "text", text }] })

/** What was sent: the input, and the response it continues. */
const sent = ({ messages }: SocketServer.SocketServer) =>
  messages.map(({ body, socket }) => [socket, body["previous_response_id"], body["input"]])

const failure = (status: number, code: string): MockServer.Script => ({
  status,
  pieces: [JSON.stringify({ error: { code, message: "the secret prompt" } })]
})

/** Lets real sockets work until something holds. */
const until = (holds: () => boolean) =>
  Effect.promise(() => new Promise((resolve) => setImmediate(resolve))).pipe(Effect.repeat({ until: holds }))

describe("socketPool", () => {
  it.effect("sends the new part of a conversation over one connection, without fields sockets do not accept", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(saying("r1", "Hello."), saying("r2", "Well."), saying("r3", "Bye."))
        yield* ask([system, user("hi")])
        assert.strictEqual((yield* ask([system, user("hi"), agent("Hello."), user("how are you?")])).text, "Well.")
        yield* ask([system, user("hi"), agent("Hello."), user("how are you?"), agent("Well."), user("bye")])
        assert.deepStrictEqual(sent(server), [
          [0, undefined, [{ role: "user", content: "hi" }]],
          [0, "r1", [{ role: "user", content: "how are you?" }]],
          [0, "r2", [{ role: "user", content: "bye" }]]
        ])
        for (const { body } of server.messages) {
          assert.strictEqual(body["type"], "response.create")
          assert.strictEqual(body["store"], false)
          // Instructions of an earlier response apply to that one alone.
          assert.strictEqual(body["instructions"], "Be brief.")
          assert.property(body, "tools")
          assert.notProperty(body, "stream")
        }
        assert.strictEqual(server.greetings[0]?.path, "/v1/responses")
        assert.strictEqual(server.greetings[0]?.headers.authorization, "Bearer sk-test")
        assert.isEmpty(server.posts)
      })
    )
  )

  it.effect("sends only the results of calls, and everything again if the caller has heard less", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(calling("r1", "c1", "c2"), saying("r2", "It is sunny there."), saying("r3", "Yes."))
        const pair = (id: string): ReadonlyArray<Prompt.MessageEncoded> => [
          { role: "assistant", content: [{ type: "tool-call", id, name: "get_weather", params: { city: "Rome" } }] },
          {
            role: "tool",
            content: [{ type: "tool-result", id, name: "get_weather", isFailure: false, result: "Sunny" }]
          }
        ]
        const asked = [user("weather?")]
        yield* ask(asked)
        const told = [...asked, ...pair("c1"), ...pair("c2")]
        yield* ask(told)
        yield* ask([...told, agent("It is"), user("sunny?")])
        const [, second, third] = sent(server)
        assert.deepStrictEqual(second, [
          0,
          "r1",
          ["c1", "c2"].map((call_id) => ({ type: "function_call_output", call_id, output: "Sunny" }))
        ])
        assert.deepStrictEqual(third?.slice(0, 2), [0, undefined])
        assert.lengthOf(third?.[2] as ReadonlyArray<unknown>, 7)
      })
    )
  )

  it.effect("a request waits for a connection that is being opened", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(saying("r1", "Hello."))
        const warming = yield* Effect.forkChild(Effect.flatten(WarmUp.WarmUp), { startImmediately: true })
        assert.strictEqual((yield* ask([user("hi")])).text, "Hello.")
        yield* Fiber.join(warming)
        assert.lengthOf(server.greetings, 1)
        assert.strictEqual(server.open(), 1)
      })
    )
  )

  it.effect("keeps concurrent conversations apart", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({ ...saying("r1", "A."), ending: "stall" }, saying("r2", "B."))
        const [one, other] = [[user("a")], [user("b")]]
        yield* Effect.all([ask(one), ask(other)], { concurrency: "unbounded" })
        server.script(saying("r3", "A2."), saying("r4", "B2."))
        const first = server.messages.find(({ body }) => JSON.stringify(body["input"]).includes('"a"'))!
        const reply = first.socket === 0 ? ["A.", "B."] : ["B.", "A."]
        yield* ask([...one, agent(reply[0]!), user("a2")])
        yield* ask([...other, agent(reply[1]!), user("b2")])
        const [, , third, fourth] = server.messages
        assert.strictEqual(third?.socket, first.socket)
        assert.notStrictEqual(fourth?.socket, first.socket)
        for (const message of [third, fourth]) assert.lengthOf(message?.body["input"] as ReadonlyArray<unknown>, 1)
        assert.strictEqual(server.open(), 2)
      })
    )
  )

  it.effect("sends the whole conversation again if the server has forgotten it", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(saying("r1", "Hello."), failure(400, "previous_response_not_found"), saying("r2", "Well."))
        yield* ask([user("hi")])
        const { error, text } = yield* ask([user("hi"), agent("Hello."), user("and?")])
        assert.isUndefined(error)
        assert.strictEqual(text, "Well.")
        assert.deepStrictEqual(
          sent(server).map(([socket, id, input]) => [socket, id, (input as ReadonlyArray<unknown>).length]),
          [
            [0, undefined, 1],
            [0, "r1", 1],
            [0, undefined, 3]
          ]
        )
      })
    )
  )

  it.effect("continues over a new connection if the server has closed the old one, or announces to", () =>
    run((server) =>
      Effect.gen(function* () {
        const conversation = [user("hi"), agent("Hello."), user("and?")]
        server.script(saying("r1", "Hello."), failure(400, "websocket_connection_limit_reached"), saying("r2", "Well."))
        yield* ask([user("hi")])
        assert.strictEqual((yield* ask(conversation)).text, "Well.")
        server.endAll()
        yield* until(() => server.open() === 0)
        server.script(saying("r3", "Fine."))
        assert.strictEqual((yield* ask([...conversation, agent("Well."), user("so?")])).text, "Fine.")
        assert.deepStrictEqual(
          sent(server).map(([socket, id]) => [socket, id]),
          [
            [0, undefined],
            [0, "r1"],
            [1, undefined],
            [2, undefined]
          ]
        )
        assert.isEmpty(server.posts)
      })
    )
  )

  it.effect("goes over HTTP for a while if a new connection is one too many as well", () =>
    run((server) =>
      Effect.gen(function* () {
        const limit: MockServer.Script = {
          status: 400,
          pieces: [JSON.stringify({ error: { code: "websocket_connection_limit_reached", message: "Too many." } })]
        }
        server.script(limit, limit, Wire.text("Hello."), Wire.text("Yes?"))
        assert.strictEqual((yield* ask([user("hi")])).text, "Hello.")
        assert.strictEqual((yield* ask([user("hi")])).text, "Yes?")
        assert.lengthOf(server.messages, 2)
        assert.lengthOf(server.posts, 2)
        yield* TestClock.adjust("1 minute")
        server.script(Wire.text("Again."))
        assert.strictEqual((yield* ask([user("hi")])).text, "Again.")
        assert.lengthOf(server.messages, 3)
      })
    )
  )

  it.effect("a reader that stops at the last event leaves the connection to the next one", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(saying("r1", "Hello."), { ...saying("r2", "Well."), ending: "stall" })
        yield* LanguageModel.streamText({ prompt: [user("hi")] }).pipe(
          Stream.takeUntil((part) => part.type === "finish"),
          Stream.runDrain
        )
        assert.strictEqual((yield* ask([user("hi"), agent("Hello."), user("and?")])).text, "Well.")
        assert.deepStrictEqual(
          sent(server).map(([socket, id]) => [socket, id]),
          [
            [0, undefined],
            [0, "r1"]
          ]
        )
      })
    )
  )

  it.effect("an interruption closes the connection, and another one is ready for the next turn", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({ pieces: Wire.text("Hello", " there").pieces.slice(0, -3), ending: "stall" })
        const heard = yield* Deferred.make<void>()
        const speaking = yield* LanguageModel.streamText({ prompt: "hi" }).pipe(
          Stream.runForEach((part) => (part.type === "text-delta" ? Deferred.succeed(heard, undefined) : Effect.void)),
          Effect.forkChild
        )
        yield* Deferred.await(heard)
        yield* Fiber.interrupt(speaking)
        yield* server.abandoned
        yield* until(() => server.open() === 1 && server.greetings.length === 2)
        server.script(saying("r2", "Yes?"))
        assert.strictEqual((yield* ask([user("hi"), agent("Hello"), user("stop")])).text, "Yes?")
        assert.deepStrictEqual(
          sent(server).map(([socket, id]) => [socket, id]),
          [
            [0, undefined],
            [1, undefined]
          ]
        )
        assert.lengthOf(server.greetings, 2)
      })
    )
  )

  it.effect("falls back to HTTP if no socket can be opened, and tries again after a minute", () =>
    run((server) =>
      Effect.gen(function* () {
        server.refuse(403)
        server.script(Wire.text("one"), Wire.text("two"), Wire.text("three"))
        assert.strictEqual((yield* ask()).text, "one")
        assert.strictEqual((yield* ask()).text, "two")
        assert.lengthOf(server.posts, 2)
        assert.deepInclude(server.posts[0]?.body, { stream: true, store: false } as never)
        assert.lengthOf(server.greetings, 1)
        server.refuse(undefined)
        yield* TestClock.adjust("61 seconds")
        assert.strictEqual((yield* ask()).text, "three")
        assert.lengthOf(server.posts, 2)
        assert.lengthOf(server.messages, 1)
      })
    )
  )

  it.effect("retries over HTTP if a connection ends before its first event, and reports one that ends later", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({ pieces: [], ending: "cut" }, Wire.text("unused"))
        // The script that was not begun is played over HTTP, and is cut there as well.
        assert.strictEqual((yield* ask()).error?.reason._tag, "NetworkError")
        assert.lengthOf(server.posts, 1)
        assert.strictEqual((yield* ask()).text, "unused")
        server.script({ pieces: Wire.text("Hello", " there").pieces.slice(0, -3), ending: "cut" })
        const { error, text } = yield* ask()
        assert.strictEqual(text, "Hello there")
        assert.strictEqual(error?.reason._tag, "NetworkError")
        assert.lengthOf(server.posts, 1)
      })
    )
  )

  it.effect("closes connections that were idle for long or are too old", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(saying("r1", "Hello."))
        yield* ask([user("hi")])
        yield* TestClock.adjust("4 minutes")
        assert.strictEqual(server.open(), 1)
        yield* TestClock.adjust("2 minutes")
        yield* until(() => server.open() === 0)
        server.script(saying("r1", "Hello."))
        yield* ask([user("hi")])
        const conversation: Array<Prompt.MessageEncoded> = [user("hi"), agent("Hello.")]
        for (let minutes = 0; minutes < 60; minutes += 4) {
          yield* TestClock.adjust("4 minutes")
          server.script(saying(`r${minutes}`, "Yes."))
          conversation.push(user(`${minutes}`))
          assert.strictEqual((yield* ask(conversation)).text, "Yes.")
          conversation.push(agent("Yes."))
        }
        assert.sameMembers([...new Set(server.messages.map(({ socket }) => socket))], [0, 1, 2])
        assert.isEmpty(server.posts)
      })
    )
  )

  it.effect("closes its connections with its Layer", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* SocketServer.make
        server.script(saying("r1", "Hello."))
        yield* Effect.provide(ask(), Layer.fresh(layer(server.url)))
        yield* until(() => server.open() === 0)
      })
    )
  )

  it.live("does not wait for a server that never answers", () =>
    run((server) =>
      Effect.gen(function* () {
        server.greet({ pieces: [], ending: "stall" })
        server.script(Wire.text("over HTTP"))
        assert.strictEqual((yield* ask()).text, "over HTTP")
      })
    )
  )
})
