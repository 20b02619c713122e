import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Client from "./support/client.ts"
import * as Server from "./support/server.ts"

describe("Under load", () => {
  it.live("when 50 users barge in on agents that stream a message a millisecond, the old turns fall silent", () =>
    Effect.gen(function* () {
      const ended = new Set<string>()
      const server = yield* Server.serve(({ callId }) =>
        Effect.succeed(
          Agent.make(
            Agent.route({
              UserTurnEnded: (event) =>
                Stream.tick("1 millis").pipe(
                  Stream.map(() => Event.sendText(Event.text(event))),
                  Stream.ensuring(Effect.sync(() => ended.add(`${callId} ${Event.text(event)}`)))
                )
            })
          )
        )
      )
      const one = (id: number) =>
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { call_id: `c${id}` })
          const heard = (turn: number) => client.messages.filter(({ content }) => content === `turn ${turn}`).length
          let before = 0
          client.send({ type: "user_state", value: "speaking" })
          for (let turn = 0; turn < 6; turn++) {
            client.send({ type: "message", content: `turn ${turn}` })
            client.send({ type: "user_state", value: "idle" })
            yield* client.until(`turn ${turn}`, () => heard(turn) >= 20)
            // No more than what was under way when the user spoke up: 100 ms' worth at most.
            assert.isBelow(heard(turn - 1) - before, 100)
            before = heard(turn)
            client.send({ type: "user_state", value: "speaking" })
            yield* Client.until(`the end of turn ${turn}`, () => ended.has(`c${id} turn ${turn}`))
          }
          const turns = client.messages.map(({ content }) => Number(content?.slice("turn ".length)))
          assert.deepStrictEqual(
            turns,
            turns.toSorted((a, b) => a - b),
            "an old turn was heard after a new one"
          )
        })
      yield* Effect.scoped(
        Effect.all(
          Array.from({ length: 50 }, (_, id) => one(id)),
          { concurrency: "unbounded" }
        )
      )
      yield* Server.allOver(server)
    })
  )

  it.live("500 concurrent calls each get their own answers and their own end, and none is left over", () =>
    Effect.gen(function* () {
      const ended = new Set<string>()
      const server = yield* Server.serve(({ callId }) =>
        Effect.succeed(
          Agent.make(
            Agent.route({
              CallStarted: () => Stream.make(Event.sendText(`Welcome ${callId}.`)),
              UserTurnEnded: (event) => Stream.make(Event.sendText(`${callId} said ${Event.text(event)}`)),
              CallEnded: () => Stream.fromEffectDrain(Effect.sync(() => ended.add(callId)))
            })
          )
        )
      )
      const one = (id: number) =>
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws, { call_id: `c${id}` })
          yield* client.hear(`Welcome c${id}.`)
          return { client, id }
        })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const calls = yield* Effect.all(
            Array.from({ length: 500 }, (_, id) => one(id)),
            { concurrency: 100 }
          )
          assert.strictEqual(yield* server.calls.count, 500)
          yield* Effect.forEach(
            calls,
            ({ client, id }) =>
              Effect.gen(function* () {
                for (const word of ["one", "two", "three"]) {
                  client.say(`${id} ${word}`)
                  yield* client.hear(`c${id} said ${id} ${word}`)
                }
                assert.deepStrictEqual(
                  client.messages.map(({ content }) => content),
                  [`Welcome c${id}.`, ...["one", "two", "three"].map((word) => `c${id} said ${id} ${word}`)]
                )
              }),
            { concurrency: "unbounded" }
          )
          for (const { client, id } of calls) client.ws[id % 2 === 0 ? "close" : "terminate"]()
        })
      )
      yield* Server.allOver(server)
      assert.strictEqual(ended.size, 500)
      assert.deepStrictEqual(
        server.log.filter(({ level }) => level !== "Debug" && level !== "Info"),
        []
      )
      // Each call leaves a line when it starts and one when it ends.
      assert.strictEqual(server.log.filter(({ message }) => message === "The call started.").length, 500)
      assert.strictEqual(server.log.filter(({ level }) => level === "Info").length, 1000)
    })
  )
})
