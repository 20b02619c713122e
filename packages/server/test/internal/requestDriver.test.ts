import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Client from "../support/client.ts"
import { endless, serve } from "../support/hourglassServer.ts"
import * as HttpClient from "../support/httpClient.ts"
import * as Server from "../support/server.ts"

describe("A protocol over HTTP", () => {
  it.live("serves one call for all requests of a key, and another for another key", () =>
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

  it.live("opens a single call for two concurrent first requests", () =>
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

  it.live("tells its protocol when the platform abandons a response, which stops the turn", () =>
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

  it.live("ends a call that received no request during its lease, and the agent handles the end", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const server = yield* serve(() => Effect.succeed(Server.noting(seen)), { leaseTimeout: Server.millis(300) })
      assert.strictEqual((yield* server.ask("a", "tilt")).status, 200)
      yield* Server.allOver(server)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
      assert.isTrue(server.log.some(({ message }) => message === "The call ended: Idle."))
    })
  )

  it.live("completes open responses when the server stops, and refuses new calls but not requests of open ones", () =>
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

  it.live("answers 402, 413, 409 and 503 to requests it does not accept", () =>
    Effect.gen(function* () {
      const server = yield* serve(() => Effect.fail(new Error("no agent")), { maxFrameBytes: 100 })
      assert.strictEqual((yield* server.ask("a", "tilt", { "x-sand": "none" })).status, 402)
      assert.strictEqual((yield* server.ask("a", `tilt ${"x".repeat(100)}`)).status, 413)
      assert.strictEqual((yield* server.ask("a", "ask 0 hello")).status, 409)
      yield* Server.allOver(server)
      // Its agent is never made, but the response that waits for it is completed.
      assert.strictEqual((yield* server.ask("b", "ask 1 hello")).body, "done 1\n")
      yield* Server.allOver(server)
    })
  )

  it.live("slows its agent down if the platform does not read, and then ends the call", () =>
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
