import * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { type Cause, Effect, Queue, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as LlmAgent from "../src/LlmAgent.ts"
import * as ScriptedModel from "../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../src/VoiceTool.ts"

const settle = Effect.repeat(Effect.yieldNow, { times: 200 })

/** A call with an agent on a scripted model: what it sent, what the model was sent, and a hand to report with. */
const playing = (model: ScriptedModel.ScriptedModel, options: LlmAgent.Options) =>
  Effect.gen(function* () {
    yield* TestClock.adjust(0)
    const spec = yield* LlmAgent.make(options)(CallRequest.make())
    const reports = yield* Queue.unbounded<Event.Report, Cause.Done>()
    const sent: Array<Event.Output> = []
    yield* Call.run(spec, Stream.fromQueue(reports)).pipe(
      Stream.runForEach((output) => Effect.sync(() => sent.push(output))),
      Effect.provide(model.layer),
      Effect.forkScoped
    )
    yield* settle
    const report = (...all: ReadonlyArray<Event.Report>) => Effect.andThen(Queue.offerAll(reports, all), settle)
    return {
      report,
      say: (content: string) =>
        report({ _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content }, { _tag: "UserTurnEnded" }),
      sent: () =>
        sent.flatMap((output) => {
          switch (output._tag) {
            case "LogMetric":
              return []
            case "AgentSendText":
              return [output.text]
            case "AgentToolCalled":
              return [`${output.toolName}(${output.toolCallId})`]
            case "AgentToolReturned":
              return [`${output.toolName}(${output.toolCallId}) = ${JSON.stringify(output.result)}`]
            default:
              return [output._tag]
          }
        }),
      prompts: Effect.map(model.prompts, (played) =>
        played.map(({ prompt }) =>
          prompt.content.flatMap((message) =>
            typeof message.content === "string"
              ? [`${message.role}: ${message.content}`]
              : message.content.map((part) =>
                  part.type === "text"
                    ? `${message.role}: ${part.text}`
                    : part.type === "tool-call"
                      ? `call ${part.id}`
                      : part.type === "tool-result"
                        ? `result ${part.id}: ${part.result}`
                        : part.type
                )
          )
        )
      )
    }
  })

const weather = VoiceTool.loopback(
  "weather",
  { description: "Tells the weather.", parameters: { city: Schema.String } },
  ({ city }) => Effect.delay(Effect.succeed(`Sunny in ${city}`), "1 second")
)

describe("LlmAgent", () => {
  it.effect("greets, and answers in the words of the model", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([ScriptedModel.text("It is noon.")])
      const call = yield* playing(model, { systemPrompt: "Be brief.", introduction: "Hi." })
      yield* call.say("what time is it")
      assert.deepStrictEqual(call.sent().join(""), "Hi.It is noon.")
      assert.deepStrictEqual(yield* call.prompts, [["system: Be brief.", "user: what time is it"]])
    })
  )

  it.effect("runs a tool and lets the model read its result", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([
        ScriptedModel.toolCall("weather", { city: "Oslo" }, { id: "c1" }),
        ScriptedModel.text("Sunny.")
      ])
      const call = yield* playing(model, { tools: [weather] })
      yield* call.say("weather in Oslo?")
      assert.deepStrictEqual(call.sent(), ["weather(c1-0)"])
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.deepStrictEqual(call.sent().slice(1), ['weather(c1-0) = "Sunny in Oslo"', "Sunny."])
      const prompts = yield* call.prompts
      assert.deepStrictEqual(prompts[1], ["user: weather in Oslo?", "call c1-0", "result c1-0: Sunny in Oslo"])
    })
  )

  it.effect("records the one outcome of a tool that was interrupted before the next prompt", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([
        [ScriptedModel.text("Checking. "), ScriptedModel.toolCall("weather", { city: "Oslo" }, { id: "c1" })],
        ScriptedModel.text("All right.")
      ])
      const call = yield* playing(model, { tools: [weather] })
      yield* call.say("weather?")
      yield* call.say("never mind")
      const prompts = yield* call.prompts
      assert.deepStrictEqual(prompts[1], ["user: weather?", "call c1-0", "result c1-0: cancelled", "user: never mind"])
      assert.strictEqual(call.sent().slice(-2).join(""), "All right.")
    })
  )

  it.effect("speaks when the model fails, and the call goes on", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([ScriptedModel.text("Better now.")])
      const call = yield* playing(model, { onModelFailure: "One moment please." })
      yield* call.say("hello")
      yield* call.say("hello?")
      assert.include(call.sent(), "One moment please.")
    })
  )

  it.effect("tells the model about wrong arguments and unknown tools", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([
        [
          ScriptedModel.toolCall("weather", { town: "Oslo" }, { id: "c1" }),
          ScriptedModel.toolCall("stocks", {}, { id: "c2" })
        ],
        ScriptedModel.text("Sorry.")
      ])
      const call = yield* playing(model, { tools: [weather] })
      yield* call.say("hello")
      const results = (yield* call.prompts)[1]!.filter((line) => line.startsWith("result"))
      assert.match(results[0]!, /error: invalid arguments: .*city/)
      assert.strictEqual(results[1], 'result c2-0: error: there is no tool "stocks"; there are: weather')
    })
  )

  it.effect("brings the result of a background tool back once nobody is speaking", () =>
    Effect.gen(function* () {
      const job = VoiceTool.background("job", {}, () => Effect.delay(Effect.succeed("ready"), "3 seconds"))
      const model = ScriptedModel.make([
        [ScriptedModel.text("Working. "), ScriptedModel.toolCall("job", {}, { id: "j1" })],
        ScriptedModel.text("Still at it."),
        ScriptedModel.text("It is ready.")
      ])
      const call = yield* playing(model, { tools: [job] })
      yield* call.say("start")
      yield* call.say("and?")
      yield* TestClock.adjust("3 seconds")
      yield* settle
      assert.strictEqual(call.sent().join(""), 'Working. job(j1-0)Still at it.job(j1-0) = "ready"It is ready.')
      const prompts = yield* call.prompts
      assert.deepStrictEqual(prompts[1], ["user: start", "call j1-0", "result j1-0: pending", "user: and?"])
      assert.include(prompts[2]!, "result j1-0: ready")
    })
  )

  it.effect("hands the call to another agent for good", () =>
    Effect.gen(function* () {
      const target = Agent.route({
        AgentHandedOff: () => Stream.make(Event.sendText("Billing here.")),
        UserTurnEnded: (event) => Stream.make(Event.sendText(`Billing heard ${Event.text(event)}`))
      })
      const billing = VoiceTool.handoff("to_billing", {}, () => target)
      const model = ScriptedModel.make([ScriptedModel.toolCall("to_billing", {}, { id: "h1" })])
      const call = yield* playing(model, { tools: [billing] })
      yield* call.say("billing")
      yield* call.say("my bill")
      assert.deepStrictEqual(call.sent(), [
        "to_billing(h1)",
        "Billing here.",
        'to_billing(h1) = "success"',
        "Billing heard my bill"
      ])
    })
  )
})
