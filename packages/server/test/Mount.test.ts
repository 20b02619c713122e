import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as LineApp from "../src/line/LineApp.ts"
import * as Mount from "../src/Mount.ts"
import * as Client from "./support/client.ts"
import * as Hourglass from "./support/hourglass.ts"
import * as HttpClient from "./support/httpClient.ts"
import * as Server from "./support/server.ts"

/** Both wires on one server, the hourglass over a socket and over HTTP. */
const protocols = [
  LineApp.make(),
  Mount.socket("/hourglass", Hourglass.protocol),
  Mount.requests("/hourglass/:key", Hourglass.protocol)
]

const serve = (factory: Agent.Factory<unknown>, settings?: Parameters<typeof Server.serve>[1]) =>
  // Calls without a socket do not end with their test: the server must not wait for them.
  Effect.map(Server.serve(factory, { drainTimeout: Server.millis(50), ...settings }, { protocols }), (server) => ({
    ...server,
    hourglass: `ws://127.0.0.1:${server.port}/hourglass`,
    /** Sends a line over HTTP, about the call of a key. */
    ask: (key: string, line: string, headers?: Record<string, string>) =>
      HttpClient.post(`${server.http}/hourglass/${key}`, line, headers)
  }))

/** Opens a call on the hourglass. Messages of this wire are lines. */
const flip = (address: string, callId = "h1") =>
  Effect.tap(Client.connect(address), (client) => Effect.sync(() => client.send(`flip ${callId}`)))
const frames = (client: Client.Client, count: number) =>
  client.until(`${count} frames`, () => client.frames.length >= count)

/** Says a piece, then goes on for ever. */
const endless: Agent.Factory<unknown> = () =>
  Effect.succeed(
    Agent.make(
      Agent.route({
        UserTurnEnded: (event) => Stream.concat(Stream.make(Event.sendText(`${Event.text(event)}?`)), Stream.never)
      })
    )
  )

const deaf: Agent.Factory<unknown> = () => Effect.succeed(Agent.make(() => Stream.empty, { run: () => false }))

const failing: Agent.Factory<unknown> = () =>
  Effect.succeed(
    Agent.make(
      Agent.route({
        UserTurnEnded: () => Stream.concat(Stream.make(Event.sendText("So")), Stream.fail(new Error("boom")))
      })
    )
  )

