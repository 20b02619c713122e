import * as Agent from "@antiphon/core/Agent"
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Stream } from "effect"
import type { Array as Arr } from "effect"
import { HttpServerRequest } from "effect/http"
import { Socket } from "effect/socket"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Calls from "../src/Calls.ts"
import * as CallHost from "../src/CallHost.ts"
import * as SocketDriver from "../src/internal/socketDriver.ts"
import * as LineProtocol from "../src/line/LineProtocol.ts"
import * as Settings from "../src/Settings.ts"
import * as Client from "./support/client.ts"
import * as Server from "./support/server.ts"

describe("A socket that gives frames in batches", () => {
  const start = '{"type":"start","call_id":"c1"}'
  const say = (text: string) => [
    '{"type":"user_state","value":"speaking"}',
    `{"type":"message","content":"${text}"}`,
    '{"type":"user_state","value":"idle"}'
  ]

  /** A socket that gives these batches, then closes. */
  const scripted = (batches: ReadonlyArray<ReadonlyArray<string>>) => {
    const written: Array<string> = []
    const left = [...batches]
    const closed = new Socket.SocketError({ reason: new Socket.SocketCloseError({ code: 1000 }) })
    const write = (frame: unknown) =>
      Effect.sync(() => {
        written.push(typeof frame === "string" ? ((JSON.parse(frame) as Client.Message).content ?? "") : String(frame))
      })
    const socket = Socket.make({
      reader: Effect.succeed({
        // A turn of the scheduler between batches, as there is between packets.
        pull: Effect.suspend(() => {
          const batch = left.shift()
          return batch === undefined
            ? Effect.fail(closed)
            : Effect.as(Effect.sleep("1 millis"), batch as unknown as Arr.NonEmptyReadonlyArray<string>)
        }),
        upgrade: () => Effect.void
      }),
      writer: Effect.succeed({ write, writeAll: (texts) => Effect.forEach(texts, write, { discard: true }) })
    })
    return { socket, written }
  }

  const conversation = (batches: ReadonlyArray<ReadonlyArray<string>>) =>
    Effect.gen(function* () {
      const { socket, written } = scripted(batches)
      const settings = yield* Settings.load()
      const calls = yield* Calls.make(settings)
      const reception = yield* CallHost.reception(() => Effect.succeed(Server.echo), { calls, settings })
      const request = { method: "GET", url: "/ws", params: {}, headers: {}, body: "" }
      yield* SocketDriver.open(socket, {
        request: HttpServerRequest.fromWeb(new Request("http://localhost/ws")),
        admitted: { request },
        protocol: LineProtocol.make(settings),
        reception
      })
      yield* calls.drain
      return written
    }).pipe(Effect.provide(Server.noEnvironment))

  it.live("hears all of them, also those that came with the start message", () =>
    Effect.gen(function* () {
      const expected = ["Welcome.", "You said: one", "You said: two", "1000"]
      assert.deepStrictEqual(yield* conversation([[start, ...say("one")], say("two"), []]), expected)
      assert.deepStrictEqual(
        yield* conversation([[start], ...[...say("one"), ...say("two")].map((frame) => [frame]), []]),
        expected
      )
    })
  )

  it.live("is closed once, where a frame in the middle of a batch is bad", () =>
    Effect.gen(function* () {
      const [welcome, error, ...rest] = yield* conversation([[start, "{", ...say("never")]])
      assert.strictEqual(welcome, "Welcome.")
      assert.match(error ?? "", /^Failed to parse JSON message/)
      assert.deepStrictEqual(rest, ["1000"])
    })
  )
})

