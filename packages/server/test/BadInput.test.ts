import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { connect as connectRaw } from "node:net"
import * as Client from "./support/client.ts"
import * as Server from "./support/server.ts"

const start = "Failed to receive/parse start message"
const loop = "Error in websocket loop (likely message processing)"

/** A server whose agent `noting` notes the events it sees, beside the echo. */
const serveNoting = (settings?: Parameters<typeof Server.serve>[1]) =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    const noting = () => Effect.succeed(Server.noting(seen, { CallStarted: () => Stream.make(Event.sendText("Hi.")) }))
    return { seen, server: yield* Server.serve(Server.byName({ noting }), settings) }
  })

/** Opens a call with the noting agent, lets something bad happen on it, and returns the close code. */
const afterwards = (server: Server.Server, bad: (client: Client.Client) => void) =>
  Server.undisturbed(
    server,
    Effect.gen(function* () {
      const client = yield* Client.call(server.ws, { call_id: "bad", metadata: { agent: "noting" } })
      yield* client.hear("Hi.")
      bad(client)
      const code = yield* client.closed
      return { client, code }
    })
  )

describe("Start message", () => {
  const cases: ReadonlyArray<readonly [string, string | Uint8Array, string]> = [
    ["that is not JSON", "hello SECRET", `${start}: not JSON`],
    ["that is no object", '["SECRET"]', `${start}: Expected object`],
    ["that is null", "null", `${start}: Expected object`],
    ["of another type", '{"type":"SECRET"}', `${start}: Expected "start" at ["type"]`],
    ["without a type", '{"type":null}', `${start}: Expected "start" at ["type"]`],
    ["with a mistyped field", '{"call_id":1234567}', `${start}: Expected string at ["call_id"]`],
    ["with a mistyped token", '{"agent_token":{"a":"SECRET"}}', `${start}: Expected string | null at ["agent_token"]`],
    ["in a binary frame", Buffer.from('{"type":"start"}'), `${start}: expected text, got a binary message`]
  ]
  for (const [name, frame, answer] of cases) {
    it.live(`${name} is answered with an error that quotes nothing of it, and no agent is created`, () =>
      Effect.gen(function* () {
        let made = 0
        const server = yield* Server.serve((request) => {
          if (request.callId !== "bystander") made++
          return Effect.succeed(Server.echo)
        })
        const client = yield* Server.undisturbed(
          server,
          Effect.gen(function* () {
            const client = yield* Client.connect(server.ws)
            client.send(frame)
            assert.strictEqual(yield* client.closed, 1000)
            return client
          })
        )
        assert.strictEqual(client.messages.length, 1)
        assert.strictEqual(Server.errorOf(server, client, "unknown"), answer)
        assert.strictEqual(made, 0)
        assert.notInclude(JSON.stringify(server.log), "SECRET")
      })
    )
  }

  it.live("that never arrives ends the wait with an error", () =>
    Effect.gen(function* () {
      const { server } = yield* serveNoting({ startTimeout: Server.millis(500) })
      const client = yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.connect(server.ws)
          assert.strictEqual(yield* client.closed, 1000)
          return client
        })
      )
      assert.strictEqual(Server.errorOf(server, client, "unknown"), `${start}: no start message came in time`)
    })
  )

  it.live("that is too long closes the socket with 1009", () =>
    Effect.gen(function* () {
      const { server } = yield* serveNoting({ maxFrameBytes: 1000 })
      const code = yield* Server.undisturbed(
        server,
        Effect.flatMap(Client.call(server.ws, { metadata: { padding: "x".repeat(1000) } }), (client) => client.closed)
      )
      assert.strictEqual(code, 1009)
    })
  )

  it.live("of a peer that leaves before sending it creates no agent and logs nothing", () =>
    Effect.gen(function* () {
      const { seen, server } = yield* serveNoting()
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.connect(server.ws)
          client.ws.close()
          yield* client.closed
          assert.deepStrictEqual(client.frames, [])
        })
      )
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, [])
      assert.deepStrictEqual(
        server.log.filter(({ annotations, level }) => level !== "Debug" && annotations["callId"] !== "bystander"),
        []
      )
    })
  )
})