describe("A protocol on a socket", () => {
  it.live("holds calls beside Line's, for the same agent", () =>
    Effect.gen(function* () {
      const server = yield* serve(Server.byName({}))
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* flip(server.hourglass)
          client.send("ask 1 hello")
          yield* frames(client, 3)
          assert.deepStrictEqual(client.frames, ["note Welcome.", "grain 1 You said: hello", "done 1"])
          client.send("stop")
          assert.strictEqual(yield* client.closed, Hourglass.closeCode)
          assert.deepStrictEqual(client.frames.slice(3), ["over PeerClosed"])
        })
      )
      yield* Server.allOver(server)
    })
  )

  it.live("sends no more for a request that was superseded, and completes the one that took its place", () =>
    Effect.gen(function* () {
      const server = yield* serve(endless)
      const client = yield* flip(server.hourglass)
      client.send("ask 1 one")
      yield* frames(client, 1)
      client.send("ask 2 two")
      yield* frames(client, 2)
      client.send("tilt")
      yield* frames(client, 3)
      assert.deepStrictEqual(client.frames, ["grain 1 one?", "grain 2 two?", "done 2"])
    })
  )

  it.live("completes a request at once that starts no turn, and one whose turn fails, the apology first", () =>
    Effect.gen(function* () {
      const unheard = yield* serve(deaf)
      const client = yield* flip(unheard.hourglass)
      client.send("ask 1 hello")
      yield* frames(client, 1)
      assert.deepStrictEqual(client.frames, ["done 1"])

      const broken = yield* serve(failing)
      const other = yield* flip(broken.hourglass)
      other.send("ask 1 hello")
      yield* other.until("the end of the answer", () => other.frames.includes("done 1"))
      assert.deepStrictEqual(other.frames, ["grain 1 So", "grain 1  Sorry, something went wrong on my side.", "done 1"])
    })
  )

  it.live("answers a keepalive while the agent is being made, and while a filter thinks", () =>
    Effect.gen(function* () {
      const server = yield* serve(() => Effect.never)
      const client = yield* flip(server.hourglass)
      client.send("ask 1 hello")
      client.send("ping 1")
      yield* client.until("the answer", () => client.frames.includes("pong 1"))

      const thinking = yield* serve(() =>
        Effect.succeed(
          Agent.make(() => Stream.empty, { run: (event) => event._tag === "UserTurnEnded" && Effect.never })
        )
      )
      const other = yield* flip(thinking.hourglass)
      other.send("ask 1 hello")
      other.send("ping 2")
      yield* other.until("the answer", () => other.frames.includes("pong 2"))
    })
  )

  it.live("is told when its time has come, again and again", () =>
    Effect.gen(function* () {
      const server = yield* serve(() => Effect.succeed(Agent.make(Agent.route({ UserTurnEnded: () => Stream.never }))))
      const client = yield* flip(server.hourglass)
      client.send("ask 1 hello")
      yield* frames(client, 2)
      assert.deepStrictEqual(client.frames, ["wait 1", "wait 1"])
    })
  )

  it.live("says the last words of an ending itself, and nothing after them", () =>
    Effect.gen(function* () {
      const server = yield* serve(endless)
      const client = yield* flip(server.hourglass)
      client.send("ask 1 hello")
      yield* frames(client, 1)
      yield* Effect.forkChild(server.calls.drain, { startImmediately: true })
      client.send("nonsense")
      client.send(new Uint8Array([1]))
      client.send("ping 3")
      yield* client.until("the pong", () => client.frames.includes("pong 3"))
      client.send("stop")
      assert.strictEqual(yield* client.closed, Hourglass.closeCode)
      assert.deepStrictEqual(client.frames, ["grain 1 hello?", "pong 3", "done 1", "over PeerClosed"])
    })
  )

  it.live("ends a call that its agent ends, where the platform does not do so itself", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const server = yield* serve(() =>
        Effect.succeed(
          Server.noting(seen, { UserTurnEnded: () => Stream.make(Event.sendText("Bye."), Event.endCall()) })
        )
      )
      const client = yield* flip(server.hourglass)
      client.send("ask 1 hello")
      assert.strictEqual(yield* client.closed, Hourglass.closeCode)
      assert.deepStrictEqual(client.frames.slice(0, 2), ["grain 1 Bye.", "done 1"])
      assert.strictEqual(client.frames.at(-1), "over AgentEnded")
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "UserTurnEnded", "CallEnded"])
    })
  )

  it.live("refuses what its protocol does not admit, and sockets without its subprotocol", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(
        Server.byName({}),
        {},
        {
          protocols: [
            Mount.socket("/hourglass", Hourglass.protocol),
            Mount.socket("/named", { ...Hourglass.protocol, subprotocols: ["sand.v1"] })
          ]
        }
      )
      const at = (path: string) => `ws://127.0.0.1:${server.port}${path}`
      const refusal = yield* Client.refused(at("/hourglass"), { headers: { "x-sand": "none" } })
      assert.deepStrictEqual([refusal.status, refusal.body], [402, '{"detail":"No sand"}'])
      assert.strictEqual((yield* Client.refused(at("/named"))).status, 400)
      assert.strictEqual((yield* Client.refused(at("/named"), { protocols: ["other", "sand.v1"] })).status, 400)
      const client = yield* Client.connect(at("/named"), { protocols: ["sand.v1"] })
      assert.strictEqual(client.ws.protocol, "sand.v1")
    })
  )
})

