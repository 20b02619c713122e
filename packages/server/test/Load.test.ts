import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Client from "./support/client.ts"
import * as Server from "./support/server.ts"

describe("Under load", () => {
  it.live(
    "50 users barge in on agents that stream a message a millisecond: the old turn falls silent, the new one is heard",
    () =>
      Effect.gen(function* () {
        const server = yield* Server.serve(() =>
          Effect.succeed(
            Agent.make(
              Agent.route({
                UserTurnEnded: (event) =>
                  Stream.tick("1 millis").pipe(
                    Stream.take(20_000),
                    Stream.map(() => Event.sendText(Event.text(event)))
                  )
              })
            )
          )
        )
        const heard = (client: Client.Client, turn: string) =>
          client.messages.filter(({ content }) => content === turn).length

        const one = Effect.gen(function* () {
          const client = yield* Client.call(server.ws)
          for (let turn = 0; turn < 5; turn++) {
            client.say(`turn ${turn}`)
            yield* Client.until(`turn ${turn}`, () => heard(client, `turn ${turn}`) >= 20)
            client.send({ type: "user_state", value: "speaking" })
            const before = heard(client, `turn ${turn}`)
            client.send({ type: "message", content: `turn ${turn + 1}` })
            client.send({ type: "user_state", value: "idle" })
            yield* client.hear(`turn ${turn + 1}`)
            const old = heard(client, `turn ${turn}`)
            // What was on its way, and no more: 200 ms' worth at the very most.
            assert.isBelow(old - before, 200)
            const after = client.messages.length
            yield* Client.until("more of the new turn", () => heard(client, `turn ${turn + 1}`) >= 20)
            assert.strictEqual(heard(client, `turn ${turn}`), old, "the old turn was heard after the new one")
            assert.isAbove(client.messages.length, after)
          }
          const contents = client.messages.map(({ content }) => Number(content?.slice("turn ".length)))
          assert.deepStrictEqual(
            contents,
            [...contents].sort((a, b) => a - b),
            "turns were heard out of order"
          )
        })
        yield* Effect.scoped(
          Effect.all(
            Array.from({ length: 50 }, () => one),
            { concurrency: "unbounded" }
          )
        )
        yield* Server.allOver(server)
      })
  )

  it.live("500 calls at once each get their own answers and their own end, and none is left", () =>
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
        server.log.filter(({ level }) => level !== "Debug"),
        []
      )
    })
  )
})
