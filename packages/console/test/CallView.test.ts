import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { Caller, TestCall } from "@antiphon/core/testing"
import { LlmAgent } from "@antiphon/llm"
import { ScriptedModel } from "@antiphon/llm/testing"
import { VoiceTool } from "@antiphon/llm/tools"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import * as CallView from "../src/CallView.ts"

const lookUp = VoiceTool.loopback("look_up", { parameters: { topic: Schema.String } }, ({ topic }) =>
  Effect.delay(Effect.succeed(`all about ${topic}`), "2 seconds")
)
const agent = LlmAgent.make({ systemPrompt: "Be brief.", introduction: "Good morning!", tools: [lookUp] })

describe("The view of a call", () => {
  it.effect("has the turns with what was said, heard, called and asked, and their times", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([
        ScriptedModel.toolCall("look_up", { topic: "tides" }),
        ScriptedModel.text("They come twice a day.")
      ])
      const { recording } = yield* TestCall.run(agent, [
        Caller.listens(),
        Caller.says("Tell me about tides"),
        Caller.listens()
      ]).pipe(Effect.provide(model.layer))
      const view = CallView.make(recording)
      assert.isFalse(view.open)
      assert.strictEqual(view.systemPrompt, "Be brief.")
      assert.deepStrictEqual(
        view.all.map(({ trigger }) => trigger),
        ["CallStarted", "UserTurnEnded", "CallEnded"]
      )
      const [greeting, answer] = view.all
      assert.strictEqual(greeting!.heard, "Good morning!")
      assert.strictEqual(answer!.caller, "Tell me about tides")
      assert.strictEqual(answer!.heard, "They come twice a day.")
      const [tool] = answer!.tools
      assert.deepInclude(tool, { name: "look_up", args: { topic: "tides" }, result: "all about tides", ms: 2000 })
      assert.isAtLeast(answer!.firstSentMs!, 2000)
      assert.isAtLeast(answer!.firstHeardMs!, answer!.firstSentMs!)
      const [first, second] = answer!.requests
      assert.deepStrictEqual(first!.calls, [{ name: "look_up", args: { topic: "tides" } }])
      assert.strictEqual(second!.text, "They come twice a day.")
      assert.strictEqual(second!.outcome, "Finished")
      assert.isAbove(second!.prompt.length, first!.prompt.length)
      assert.notProperty(CallView.summary(view), "all")
    })
  )

  it.effect("marks interrupted and failed turns, and counts the interruptions", () =>
    Effect.gen(function* () {
      const slow = Stream.fromIterable(["One ", "two ", "three ", "four ", "five."]).pipe(
        Stream.map((text) => Event.sendText(text)),
        Stream.tap(() => Effect.sleep("1 second"))
      )
      const { recording } = yield* TestCall.run(
        Agent.make(
          Agent.route({
            CallStarted: () => slow,
            UserTurnEnded: () => Stream.fail(new Error("out of order"))
          })
        ),
        [Caller.bargesIn("Stop", { at: "2500 millis" }), Caller.listens()]
      )
      const view = CallView.make(recording)
      assert.strictEqual(view.all[0]!.outcome, "Interrupted")
      assert.strictEqual(view.interruptions, 1)
      const failed = view.all.find(({ outcome }) => outcome === "Failed")
      assert.strictEqual(failed?.caller, "Stop")
      assert.include(view.all.map(({ failure }) => failure).join(), "out of order")
    })
  )

  it.effect("shows a running call from the part recorded so far", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([ScriptedModel.text("Yes.")])
      const { recording } = yield* TestCall.run(agent, [
        Caller.listens(),
        Caller.says("Hello?"),
        Caller.listens()
      ]).pipe(Effect.provide(model.layer))
      const asked = recording.lines.findIndex(({ _tag }) => _tag === "ModelRequested")
      const view = CallView.make({ ...recording, lines: recording.lines.slice(0, asked + 1) })
      assert.isTrue(view.open)
      assert.strictEqual(view.all.at(-1)!.outcome, "Running")
      assert.strictEqual(view.all.at(-1)!.requests[0]!.outcome, "Running")
      assert.isUndefined(view.all.at(-1)!.ms)
    })
  )
})