describe("A protocol over HTTP", () => {
  it.live("holds one call for all requests of a key, and another for another key", () =>
    Effect.gen(function* () {
      const made: Array<string> = []
      const server = yield* serve((request) => {
        made.push(request.callId)
        let turns = 0
        return Effect.succeed(
          Agent.make(Agent.route({ UserTurnEnded: () => Stream.make(Event.sendText(`turn ${++turns}`)) }))
        )
      })
      const answers = []
      for (const [key, line] of [
        ["a", "ask 1 hello"],
        ["b", "ask 1 hello"],
        ["a", "ask 2 hello"]
      ] as const) {
        answers.push((yield* server.ask(key, line)).body)
      }
      assert.deepStrictEqual(answers, [
        "grain 1 turn 1\ndone 1\n",
        "grain 1 turn 1\ndone 1\n",
        "grain 2 turn 2\ndone 2\n"
      ])
      assert.deepStrictEqual(made, ["a", "b"])
      assert.strictEqual(yield* server.calls.count, 2)
      assert.strictEqual((yield* server.ask("a", "stop")).body, "stopped")
      yield* Client.until("the end of one call", () => Effect.runSync(server.calls.count) === 1)
      assert.strictEqual((yield* server.ask("a", "ask 3 hello")).body, "grain 3 turn 1\ndone 3\n")
      assert.deepStrictEqual(made, ["a", "b", "a"])
    })
  )

  it.live("opens one call for two first requests that come at once", () =>
    Effect.gen(function* () {
      let made = 0
      const server = yield* serve(() =>
        Effect.delay(
          Effect.sync(() => (made++, Server.echo)),
          "50 millis"
        )
      )
      const [tilted, answer] = yield* Effect.all([server.ask("a", "tilt"), server.ask("a", "ask 1 hello")], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual([tilted.status, tilted.body, tilted.type], [200, "tilted", "text/plain"])
      assert.include(answer.body, "You said: hello")
      assert.strictEqual(answer.type, "text/event-stream")
      assert.strictEqual(made, 1)
      assert.strictEqual(yield* server.calls.count, 1)
    })
  )

  it.live("streams an answer while the agent speaks, and completes it when it is superseded", () =>
    Effect.gen(function* () {
      const server = yield* serve(endless)
      const first = yield* HttpClient.open(`${server.http}/hourglass/a`, "ask 1 one")
      yield* first.until("grain 1 one?\n")
      const second = yield* HttpClient.open(`${server.http}/hourglass/a`, "ask 2 two")
      yield* first.completed
      assert.strictEqual(first.body(), "grain 1 one?\nsuperseded\n")
      yield* second.until("grain 2 two?\n")
      assert.strictEqual((yield* server.ask("a", "tilt")).body, "tilted")
      yield* second.completed
      assert.strictEqual(second.body(), "grain 2 two?\ndone 2\n")
    })
  )

  it.live("tells its protocol of a platform that goes away from a response, which stops the turn", () =>
    Effect.gen(function* () {
      const ended: Array<string> = []
      const server = yield* serve(() =>
        Effect.succeed(
          Agent.make(
            Agent.route({
              UserTurnEnded: () =>
                Stream.make(Event.sendText("So")).pipe(
                  Stream.concat(Stream.never),
                  Stream.ensuring(Effect.sync(() => ended.push("turn")))
                )
            })
          )
        )
      )
      const response = yield* HttpClient.open(`${server.http}/hourglass/a`, "ask 1 one")
      yield* response.until("grain 1 So\n")
      response.abort()
      yield* Client.until("the end of the turn", () => ended.length === 1)
      assert.strictEqual(yield* server.calls.count, 1)
    })
  )

  it.live("ends a call to which no request came for the time of a lease, and the agent handles the end", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const server = yield* serve(() => Effect.succeed(Server.noting(seen)), { leaseTimeout: Server.millis(300) })
      assert.strictEqual((yield* server.ask("a", "tilt")).status, 200)
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
      assert.isTrue(server.log.some(({ message }) => message === "The call ended: Idle."))
    })
  )

  it.live("completes what is open when the server stops, and refuses new calls but not requests of open ones", () =>
    Effect.gen(function* () {
      const server = yield* serve(endless, { drainTimeout: Server.millis(500) })
      const response = yield* HttpClient.open(`${server.http}/hourglass/a`, "ask 1 one")
      yield* response.until("grain 1 one?\n")
      yield* Effect.forkChild(server.calls.drain, { startImmediately: true })
      assert.strictEqual((yield* server.ask("b", "ask 1 hello")).status, 503)
      assert.strictEqual((yield* server.ask("a", "ping 1")).body, "pong 1")
      yield* response.completed
      assert.strictEqual(response.body(), "grain 1 one?\ndone 1\n")
      yield* Server.allOver(server)
    })
  )

  it.live("answers 402, 413, 409 and 503 for what it does not take", () =>
    Effect.gen(function* () {
      const server = yield* serve(() => Effect.fail(new Error("no agent")), { maxFrameBytes: 100 })
      assert.strictEqual((yield* server.ask("a", "tilt", { "x-sand": "none" })).status, 402)
      assert.strictEqual((yield* server.ask("a", `tilt ${"x".repeat(100)}`)).status, 413)
      assert.strictEqual((yield* server.ask("a", "ask 0 hello")).status, 409)
      yield* Server.allOver(server)
      // Its agent is not made: the response that waits for it is completed all the same.
      assert.strictEqual((yield* server.ask("b", "ask 1 hello")).body, "done 1\n")
      yield* Server.allOver(server)
    })
  )

  it.live("slows its agent down, and ends the call of a platform that does not read", () =>
    Effect.gen(function* () {
      let sent = 0
      const server = yield* serve(
        () =>
          Effect.succeed(
            Agent.make(
              Agent.route({
                UserTurnEnded: () =>
                  Stream.fromEffectRepeat(Effect.sync(() => (sent++, Event.sendText("x".repeat(16 * 1024)))))
              })
            )
          ),
        { maxBufferedBytes: 256 * 1024, stallTimeout: Server.millis(500) }
      )
      const response = yield* HttpClient.open(`${server.http}/hourglass/a`, "ask 1 one", { paused: true })
      yield* Client.until("the first words", () => sent > 0)
      yield* Server.allOver(server)
      assert.isTrue(server.log.some(({ message }) => message === "The call ended: Stalled."))
      assert.isBelow(sent * 16, 20 * 1024)
      response.abort()
    })
  )
})