describe("A call", () => {
  it.live("is not compressed, also where its peer offers to", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}))
      const client = yield* Client.call(server.ws, {}, { perMessageDeflate: true })
      yield* client.hear("Welcome.")
      assert.strictEqual(client.ws.extensions, "")
    })
  )

  it.live("makes its agent for its request, and answers in its name", () =>
    Effect.gen(function* () {
      const requests: Array<CallRequest> = []
      const server = yield* Server.serve((request) => {
        requests.push(request)
        return Effect.succeed(Server.echo)
      })
      const client = yield* Client.call(server.ws, {
        call_id: "c1",
        from: "+1",
        agent: { introduction: "Hi!" },
        agent_token: "jwt",
        api_base_url: "https://api.example"
      })
      client.send({ type: "user_state", value: "speaking", event_id: "u1" })
      client.send({ type: "message", content: "hello", event_id: "u2" })
      client.send({ type: "user_state", value: "idle", event_id: "u3" })
      yield* client.hear("You said: hello")
      assert.strictEqual(
        client.frames[1],
        '{"type":"message","content":"You said: hello","interruptible":true,"responding_to":"u3"}'
      )
      assert.match(
        client.messages[0]?.responding_to ?? "",
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
      )
      const [made] = requests
      assert.strictEqual(requests.length, 1)
      assert.strictEqual(made?.callId, "c1")
      assert.strictEqual(made?.from, "+1")
      assert.strictEqual(made?.agent.introduction, "Hi!")
      assert.strictEqual(made?.apiBaseUrl, "https://api.example")
      assert.strictEqual(Redacted.value(made!.agentToken!), "jwt")
    })
  )

  it.live("takes frames that came with its start message, in order, after the agent has seen its start", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const server = yield* Server.serve(() =>
        Effect.as(
          Effect.sleep("50 millis"),
          Server.noting(seen, { UserTurnEnded: (event) => Stream.make(Event.sendText(Event.text(event))) })
        )
      )
      const client = yield* Client.call(server.ws)
      client.say("early")
      yield* client.hear("early")
      assert.deepStrictEqual(seen, ["CallStarted", "UserTurnEnded"])
    })
  )

  it.live("ends with its peer: the agent handles the end, and what its factory holds is released after that", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const server = yield* Server.serve(() =>
        Effect.as(
          Effect.addFinalizer(() => Effect.sync(() => order.push("released"))),
          Agent.make((event) => {
            order.push(event._tag)
            const after = Effect.sync(() => order.push("post-call work"))
            return event._tag === "CallEnded" ? Stream.fromEffectDrain(Effect.delay(after, "50 millis")) : Stream.empty
          })
        )
      )
      const client = yield* Client.call(server.ws)
      yield* Client.until("the start", () => order.length === 1)
      client.ws.close(1000)
      yield* client.closed
      yield* Server.allOver(server)
      assert.deepStrictEqual(order, ["CallStarted", "CallEnded", "post-call work", "released"])
    })
  )

  it.live("writes its id on every line of its log, and neither token nor start message on any", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(() =>
        Effect.as(
          Effect.log("made"),
          Agent.make(() => Stream.fromEffectDrain(Effect.log("turn")))
        )
      )
      const client = yield* Client.call(
        server.ws,
        {
          call_id: "c5",
          from: "SECRET-number",
          agent: { system_prompt: "SECRET-prompt" },
          metadata: { a: "SECRET-metadata" },
          agent_token: "SECRET-token"
        },
        { headers: { authorization: "Bearer SECRET-bearer" } }
      )
      yield* Client.until("the first turn", () => server.log.some(({ message }) => message === "turn"))
      client.send("{SECRET-frame")
      yield* client.closed
      yield* Server.allOver(server)
      assert.deepStrictEqual(
        server.log.map(({ message }) => message),
        ["The call started.", "made", "turn", "The call ended: Malformed."]
      )
      for (const line of server.log) assert.strictEqual(line.annotations["callId"], "c5", line.message)
      assert.notInclude(JSON.stringify(server.log), "SECRET")
    })
  )

  it.live("leaves nothing of itself in memory", () =>
    Effect.gen(function* () {
      setFlagsFromString("--expose-gc")
      const collect = runInNewContext("gc") as () => void
      const agents: Array<WeakRef<object>> = []
      const server = yield* Server.serve(() =>
        Effect.sync(() => {
          const agent = { ...Server.echo }
          agents.push(new WeakRef(agent))
          return agent
        })
      )
      for (let i = 0; i < 20; i++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const client = yield* Client.call(server.ws)
            client.say("hello")
            yield* client.hear("You said: hello")
            if (i % 2 === 0) client.ws.terminate()
            else client.ws.close()
            yield* client.closed
          })
        )
      }
      yield* Server.allOver(server)
      yield* Client.until("the agents to be collected", () => {
        collect()
        return agents.every((agent) => agent.deref() === undefined)
      })
    })
  )
})

