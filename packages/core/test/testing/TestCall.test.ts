import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Schedule, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Event from "../../src/Event.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as Played from "../../src/testing/Played.ts"
import * as TestCall from "../../src/testing/TestCall.ts"
import * as Timeline from "../../src/testing/Timeline.ts"

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
  it.effect("smoke", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(echo, [
        Caller.bargesIn("Stop it", { at: "1000 millis" }),
        Caller.listens(),
        Caller.pauses("1 second"),
        Caller.says("Good bye", { endpointing: "300 millis" })
      ])
      console.log(Timeline.render(call.entries))
      console.log(Played.transcript(call), Played.silences(call), Played.outcome(call))
    })
  )
})
