import { Agent } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Ref } from "effect"
import { type Booking, Guest, reservation, restaurant } from "../../src/livekit/restaurant.ts"

const { text, toolCall } = ScriptedModel

/** `session.run(user_input=…)`, and `result.expect`: a caller who speaks, and what they heard. */
it.effect("hands over, keeps the name, and finds a table while the guest keeps talking", () =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([
      toolCall("to_reservation", {}),
      toolCall("save_name", { name: "Anna" }, { id: "t1" }),
      text("Thank you, Anna. When?"),
      toolCall("find_table", { time: "eight" }, { id: "t2" }),
      text("You have the table at eight.")
    ])
    const call = yield* TestCall.run(restaurant, [
      Caller.listens(),
      Caller.says("A table, please"),
      Caller.listens(),
      Caller.says("Anna"),
      Caller.listens(),
      Caller.says("At eight"),
      Caller.listens(),
      Caller.pauses("3 seconds"),
      Caller.listens()
    ]).pipe(Effect.provide(model.layer))
    Expect.heard(call, "Da Mario, hello!")
    Expect.heard(call, "Reservations, good evening.")
    Expect.heard(call, "I am looking.")
    Expect.heard(call, "You have the table at eight.")
  })
)

it.effect("a test can read the notes of a call's tools", () =>
  Effect.gen(function* () {
    const guest = yield* Ref.make<Booking>({})
    const model = ScriptedModel.make([toolCall("save_name", { name: "Anna" }), text("When?")])
    const agent = Agent.provide(reservation, Layer.succeed(Guest, guest))
    yield* TestCall.run(agent, [Caller.listens(), Caller.says("Anna"), Caller.listens()]).pipe(
      Effect.provide(model.layer)
    )
    assert.deepStrictEqual(yield* Ref.get(guest), { name: "Anna" })
  })
)

it.effect("the notice cannot be interrupted", () =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([toolCall("read_notice", {}), text("Yes?")])
    const agent = Agent.provide(reservation, Guest.layer)
    const call = yield* TestCall.run(agent, [
      Caller.listens(),
      Caller.says("What are your rules?"),
      Caller.bargesIn("Stop", { after: "200 millis" }),
      Caller.listens()
    ]).pipe(Effect.provide(model.layer))
    Expect.heard(call, "Tables are kept for fifteen minutes.")
  })
)