describe("Frame", () => {
  it.live("that is not JSON ends the call, and the agent does not see the end", () =>
    Effect.gen(function* () {
      const { seen, server } = yield* serveNoting()
      const { client, code } = yield* afterwards(server, (client) => client.send("{SECRET"))
      assert.strictEqual(code, 1000)
      assert.match(Server.errorOf(server, client, "bad"), /^Failed to parse JSON message: not JSON( at position \d+)?$/)
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted"])
      assert.notInclude(JSON.stringify([server.log, client.frames]), "SECRET")
    })
  )

  it.live("that is binary ends the call, and the agent does not see the end", () =>
    Effect.gen(function* () {
      const { seen, server } = yield* serveNoting()
      const { client, code } = yield* afterwards(server, (client) => client.send(Buffer.from([1, 2, 3])))
      assert.strictEqual(code, 1000)
      assert.strictEqual(Server.errorOf(server, client, "bad"), `${loop}: binary messages are not supported`)
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted"])
    })
  )

  const dropped = [
    '{"type":"SECRET"}',
    '{"type":null,"content":"SECRET"}',
    '{"type":"user_state","value":"SECRET"}',
    '{"type":"agent_state","value":"SECRET"}',
    '{"type":"message","content":5}',
    '{"type":"message"}',
    '{"type":"dtmf","button":5}',
    '{"type":"custom","metadata":["SECRET"]}',
    '{"type":"message","content":"SECRET","event_id":5}',
    '{"type":"validation_error","error_message":"SECRET","error_type":"SECRET"}',
    "{}",
    "[]",
    "null",
    '"SECRET"'
  ]
  it.live("of an unknown type or state, or with a mistyped field, is dropped and logged", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}))
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { call_id: "c1" })
          client.send({ type: "user_state", value: "speaking" })
          for (const frame of dropped) client.send(frame)
          client.send({ type: "message", content: "still here" })
          client.send({ type: "user_state", value: "idle" })
          yield* client.hear("You said: still here")
          assert.strictEqual(client.frames.length, 2)
        })
      )
      const lines = server.log.filter(({ message }) => message.startsWith("A message was dropped: "))
      assert.strictEqual(lines.length, dropped.length)
      assert.isTrue(lines.every(({ annotations }) => annotations["callId"] === "c1"))
      assert.notInclude(JSON.stringify(server.log), "SECRET")
    })
  )

  it.live("that exceeds the server's limit ends the call with 1009", () =>
    Effect.gen(function* () {
      const { seen, server } = yield* serveNoting({ maxFrameBytes: 1000 })
      const { code } = yield* afterwards(server, (client) =>
        client.send({ type: "message", content: "x".repeat(1000) })
      )
      assert.strictEqual(code, 1009)
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
      assert.isTrue(server.log.some(({ message }) => message === "The call ended: TooLarge."))
    })
  )

  it.live("that exceeds only the call's limit is answered with an error: the limit counts bytes", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const noting = () =>
        Effect.succeed(Server.noting(seen, { CallStarted: () => Stream.make(Event.sendText("Hi.")) }))
      const server = yield* Server.mount(Server.byName({ noting }), { settings: { maxFrameBytes: 1000 } })
      const content = "é".repeat(490)
      assert.isBelow(content.length, 1000)
      const { client, code } = yield* afterwards(server, (client) => client.send({ type: "message", content }))
      assert.strictEqual(code, 1009)
      assert.strictEqual(Server.errorOf(server, client, "bad"), "Message too long: the limit is 1000 bytes")
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
    })
  )

  it.live("of exactly the maximum size is accepted", () =>
    Effect.gen(function* () {
      const { server } = yield* serveNoting({ maxFrameBytes: 200 })
      const client = yield* Client.call(server.ws, { call_id: "c" })
      const frame = (padding: string) => JSON.stringify({ type: "message", content: `é${padding}` })
      const full = frame("x".repeat(200 - Buffer.byteLength(frame(""))))
      assert.strictEqual(Buffer.byteLength(full), 200)
      client.send({ type: "user_state", value: "speaking" })
      client.send(full)
      client.send({ type: "user_state", value: "idle" })
      yield* client.hear(`You said: ${(JSON.parse(full) as { readonly content: string }).content}`)
    })
  )

  it.live("that is not UTF-8 ends the call", () =>
    Effect.gen(function* () {
      const { seen, server } = yield* serveNoting()
      const { code } = yield* afterwards(server, (client) => client.ws.send(Buffer.from([0xff]), { binary: false }))
      assert.strictEqual(code, 1007)
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
    })
  )
})

