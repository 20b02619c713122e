import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Mount from "../src/Mount.ts"
import * as Client from "./support/client.ts"
import * as Hourglass from "./support/hourglass.ts"
import { endless, serve } from "./support/hourglassServer.ts"
import * as Server from "./support/server.ts"

/** Opens a call on the hourglass, whose messages are lines. */
const flip = (address: string, callId = "h1") =>
  Effect.tap(Client.connect(address), (client) => Effect.sync(() => client.send(`flip ${callId}`)))
const frames = (client: Client.Client, count: number) =>
  client.until(`${count} frames`, () => client.frames.length >= count)

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
  it.live("serves calls beside Line's, with the same agent", () =>
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

  it.live("sends nothing more for a superseded request, and completes the one that replaced it", () =>
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

  it.live("completes a request at once if it starts no turn, and one whose turn fails after the apology", () =>
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

  it.live("answers a keepalive while the agent is being created, and while a filter decides", () =>
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

  it.live("gets a tick whenever one is due", () =>
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

  it.live("ends a call that its agent ends, if the platform does not do so itself", () =>
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

  it.live("rejects requests its protocol does not admit, and sockets without its subprotocol", () =>
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
