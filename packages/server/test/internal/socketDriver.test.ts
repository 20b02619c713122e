import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { Array as Arr } from "effect"
import { HttpServerRequest } from "effect/http"
import { Socket } from "effect/socket"
import * as CallHost from "../../src/CallHost.ts"
import * as OpenCalls from "../../src/internal/openCalls.ts"
import * as SocketDriver from "../../src/internal/socketDriver.ts"
import * as LineProtocol from "../../src/line/LineProtocol.ts"
import * as Mount from "../../src/Mount.ts"
import * as Settings from "../../src/Settings.ts"
import * as Client from "../support/client.ts"
import * as Hourglass from "../support/hourglass.ts"
import * as Server from "../support/server.ts"

describe("A socket that delivers frames in batches", () => {
  const start = '{"type":"start","call_id":"c1"}'
  const say = (text: string) => [
    '{"type":"user_state","value":"speaking"}',
    `{"type":"message","content":"${text}"}`,
    '{"type":"user_state","value":"idle"}'
  ]

  /** A socket that delivers these batches, and then closes. */
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
        // Yields between batches, as the network does between packets.
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
      const calls = yield* OpenCalls.make(settings)
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

  it.live("passes all of them on, including those that arrive with the start message", () =>
    Effect.gen(function* () {
      const expected = ["Welcome.", "You said: one", "You said: two", "1000"]
      assert.deepStrictEqual(yield* conversation([[start, ...say("one")], say("two"), []]), expected)
      assert.deepStrictEqual(
        yield* conversation([[start], ...[...say("one"), ...say("two")].map((frame) => [frame]), []]),
        expected
      )
    })
  )

  it.live("is closed once if a frame in the middle of a batch is invalid", () =>
    Effect.gen(function* () {
      const [welcome, error, ...rest] = yield* conversation([[start, "{", ...say("never")]])
      assert.strictEqual(welcome, "Welcome.")
      assert.match(error ?? "", /^Failed to parse JSON message/)
      assert.deepStrictEqual(rest, ["1000"])
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
          // The capacity of the system's sockets and one buffer: far less than an agent produces if nothing slows it
          // down.
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

  it.live("can still be interrupted and hung up on", () =>
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
      // It was not closed for reading nothing, because what it was sent has been read meanwhile.
      assert.isTrue(server.log.some(({ message }) => message === "The call ended: PeerClosed."))
    })
  )

  it.live("and keeps asking for answers loses its call too", () =>
    Effect.gen(function* () {
      const settings = { maxBufferedBytes: 64 * 1024, maxBytesPerSecond: 0, stallTimeout: Server.millis(500) }
      const protocols = [Mount.socket("/hourglass", Hourglass.protocol)]
      const server = yield* Server.serve(Server.byName({}), settings, { protocols })
      const client = yield* Client.connect(`ws://127.0.0.1:${server.port}/hourglass`)
      client.send("flip c1")
      yield* client.until("the first frame", () => client.frames.length > 0)
      client.ws.pause()
      for (let i = 0; i < 2000; i++) client.send(`ping ${kilobytes(16)}`)
      yield* Server.allOver(server)
      assert.isTrue(server.log.some(({ message }) => message === "The call ended: Stalled."))
    })
  )
})
