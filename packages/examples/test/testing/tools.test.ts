import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { LlmAgent, VoiceTool } from "@antiphon/llm"
import { ScriptedModel } from "@antiphon/llm/testing"
import { it } from "@effect/vitest"
import { Effect, Schema } from "effect"

const makeAgent = (takes: number) => {
  const openingHours = VoiceTool.loopback(
    "opening_hours",
    { parameters: { day: Schema.String }, timeout: "5 seconds" },
    ({ day }) => Effect.delay(Effect.succeed(`${day}: nine to six`), takes)
  )
  return LlmAgent.make({ systemPrompt: "You answer the phone of a shop.", tools: [openingHours] })
}
const question = Caller.says("Are you open on Monday?")

it.effect("a tool is called with arguments, and the model reads its result", () =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("opening_hours", { day: "Monday" }),
      ScriptedModel.text("We are open from nine to six.")
    ])
    const call = yield* TestCall.run(makeAgent(1200), [question, Caller.listens()]).pipe(Effect.provide(model.layer))
    Expect.tool(call, "opening_hours", { args: { day: "Monday" }, result: "Monday: nine to six" })
    Expect.prompt(call, 1, "You answer the phone of a shop.")
    Expect.prompt(call, 2, "Monday: nine to six")
    Expect.heard(call, "nine to six")
    yield* ScriptedModel.assertUsed(model)
  })
)

it.effect("a tool that takes too long is abandoned, and the caller is told", () =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("opening_hours", { day: "Monday" }),
      ScriptedModel.text("I cannot look that up right now.")
    ])
    const call = yield* TestCall.run(makeAgent(60_000), [question, Caller.listens()]).pipe(Effect.provide(model.layer))
    Expect.tool(call, "opening_hours", { result: /timed out/ })
    Expect.waitAtMost(call, "5 seconds")
    Expect.heard(call, "I cannot look that up")
  })
)

it.effect("a caller who hangs up while a tool runs leaves nothing behind, and the tool has its outcome", () =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([ScriptedModel.toolCall("opening_hours", { day: "Monday" })])
    const call = yield* TestCall.run(makeAgent(4000), [question, Caller.pauses("1 second"), Caller.hangsUp]).pipe(
      Effect.provide(model.layer)
    )
    Expect.endedBy(call, "caller")
    Expect.tool(call, "opening_hours", { result: /cancelled/ })
    Expect.nothingLeft(call)
  })
)