describe("Flood of frames", () => {
  const custom = '{"type":"custom","metadata":{}}'

  it.live("ends the call with 1008", () =>
    Effect.gen(function* () {
      const { seen, server } = yield* serveNoting({ maxFramesPerSecond: 20 })
      const { client, code } = yield* afterwards(server, (client) => {
        for (let i = 0; i < 1000; i++) client.send(custom)
      })
      assert.strictEqual(code, 1008)
      assert.strictEqual(Server.errorOf(server, client, "bad"), "Too many messages: the limit is 20 a second")
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
    })
  )

  it.live("is not detected for a burst of ten seconds' worth, or without a limit", () =>
    Effect.gen(function* () {
      for (const [maxFramesPerSecond, burst] of [
        [20, 190],
        [0, 5000]
      ] as const) {
        const { server } = yield* serveNoting({ maxFramesPerSecond })
        const client = yield* Client.call(server.ws)
        for (let i = 0; i < burst; i++) client.send(custom)
        client.say("done")
        yield* client.hear("You said: done")
      }
    })
  )
})

describe("Factory", () => {
  const failing: { readonly [name: string]: Agent.Factory<unknown> } = {
    fails: () => Effect.fail(new Error("SECRET")),
    dies: () => Effect.die(new Error("SECRET")),
    throws: () => {
      throw new Error("SECRET")
    },
    "gives no agent": () => Effect.succeed(undefined as never),
    hangs: () => Effect.never,
    "hangs and cannot be interrupted": () => Effect.uninterruptible(Effect.never),
    "hangs in its cleanup": () => Effect.onInterrupt(Effect.never, () => Effect.never)
  }
  for (const name of Object.keys(failing)) {
    it.live(`that ${name} ends its call with an error`, () =>
      Effect.gen(function* () {
        const server = yield* Server.serve(Server.byName(failing), { startTimeout: Server.millis(500) })
        const client = yield* Server.undisturbed(
          server,
          Effect.gen(function* () {
            const client = yield* Client.call(server.ws, { call_id: "c7", metadata: { agent: name } })
            assert.strictEqual(yield* client.closed, 1000)
            return client
          })
        )
        assert.strictEqual(Server.errorOf(server, client, "c7"), "Error in get_agent for c7: internal error")
        assert.notInclude(client.frames.join(), "SECRET")
        yield* Server.allOver(server)
      })
    )
  }

  it.live("that is still running when the peer leaves is interrupted, and its resources are released", () =>
    Effect.gen(function* () {
      const released: Array<string> = []
      let running = false
      const server = yield* Server.serve(
        Server.byName({
          slow: () =>
            Effect.acquireRelease(
              Effect.sync(() => (running = true)),
              () => Effect.sync(() => released.push("held"))
            ).pipe(
              Effect.andThen(Effect.never),
              Effect.onInterrupt(() => Effect.sync(() => released.push("interrupted")))
            )
        }),
        { startTimeout: Server.millis(60_000) }
      )
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { metadata: { agent: "slow" } })
          yield* Client.until("the factory", () => running)
          client.ws.terminate()
          yield* Client.until("the release", () => released.length === 2)
        })
      )
      assert.deepStrictEqual(released, ["interrupted", "held"])
      yield* Server.allOver(server)
    })
  )

  it.live("whose finalizer hangs does not keep the call open", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(
        Server.byName({
          stuck: () =>
            Effect.as(
              Effect.addFinalizer(() => Effect.never),
              Server.echo
            )
        }),
        { startTimeout: Server.millis(500) }
      )
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { call_id: "c8", metadata: { agent: "stuck" } })
          yield* client.hear("Welcome.")
          client.ws.close()
        })
      )
      yield* Server.allOver(server)
      const line = server.log.find(({ message }) => message.includes("not released in time"))
      assert.strictEqual(line?.annotations["callId"], "c8")
    })
  )
})

