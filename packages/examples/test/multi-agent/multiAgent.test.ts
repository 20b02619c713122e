import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { assistant, Lawyer } from "../../src/multi-agent/ownModel.ts"
import { frontDesk } from "../../src/multi-agent/sharedState.ts"

const { make, text, toolCall } = ScriptedModel
const listens = Caller.listens()

describe("several agents", () => {
  const replies = [
    toolCall("note", { text: "Ada, wants a bicycle" }, { id: "a" }),
    toolCall("sales", {}, { id: "b" }),
    toolCall("read_notes", {}, { id: "c" }),
    text("A bicycle, then.")
  ]
  const script = [Caller.says("I'm Ada, and I want a bicycle"), listens, Caller.says("Well?"), listens]

  it.effect("sharedState: one agent reads what another has noted", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(frontDesk, script).pipe(Effect.provide(make(replies).layer))
      Expect.tool(call, "read_notes", { result: ["Ada, wants a bicycle"] })
      Expect.heard(call, "Sales, hello. A bicycle, then.")
    })
  )

  it.effect("sharedState: another call has its own notes", () =>
    Effect.gen(function* () {
      const model = make([...replies, ...replies.slice(1)])
      const call = yield* Effect.andThen(TestCall.run(frontDesk, script), TestCall.run(frontDesk, script)).pipe(
        Effect.provide(model.layer)
      )
      Expect.tool(call, "read_notes", { result: [] })
    })
  )

  it.effect("ownModel: each agent asks the model its Layer was given", () =>
    Effect.gen(function* () {
      const small = make([toolCall("transfer_to_lawyer", {}), text("The caller is being sued.")])
      const large = make([text("Say nothing."), text("Not a word.")])
      const call = yield* TestCall.run(assistant, [
        Caller.says("I am being sued"),
        listens,
        Caller.says("And then?"),
        listens
      ]).pipe(Effect.provide(Lawyer.layer.pipe(Layer.provide(large.layer), Layer.merge(small.layer))))
      Expect.heard(call, "I'm connecting you. Say nothing. Not a word.")
      yield* ScriptedModel.assertUsed(small)
      yield* ScriptedModel.assertUsed(large)
    })
  )
})
