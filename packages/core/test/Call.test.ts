import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Cause } from "effect"
import * as Agent from "../src/Agent.ts"
import * as Call from "../src/Call.ts"
import * as Event from "../src/Event.ts"

const echo = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Welcome.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)
const settle = Effect.repeat(Effect.yieldNow, { times: 50 })

describe("Call", () => {
  it.effect("greets, and answers a turn of the user", () =>
    Effect.gen(function* () {
      const outputs = yield* Call.run(
        echo,
        Stream.make(
          { _tag: "UserTurnStarted" },
          { _tag: "UserTextSent", content: "hello" },
          { _tag: "UserTurnEnded", eventId: "i1" }
        )
      ).pipe(Stream.runCollect)
      assert.deepStrictEqual(
        outputs.map((o) => (o._tag === "AgentSendText" ? o.text : o._tag)),
        ["Welcome.", "You said: hello"]
      )
      assert.strictEqual(outputs[1]?.respondingTo, "i1")
    })
  )

  it.effect("a user who starts to speak interrupts the turn", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      const log: Array<string> = []
      const agent = Agent.make(
        Agent.route({
          UserTurnEnded: () =>
            Stream.make(Event.sendText("a"), Event.sendText("b")).pipe(
              Stream.concat(Stream.fromEffect(Effect.as(Effect.sleep("1 minute"), Event.sendText("never")))),
              Stream.onExit((exit) => Effect.sync(() => log.push(exit._tag)))
            )
        })
      )
      const reports = yield* Queue.unbounded<Event.Report, Cause.Done>()
      const fiber = yield* Call.run(agent, Stream.fromQueue(reports)).pipe(
        Stream.runForEach((o) => Effect.sync(() => log.push(o._tag === "AgentSendText" ? o.text : o._tag))),
        Effect.forkChild
      )
      yield* Queue.offer(reports, { _tag: "UserTurnEnded" })
      yield* settle
      yield* Queue.offer(reports, { _tag: "UserTurnStarted" })
      yield* settle
      yield* TestClock.adjust("2 minutes")
      yield* Queue.end(reports)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(log, ["a", "b", "Failure"])
    })
  )
})