describe("Agent", () => {
  const boom = (failure: Effect.Effect<never, unknown>) =>
    Stream.concat(Stream.make(Event.sendText("So")), Stream.fromEffect(failure))
  const failures = {
    fails: () => boom(Effect.fail(new Error("boom SECRET"))),
    dies: () => boom(Effect.die(new Error("boom SECRET"))),
    throws: (): Stream.Stream<Event.Output> => {
      throw new Error("boom SECRET")
    },
    "fails with no error": () => boom(Effect.fail({ boom: "SECRET" }))
  }

  for (const [name, UserTurnEnded] of Object.entries(failures)) {
    it.live(`that ${name} ends its call if its policy is to close, and still handles the end`, () =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const bad = () => Effect.succeed(Server.noting(seen, { UserTurnEnded }, { turnFailure: "close" }))
        const server = yield* Server.serve(Server.byName({ bad }))
        const client = yield* Server.undisturbed(
          server,
          Effect.gen(function* () {
            const client = yield* Client.call(server.ws, { call_id: "c9", metadata: { agent: "bad" } })
            client.say("hello")
            assert.strictEqual(yield* client.closed, 1000)
            return client
          })
        )
        assert.strictEqual(Server.errorOf(server, client, "c9"), "Error in agent.process: internal error")
        assert.notInclude(client.frames.join(), "SECRET")
        yield* Server.allOver(server)
        assert.deepStrictEqual(seen, ["CallStarted", "UserTurnEnded", "CallEnded"])
      })
    )
  }

  it.live("that fails before anything was said still handles the end", () =>
    Effect.gen(function* () {
      for (const options of [{}, { run: (event: Event.Input) => Effect.succeed(event._tag !== "UserTurnStarted") }]) {
        const seen: Array<string> = []
        const CallStarted = () => boom(Effect.die(new Error("SECRET")))
        const bad = () => Effect.succeed(Server.noting(seen, { CallStarted }, { turnFailure: "close", ...options }))
        const server = yield* Server.serve(Server.byName({ bad }))
        const client = yield* Client.call(server.ws, { call_id: "c9", metadata: { agent: "bad" } })
        assert.strictEqual(yield* client.closed, 1000)
        assert.strictEqual(Server.errorOf(server, client, "c9"), "Error in agent.process: internal error")
        yield* Server.allOver(server)
        assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
      }
    })
  )

  it.live("that fails apologises and continues if its policy is to recover", () =>
    Effect.gen(function* () {
      const bad = () =>
        Effect.succeed(
          Agent.make((event) =>
            event._tag !== "UserTurnEnded"
              ? Stream.empty
              : Event.text(event) === "fail"
                ? boom(Effect.die(new Error("SECRET")))
                : Stream.make(Event.sendText("Fine."))
          )
        )
      const server = yield* Server.serve(Server.byName({ bad }))
      const client = yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { metadata: { agent: "bad" } })
          client.say("fail")
          yield* client.hear(" Sorry, something went wrong on my side.")
          client.say("again")
          yield* client.hear("Fine.")
          return client
        })
      )
      assert.notInclude(client.frames.join(), "SECRET")
    })
  )

  it.live("whose filter throws at the start of the call ends it if its policy is to close", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const run = (event: Event.Input): boolean => {
        if (event._tag === "CallStarted") throw new Error("SECRET")
        return true
      }
      const bad = () => Effect.succeed(Server.noting(seen, {}, { turnFailure: "close", run }))
      const server = yield* Server.serve(Server.byName({ bad }))
      const client = yield* Client.call(server.ws, { call_id: "c9", metadata: { agent: "bad" } })
      assert.strictEqual(yield* client.closed, 1000)
      assert.strictEqual(Server.errorOf(server, client, "c9"), `${loop}: internal error`)
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallEnded"])
    })
  )

  it.live("whose filter throws ends its call if its policy is to close", () =>
    Effect.gen(function* () {
      const bad = () =>
        Effect.succeed(
          Agent.make(() => Stream.empty, {
            turnFailure: "close",
            run: (event) => {
              if (event._tag === "UserTextSent") throw new Error("SECRET")
              return false
            }
          })
        )
      const server = yield* Server.serve(Server.byName({ bad }))
      const client = yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { call_id: "c10", metadata: { agent: "bad" } })
          client.say("hello")
          assert.strictEqual(yield* client.closed, 1000)
          return client
        })
      )
      assert.strictEqual(Server.errorOf(server, client, "c10"), `${loop}: internal error`)
    })
  )

  for (const [name, canBeInterrupted] of [
    ["hangs for ever", true],
    ["hangs for ever and cannot be interrupted", false]
  ] as const) {
    it.live(`whose filter ${name} loses its call to the idle timeout`, () =>
      Effect.gen(function* () {
        let asked = false
        let interrupted = false
        const hanging = () =>
          Effect.succeed(
            Agent.make(() => Stream.empty, {
              run: (event) => {
                if (event._tag !== "UserTextSent") return false
                asked = true
                return canBeInterrupted
                  ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => (interrupted = true)))
                  : Effect.uninterruptible(Effect.never)
              }
            })
          )
        const server = yield* Server.serve(Server.byName({ hanging }), { idleTimeout: Server.millis(800) })
        yield* Server.undisturbed(
          server,
          Effect.gen(function* () {
            const client = yield* Client.call(server.ws, { metadata: { agent: "hanging" } })
            client.send({ type: "message", content: "hello" })
            yield* Client.until("the filter", () => asked)
            client.ws.terminate()
          })
        )
        yield* Server.allOver(server)
        assert.strictEqual(interrupted, canBeInterrupted)
      })
    )
  }

  it.live("that never ends its turn is interrupted by the user, and by the end of the call", () =>
    Effect.gen(function* () {
      const ended: Array<string> = []
      const endless = () =>
        Effect.succeed(
          Agent.make(
            Agent.route({
              UserTurnEnded: (event) =>
                Stream.make(Event.sendText(`Heard ${Event.text(event)}.`)).pipe(
                  Stream.concat(Stream.never),
                  Stream.ensuring(Effect.sync(() => ended.push(Event.text(event))))
                )
            })
          )
        )
      const server = yield* Server.serve(Server.byName({ endless }))
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { metadata: { agent: "endless" } })
          client.say("one")
          yield* client.hear("Heard one.")
          client.say("two")
          yield* client.hear("Heard two.")
          assert.deepStrictEqual(ended, ["one"])
          client.ws.close()
          yield* Client.until("the end of the turn", () => ended.length === 2)
        })
      )
      yield* Server.allOver(server)
    })
  )

  it.live("that emits after it was interrupted is not heard", () =>
    Effect.gen(function* () {
      let late = 0
      const stubborn = () =>
        Effect.succeed(
          Agent.make(
            Agent.route({
              UserTurnEnded: (event) =>
                Event.text(event) === "second"
                  ? Stream.make(Event.sendText("Second."))
                  : Stream.make(Event.sendText("First.")).pipe(
                      Stream.concat(
                        Stream.fromEffect(
                          Effect.uninterruptible(
                            Effect.delay(
                              Effect.sync(() => {
                                late++
                                return Event.sendText("Late.")
                              }),
                              "100 millis"
                            )
                          )
                        )
                      )
                    )
            }),
            { cancelGrace: "10 millis" }
          )
        )
      const server = yield* Server.serve(Server.byName({ stubborn }))
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { metadata: { agent: "stubborn" } })
          client.say("first")
          yield* client.hear("First.")
          client.say("second")
          yield* client.hear("Second.")
          yield* Client.until("the late output", () => late === 1)
          client.say("second")
          yield* client.until("the third answer", () => client.messages.length >= 3)
          assert.deepStrictEqual(
            client.messages.map(({ content }) => content),
            ["First.", "Second.", "Second."]
          )
        })
      )
    })
  )

  it.live("that hangs while cleaning up delays neither its next turn nor its end beyond the grace period", () =>
    Effect.gen(function* () {
      const hanging = () =>
        Effect.succeed(
          Agent.make(
            Agent.route({
              UserTurnEnded: (event) =>
                Stream.make(Event.sendText(`Heard ${Event.text(event)}.`)).pipe(
                  Stream.concat(Stream.never),
                  Stream.ensuring(Effect.never)
                )
            }),
            { cancelGrace: "50 millis", endGrace: "50 millis" }
          )
        )
      const server = yield* Server.serve(Server.byName({ hanging }))
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { call_id: "c11", metadata: { agent: "hanging" } })
          client.say("one")
          yield* client.hear("Heard one.")
          client.say("two")
          yield* client.hear("Heard two.")
          client.ws.close()
        })
      )
      yield* Server.allOver(server)
      const line = server.log.find(({ message }) => message.includes("still cleaning up"))
      assert.strictEqual(line?.annotations["callId"], "c11")
    })
  )
})

