import * as Agent from "@antiphon/core/Agent"
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Redacted, Stream } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { fileURLToPath } from "node:url"
import * as VoiceAgentApp from "../src/node/VoiceAgentApp.ts"
import * as Client from "./support/client.ts"
import * as ServerProcess from "./support/serverProcess.ts"
import * as Server from "./support/server.ts"
import * as WallClock from "./support/wallClock.ts"

describe("A call", () => {
  it.live("is not compressed, even if its peer offers it", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}))
      const client = yield* Client.call(server.ws, {}, { perMessageDeflate: true })
      yield* client.hear("Welcome.")
      assert.strictEqual(client.ws.extensions, "")
    })
  )

  it.live("creates its agent from its request, and answers with its words", () =>
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

  it.live("accepts frames sent with its start message, in order, after the agent has seen the start", () =>
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

  it.live("ends with its peer: the agent handles the end, and then its factory's resources are released", () =>
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

  it.live("writes its id on every log line, and neither token nor start message on any", () =>
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

  it.live("leaves nothing in memory", () =>
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

  it.live("is not ended by a step of the wall clock, forward or back", () =>
    Effect.gen(function* () {
      const clock = WallClock.shifted(yield* Clock.Clock)
      const settings = {
        port: 0,
        host: "127.0.0.1",
        idleTimeout: Server.millis(10_000),
        startTimeout: Server.millis(10_000)
      }
      const layer = VoiceAgentApp.layerServer(Server.byName({}), { guard: false, settings })
      const server = yield* Server.start(Layer.provideMerge(layer, Layer.succeed(Clock.Clock, clock)))
      const client = yield* Client.call(server.ws)
      const opening = yield* Client.connect(server.ws)
      yield* client.hear("Welcome.")
      for (const step of [-15_000, 15_000, -3_600_000, 7_200_000]) {
        clock.shift(step)
        // Enough time for the server to check its calls.
        yield* Effect.sleep("1500 millis")
        client.say(`after ${step}`)
        yield* client.hear(`You said: after ${step}`)
      }
      opening.send({ type: "start" })
      yield* opening.hear("Welcome.")
      assert.deepStrictEqual(
        server.log.filter(({ level }) => level !== "Info"),
        []
      )
    })
  )

  for (const [step, shiftMs] of [
    ["back by an hour", -3_600_000],
    ["back by 15 seconds", -15_000],
    ["on by 11 minutes", 660_000]
  ] as const) {
    it.live(`in a process of its own is not ended when the wall clock is set ${step}`, () =>
      Effect.gen(function* () {
        const preload = fileURLToPath(new URL("support/shiftClock.mjs", import.meta.url))
        const server = yield* ServerProcess.start(
          "faultyServer.ts",
          { SHIFT_MS: String(shiftMs), ANTIPHON_IDLE_TIMEOUT: "10 seconds", ANTIPHON_MAX_CALL_DURATION: "5 minutes" },
          ["--import", preload]
        )
        const clients = yield* Effect.forEach([0, 1, 2], () => Client.call(server.ws))
        for (const client of clients) {
          client.say("before")
          yield* client.hear("You said: before")
        }
        server.kill("SIGUSR2")
        yield* server.says(/The wall clock was moved/)
        // Enough time for the server to check its calls.
        yield* Effect.sleep("1500 millis")
        for (const client of clients) {
          client.say("after")
          yield* client.hear("You said: after")
        }
        assert.notMatch(server.output(), /WARN|ERROR/)
      })
    )
  }
})
