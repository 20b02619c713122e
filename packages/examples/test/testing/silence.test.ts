import { Agent, Event, Filler } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { Effect, Stream } from "effect"

const lookUp = Effect.as(Effect.sleep("15 seconds"), Event.sendText("Your parcel is in Lyon."))
const tracker = Agent.route({ UserTurnEnded: () => Stream.fromEffect(lookUp) })
const patient = Filler.agent(tracker, {
  after: "4 seconds",
  every: "5 seconds",
  texts: ["One moment.", "Nearly there."]
})

const script = [Caller.says("Where is my parcel?"), Caller.listens()]

it.effect("without a filler, the caller hears nothing for fifteen seconds", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(tracker, script)
    Expect.silence(call, { after: "caller", before: "agent", lasts: "15 seconds" })
  })
)

it.effect("with a filler, nobody waits longer than six", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(patient, script)
    Expect.heard(call, "One moment.", "5500 millis")
    Expect.heard(call, "Nearly there.", { from: "10 seconds", to: "11 seconds" })
    Expect.heard(call, "Lyon")
    Expect.waitAtMost(call, "6 seconds")
  })
)
