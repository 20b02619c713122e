import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Client from "../support/client.ts"
import * as Server from "../support/server.ts"

/** Answers whatever it hears, as another machine would, until the call is over. */
const talkOn = (client: Client.Client) => {
  const answer = (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Client.Message
    if (message.type === "message") client.say("And what else?")
    if (message.type === "end_call") client.ws.close()
  }
  client.ws.on("message", answer)
}

describe("Two machines talking to each other", () => {
  it.live("stop after the maximum number of turns: the agent says goodbye and hangs up with a reason", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { maxTurns: 5, goodbye: "That was all." })
      const client = yield* Client.call(server.ws)
      talkOn(client)
      yield* client.closed
      const said = client.messages.flatMap(({ content }) => (content === undefined ? [] : [content]))
      assert.deepStrictEqual(said, [
        "Welcome.",
        ...Array.from({ length: 5 }, () => "You said: And what else?"),
        "That was all."
      ])
      assert.deepInclude(client.messages.at(-1), { type: "end_call", reason: "max_turns" })
      yield* Server.allOver(server)
      const line = server.log.find(({ message }) => message.includes("max_turns"))
      assert.strictEqual(line?.level, "Warn")
    })
  )

  it.live("stop after the maximum duration, however few their turns", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { maxTurns: 0, maxCallDuration: Server.millis(300) })
      const client = yield* Client.call(server.ws)
      talkOn(client)
      yield* client.closed
      assert.deepInclude(client.messages.at(-1), { type: "end_call", reason: "max_duration" })
      assert.isAbove(client.messages.length, 5)
    })
  )

  it.live("continue without a limit", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { maxTurns: 0, maxCallDuration: Server.millis(0) })
      const client = yield* Client.call(server.ws)
      talkOn(client)
      yield* client.until("100 answers", () => client.messages.length > 100)
    })
  )
})

describe("the memory of a call", () => {
  it.live("is bounded, however small the messages are, and exceeding it ends only that call with 1009", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { maxHistoryBytes: 600 * 1024 })
      yield* Server.undisturbed(
        server,
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws)
          // 30 kB of text that take twenty times as much memory.
          for (let i = 0; i < 1200; i++) client.send({ type: "dtmf", button: "1" })
          assert.strictEqual(yield* client.closed, 1009)
        })
      )
    })
  )

  it.live("counts what the agent says too", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { maxHistoryBytes: 100 * 1024 })
      const client = yield* Client.call(server.ws)
      yield* client.hear("Welcome.")
      for (let i = 0; i < 8; i++) client.say("x".repeat(8 * 1024))
      assert.strictEqual(yield* client.closed, 1009)
    })
  )
})
