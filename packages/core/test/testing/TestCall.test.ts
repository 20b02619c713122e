import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Event from "../../src/Event.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as Expect from "../../src/testing/Expect.ts"
import * as Played from "../../src/testing/Played.ts"
import * as TestCall from "../../src/testing/TestCall.ts"

const words = (text: string) =>
  Stream.fromIterable(text.match(/\S+\s*/g) ?? []).pipe(
    Stream.map((word) => Event.sendText(word)),
    Stream.schedule(Schedule.spaced("20 millis"))
  )
const echo = Agent.make(
  Agent.route({
    CallStarted: () => words("Hello, this is the shop. "),
    UserTurnEnded: (event) => words(`You said: ${Event.text(event)}.`)
  })
)

describe("TestCall", () => {
  it.effect("plays a barge-in at a time: what was not spoken is not heard", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(echo, [
        Caller.bargesIn("Stop it", { at: "1000 millis" }),
        Caller.listens(),
        Caller.pauses("1 second"),
        Caller.says("Good bye", { endpointing: "300 millis" })
      ])
      assert.deepStrictEqual(Played.transcript(call), [
        { at: 20, who: "agent", text: "Hello, this" },
        { at: 1000, who: "caller", text: "Stop it" },
        { at: 1770, who: "agent", text: "You said: Stop it." },
        { at: 4270, who: "caller", text: "Good bye" },
        { at: 5340, who: "agent", text: "You said: Good bye." }
      ])
      Expect.waitAtMost(call, "320 millis")
      Expect.endedBy(call, "caller")
      Expect.nothingLeft(call)
    })
  )
})