const kilobytes = (n: number) => "x".repeat(n * 1024)

/** An agent that never stops sending, piece by piece, and counts what it has sent. */
const torrent = (count: { sent: number }, seen: Array<string>, limit = Number.POSITIVE_INFINITY) =>
  Server.noting(seen, {
    CallStarted: () =>
      Stream.fromEffectRepeat(
        Effect.sync(() => {
          count.sent++
          return Event.sendText(`${count.sent}:${kilobytes(16)}`)
        })
      ).pipe(Stream.takeWhile(() => count.sent <= limit))
  })

describe("A peer that reads nothing", () => {
  it.live("slows its agent down, then loses its call, and the agent handles the end", () =>
    Effect.gen(function* () {
      const count = { sent: 0 }
      const seen: Array<string> = []
      const server = yield* Server.serve(Server.byName({ torrent: () => Effect.succeed(torrent(count, seen)) }), {
        maxBufferedBytes: 256 * 1024,
        stallTimeout: Server.millis(800)
      })
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { call_id: "c6", metadata: { agent: "torrent" } })
          yield* client.until("the first message", () => client.messages.length > 0)
          client.ws.pause()
          let before = -1
          yield* Client.until("the agent to wait", () => {
            const waits = count.sent === before
            before = count.sent
            return waits && count.sent > 1
          })
          // What the sockets of the system hold, and one buffer: far from what an agent makes that nothing slows down.
          assert.isBelow(count.sent * 16, 20 * 1024)
          yield* Client.until("the end of the call", () => seen.includes("CallEnded"))
          assert.isBelow(count.sent * 16, 20 * 1024)
          client.ws.resume()
          assert.strictEqual(yield* client.closed, 1006)
        })
      )
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
      const line = server.log.find(({ message }) => message === "The call ended: Stalled.")
      assert.deepStrictEqual([line?.level, line?.annotations["callId"]], ["Warn", "c6"])
    })
  )

  it.live("and then reads on loses nothing", () =>
    Effect.gen(function* () {
      const count = { sent: 0 }
      const server = yield* Server.serve(Server.byName({ torrent: () => Effect.succeed(torrent(count, [], 1500)) }), {
        maxBufferedBytes: 0
      })
      const client = yield* Client.call(server.ws, { metadata: { agent: "torrent" } })
      yield* client.until("the first message", () => client.messages.length > 0)
      client.ws.pause()
      let before = -1
      yield* Client.until("the agent to wait", () => {
        const waits = count.sent === before
        before = count.sent
        return waits
      })
      assert.isBelow(count.sent, 1500)
      client.ws.resume()
      yield* client.until("the last message", () => client.messages.length >= 1500)
      assert.deepStrictEqual(
        client.messages.map(({ content }) => Number(content?.split(":")[0])),
        Array.from({ length: 1500 }, (_, i) => i + 1)
      )
    })
  )

  it.live("can still be interrupted, and hung up on", () =>
    Effect.gen(function* () {
      const count = { sent: 0 }
      const seen: Array<string> = []
      const server = yield* Server.serve(Server.byName({ torrent: () => Effect.succeed(torrent(count, seen)) }), {
        maxBufferedBytes: 0
      })
      const client = yield* Client.call(server.ws, { metadata: { agent: "torrent" } })
      yield* client.until("the first message", () => client.messages.length > 0)
      client.ws.pause()
      client.say("stop")
      yield* Client.until("the turn of the user", () => seen.includes("UserTurnEnded"))
      const sent = count.sent
      client.ws.terminate()
      yield* Server.allOver(server)
      assert.strictEqual(count.sent, sent)
      assert.deepStrictEqual(seen, ["CallStarted", "UserTurnEnded", "CallEnded"])
    })
  )
})
