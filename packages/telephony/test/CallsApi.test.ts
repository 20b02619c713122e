import * as Calls from "@antiphon/server/Calls"
import * as Entrance from "@antiphon/server/Entrance"
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as AudioTime from "@antiphon/speech/AudioTime"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted } from "effect"
import { createConnection } from "node:net"
import * as CallsApi from "../src/CallsApi.ts"
import { connect } from "./support/client.ts"
import { audioOf, listener, serve } from "./support/server.ts"

const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => index & 255)
const base64 = (some: Uint8Array) => Buffer.from(some).toString("base64")
const audio = (some: Uint8Array) =>
  ({ _tag: "Audio", generation: 1, stream: 0, at: AudioTime.zero, bytes: some }) as const

const address = (server: string, agentId = "agent-7") => `${server.replace("http", "ws")}/agents/stream/${agentId}`

describe("CallsApi", () => {
  it.live("tells the server what a call weighs, so that the largest ends first if memory runs out", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { calls } = yield* Entrance.reception()
      const opened: Array<Calls.OpenCall> = []
      const watched = {
        ...calls,
        open: (call: Calls.OpenCall) =>
          Effect.andThen(
            Effect.sync(() => opened.push(call)),
            calls.open(call)
          )
      }
      const server = yield* serve(CallsApi.layer(heard.answer).pipe(Layer.provide(Layer.succeed(Calls.Calls, watched))))
      const client = yield* connect(address(server))
      client.send({ event: "start", stream_id: "s1" })
      const line = yield* heard.line
      const before = opened[0]!.weight!()
      yield* line.show!({ _tag: "AgentText", turn: 1, text: "x".repeat(10_000) })
      const after = opened[0]!.weight!()
      assert.isAbove(before, 0)
      assert.isAtLeast(after - before, 10_000)
      client.send({ event: "media_input", stream_id: "s1", media: { payload: base64(bytes(960)) } })
      yield* heard.tag("Audio")
      assert.strictEqual(opened[0]!.weight!(), after)
    }).pipe(Effect.scoped)
  )

  it.live("acknowledges a start, and carries a call in the messages of Line's clients", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const server = yield* serve(CallsApi.layer(heard.answer))
      const client = yield* connect(address(server))
      client.send({
        event: "start",
        stream_id: "s1",
        config: { input_format: "pcm_24000", voice_id: "v1" },
        agent: { system_prompt: "Be kind.", introduction: "Hello!" },
        metadata: { to: "+1", from: "+2", campaign: 9 }
      })
      assert.deepStrictEqual(yield* client.message("ack"), {
        event: "ack",
        stream_id: "s1",
        config: { input_format: "pcm_24000", voice_id: "v1" },
        agent: { system_prompt: "Be kind.", introduction: "Hello!" }
      })
      const line = yield* heard.line
      assert.strictEqual(line.request.callId, "s1")
      assert.strictEqual(line.request.from, "+2")
      assert.strictEqual(line.request.to, "+1")
      assert.deepStrictEqual(line.request.agent, { id: "agent-7", systemPrompt: "Be kind.", introduction: "Hello!" })
      assert.deepStrictEqual(line.request.metadata, { voice_id: "v1", to: "+1", from: "+2", campaign: 9 })
      assert.strictEqual(AudioFormat.name(line.format), "pcm_24000")
      assert.deepStrictEqual(line.capabilities, { heard: "estimate", latencyMs: 150, messageMs: 100, echoFree: false })

      client.send({ event: "media_input", stream_id: "s1", media: { payload: base64(bytes(961)) } })
      client.send({ event: "media_input", stream_id: "s1", media: { payload: base64(bytes(959)) } })
      client.send({ event: "dtmf", stream_id: "s1", dtmf: "5" })
      client.send({ event: "dtmf", stream_id: "s1", button: "#" })
      client.send({ event: "custom", stream_id: "s1", metadata: { a: 1 } })
      yield* heard.tag("Custom")
      assert.deepStrictEqual([...audioOf(heard.heard)], [...bytes(961), ...bytes(959)])
      assert.deepStrictEqual(heard.told(), [
        { _tag: "Dtmf", button: "5" },
        { _tag: "Dtmf", button: "#" },
        { _tag: "Custom", metadata: { a: 1 } }
      ])

      yield* line.send([audio(bytes(4)), { _tag: "Mark", generation: 1, stream: 0, name: "m" }, audio(bytes(2))])
      yield* line.clear({ generation: 1, stream: 0 })
      yield* line.dtmf!("1#")
      yield* line.transfer!("+15550009999")
      yield* line.custom!({ b: 2 })
      yield* line.hangUp("the work is done")
      assert.deepStrictEqual(yield* client.closed, {
        code: 1000,
        reason: "call ended by agent, reason: the work is done"
      })
      assert.deepStrictEqual(client.messages.slice(1), [
        { event: "media_output", stream_id: "s1", media: { payload: base64(bytes(4)) } },
        { event: "media_output", stream_id: "s1", media: { payload: base64(bytes(2)) } },
        { event: "clear", stream_id: "s1" },
        { event: "dtmf", stream_id: "s1", dtmf: "1" },
        { event: "dtmf", stream_id: "s1", dtmf: "#" },
        { event: "transfer_call", stream_id: "s1", transfer: { target_phone_number: "+15550009999" } },
        { event: "custom", stream_id: "s1", metadata: { b: 2 } }
      ])
    }).pipe(Effect.scoped)
  )

  it.live("fills in what a start leaves out, and ends with the reason clients expect", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const server = yield* serve(CallsApi.layer((line) => Effect.as(heard.answer(line), undefined)))
      const client = yield* connect(address(server))
      client.send({ event: "start" })
      const ack = yield* client.message("ack")
      const line = yield* heard.line
      assert.strictEqual(line.request.callId, ack["stream_id"])
      assert.strictEqual(line.request.from, "websocket")
      assert.strictEqual(line.request.to, "agent-7")
      assert.strictEqual(AudioFormat.name(line.format), "pcm_16000")
      yield* line.hangUp("agent_ended")
      client.close()
      yield* heard.gone
      for (const stream_id of ["", " ", null]) {
        const unnamed = yield* connect(address(server))
        unnamed.send({ event: "start", stream_id })
        assert.match(String((yield* unnamed.message("ack"))["stream_id"]), /^[\w-]{8,}$/)
      }
      const other = yield* connect(address(yield* serve(CallsApi.layer(() => Effect.void))))
      other.send({ event: "start", config: { input_format: "mulaw_8000" } })
      assert.deepStrictEqual(yield* other.closed, { code: 1000, reason: "call ended by agent" })
    }).pipe(Effect.scoped)
  )

  it.live("admits whom the server admits, however they send their token", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const settings = { token: Redacted.make("open") }
      const server = yield* serve(CallsApi.layer(heard.answer, { settings }))
      assert.strictEqual(yield* Effect.flip(connect(address(server))), 401)
      assert.strictEqual(yield* Effect.flip(connect(`${address(server)}?access_token=shut`)), 401)
      for (const [query, headers] of [
        ["?access_token=open&cartesia_version=2025-04-16", {}],
        ["", { authorization: "Bearer open" }],
        ["", { "x-api-key": "open" }]
      ] as const) {
        const client = yield* connect(address(server) + query, headers)
        client.send({ event: "start" })
        yield* client.message("ack")
      }
      // A client with the token may use any host name; without tokens, the server's rules apply.
      const host = { host: "agent.example.com" }
      yield* connect(address(server), { "x-api-key": "open", ...host })
      const open = yield* serve(CallsApi.layer(heard.answer))
      assert.strictEqual(yield* Effect.flip(connect(address(open), host)), 403)
      yield* connect(address(open))
      const own = yield* serve(
        CallsApi.layer(heard.answer, { authorize: (token, agentId) => Effect.succeed(token === `key of ${agentId}`) })
      )
      assert.strictEqual(yield* Effect.flip(connect(address(own), { "x-api-key": "open" })), 401)
      yield* connect(address(own), { "x-api-key": "key of agent-7" })
    }).pipe(Effect.scoped)
  )

  it.live("answers a client whose address is none", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const server = yield* serve(CallsApi.layer(heard.answer, { settings: { token: Redacted.make("open") } }))
      const { port } = new URL(server)
      /** The first line of the answer to a request with this target. */
      const answer = (target: string) =>
        Effect.callback<string>((resume) => {
          const socket = createConnection(Number(port), "127.0.0.1", () =>
            socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
          )
          socket.once("data", (data) => resume(Effect.succeed(data.toString("latin1").split("\r\n")[0]!)))
          return Effect.sync(() => socket.destroy())
        })
      for (const target of [
        "http://[/agents/stream/x",
        "http://x:999999/agents/stream/x?access_token=%",
        "/agents/stream/x"
      ]) {
        assert.strictEqual(yield* answer(target), "HTTP/1.1 401 Unauthorized", target)
      }
    }).pipe(Effect.scoped)
  )

  it.live("handles faults: explains an unknown format, drops nonsense, and closes silent calls", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const settings = { startTimeout: Duration.millis(200) }
      const server = yield* serve(CallsApi.layer(heard.answer, { settings }))
      const wrong = yield* connect(address(server))
      wrong.send({ event: "start", config: { input_format: "mp3" } })
      assert.deepStrictEqual(yield* wrong.closed, { code: 1008, reason: "audio in an unusable format" })
      const late = yield* connect(address(server))
      assert.strictEqual((yield* late.closed).code, 1008)
      const client = yield* connect(address(server))
      for (const frame of ["{", "7", '{"event":"dtmf"}', '{"event":"media_input"}', '{"event":"new"}'])
        client.raw(frame)
      client.raw(Uint8Array.of(1))
      client.send({ event: "start" })
      client.send({ event: "start" })
      yield* client.message("ack")
      client.send({ event: "custom", metadata: {} })
      yield* heard.tag("Custom")
      assert.lengthOf(heard.told(), 1)
      assert.lengthOf(
        client.messages.filter(({ event }) => event === "ack"),
        1
      )
    }).pipe(Effect.scoped)
  )
})