describe("Silence", () => {
  it.live("beyond the idle timeout ends the call once, and the agent handles its end", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      // Longer than the interval at which the server checks its calls.
      const CallEnded = () => Stream.fromEffectDrain(Effect.sleep("400 millis"))
      const noting = () => Effect.succeed(Server.noting(seen, { CallEnded }))
      const server = yield* Server.serve(Server.byName({ noting }), { idleTimeout: Server.millis(1000) })
      const talking = yield* Client.call(server.ws)
      const silent = yield* Client.call(server.ws, { call_id: "c12", metadata: { agent: "noting" } })
      const talk = Effect.forever(
        Effect.delay(
          Effect.sync(() => talking.send({ type: "custom", metadata: {} })),
          "50 millis"
        )
      )
      const code = yield* Effect.raceFirst(silent.closed, talk)
      assert.strictEqual(code, 1000)
      assert.strictEqual(Server.errorOf(server, silent, "c12"), "Nothing was received for too long")
      talking.say("still here")
      yield* talking.hear("You said: still here")
      yield* Client.until("the end of the call", () => Effect.runSync(server.calls.count) === 1)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
      assert.strictEqual(server.log.filter(({ message }) => message === "The call ended: Idle.").length, 1)
    })
  )
})

describe("Connection", () => {
  const head = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
  const requests: ReadonlyArray<readonly [string, string]> = [
    ["asks for an upgrade without a key", `${head}Connection: Upgrade\r\n\r\n`],
    ["asks for an upgrade with a key that is none", `${head}Connection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n`],
    ["names an upgrade that its connection does not ask for", `${head}Connection: close\r\n\r\n`]
  ]
  for (const [name, request] of requests) {
    it.live(`that ${name} is rejected and leaves no call behind`, () =>
      Effect.gen(function* () {
        const { server } = yield* serveNoting()
        const answer = yield* Server.undisturbed(
          server,
          Effect.callback<string>((resume) => {
            let answer = ""
            const socket = connectRaw(server.port, "127.0.0.1", () => socket.write(request))
            socket.on("data", (data) => (answer += data.toString()))
            socket.on("close", () => resume(Effect.succeed(answer)))
          })
        )
        assert.match(answer, /^HTTP\/1\.1 400 /)
        yield* Server.allOver(server)
      })
    )
  }

  it.live("that vanishes without a close ends its call, and the agent handles the end", () =>
    Effect.gen(function* () {
      const { seen, server } = yield* serveNoting()
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { metadata: { agent: "noting" } })
          yield* client.hear("Hi.")
          client.ws.terminate()
        })
      )
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
      assert.isTrue(server.log.some(({ message }) => message === "The call ended: PeerClosed."))
    })
  )

  it.live("is dropped if its peer answers no ping, and kept otherwise", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const noting = () =>
        Effect.succeed(Server.noting(seen, { CallStarted: () => Stream.make(Event.sendText("Hi.")) }))
      const server = yield* Server.mount(Server.byName({ noting }), { pingMs: 500 })
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { metadata: { agent: "noting" } }, { autoPong: false })
          yield* client.hear("Hi.")
          assert.strictEqual(yield* client.closed, 1006)
        })
      )
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
    })
  )
})

describe("Exposed errors", () => {
  it.live("include the message of a failure, and never its stack", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(
        Server.byName({
          factory: () => Effect.fail(new Error("no model")),
          agent: () =>
            Effect.succeed(
              Agent.make(Agent.route({ CallStarted: () => Stream.fromEffect(Effect.die(new Error("no words"))) }), {
                turnFailure: "close"
              })
            )
        }),
        { exposeErrors: true }
      )
      for (const [agent, answer] of [
        ["factory", "Error in get_agent for c1: no model"],
        ["agent", "Error in agent.process: no words"]
      ] as const) {
        const client = yield* Client.call(server.ws, { call_id: "c1", metadata: { agent } })
        yield* client.closed
        assert.strictEqual(Server.errorOf(server, client, "c1"), answer)
      }
      assert.isTrue(server.log.some(({ cause }) => cause.includes("no model") && cause.includes(" at ")))
    })
  )
})
