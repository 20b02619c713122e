import { CallRequest } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Billing } from "../../src/clinic/Billing.ts"
import { Database } from "../../src/clinic/Database.ts"
import { Reception } from "../../src/clinic/Reception.ts"

const { text, toolCall } = ScriptedModel
const listens = Caller.listens()
const request = CallRequest.make({ from: "+33123" })

/** Plays a call to the clinic: what the model replies, and what the caller does. */
const play = (replies: ReadonlyArray<ScriptedModel.Reply>, script: Caller.Script) => {
  const Clinic = Reception.layer.pipe(
    Layer.provide(Billing.layer),
    Layer.provide(Database.layerMemory),
    Layer.provideMerge(ScriptedModel.make(replies).layer)
  )
  return TestCall.run(Reception, [listens, script], { request }).pipe(Effect.provide(Clinic))
}

describe("the clinic", () => {
  it.effect("looks for slots while the conversation continues", () =>
    Effect.gen(function* () {
      const call = yield* play(
        [toolCall("find_slots", { day: "Monday" }), text("There is Monday at nine.")],
        [Caller.says("Monday please"), listens, Caller.pauses("5 seconds")]
      )
      Expect.heard(call, "I'm looking for a slot. There is Monday at nine.")
      Expect.tool(call, "find_slots", { result: [{ id: 1, at: "Monday 9:00" }] })
    })
  )

  it.effect("fills in the form, rejects invalid answers, and books", () =>
    Effect.gen(function* () {
      const call = yield* play(
        [
          toolCall("fill_in", { slot: 1, name: "Ada" }, { id: "a" }),
          toolCall("fill_in", { birthDate: "10 December" }, { id: "b" }),
          toolCall("fill_in", { birthDate: "1815-12-10" }, { id: "c" }),
          toolCall("confirm_booking", {}, { id: "d" }),
          text("It is booked.")
        ],
        [Caller.says("Ada, 10 December 1815, Monday at nine"), listens]
      )
      Expect.tool(call, "fill_in", { result: { stillMissing: ["birthDate"] } })
      Expect.tool(call, "fill_in", { args: { birthDate: "10 December" }, result: /error|invalid/i })
      Expect.tool(call, "confirm_booking", { result: "booked" })
    })
  )

  it.effect("hands the call to billing, which gives it back", () =>
    Effect.gen(function* () {
      const call = yield* play(
        [
          toolCall("billing", {}, { id: "a" }),
          toolCall("list_invoices", {}, { id: "b" }),
          text("You owe 42 euros."),
          toolCall("hand_back", { reason: "wants an appointment" }, { id: "c" }),
          text("Which day?")
        ],
        [Caller.says("My invoice"), listens, Caller.says("How much?"), listens, Caller.says("An appointment"), listens]
      )
      Expect.heard(call, /put you through to billing\. Billing, how can I help\? You owe 42 euros\. Which day\?/)
      Expect.prompt(call, 5, "wants an appointment")
    })
  )

  it.effect("gives no medical advice", () =>
    Effect.gen(function* () {
      const call = yield* play(
        [text("Of course. Take 400 mg. Anything else?")],
        [Caller.says("My head hurts"), listens]
      )
      Expect.heard(call, "Of course. A doctor has to answer that. Anything else?")
    })
  )

  it.effect("reaches a nurse with key 0, and sends other keys to the model", () =>
    Effect.gen(function* () {
      const call = yield* play(
        [text("You pressed five.")],
        [Caller.presses("5"), Caller.pauses("3 seconds"), listens, Caller.presses("0"), listens]
      )
      Expect.prompt(call, 1, "[5]")
      Expect.endedBy(call, "transfer", "+33140000000")
    })
  )
})
