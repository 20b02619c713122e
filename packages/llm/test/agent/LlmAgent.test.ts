import type * as Harness from "@antiphon/core/Harness"
import * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Logger, Schema, Stream } from "effect"
import * as AiError from "effect/ai/AiError"
import * as Tool from "effect/ai/Tool"
import * as BadArguments from "../../src/internal/badArguments.ts"
import * as ToolSchema from "../../src/internal/toolSchema.ts"
import * as LlmAgent from "../../src/agent/LlmAgent.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../src/tool/VoiceTool.ts"
import { pass, settled, test } from "../support/virtualTest.ts"

/** A call that is told its events, and what it sent. */
const open = <R>(spec: Agent.AgentSpec<unknown, R>) =>
  Effect.gen(function* () {
    const sent: Array<Event.Output> = []
    const harness = { send: (outputs) => Effect.sync(() => sent.push(...outputs)), fail: Effect.die } as Harness.Harness
    const call = yield* Call.make(spec, { harness })
    yield* settled
    const report = (...all: ReadonlyArray<Event.Report>) =>
      Effect.andThen(Effect.forEach(all, call.receive, { discard: true }), settled)
    return {
      sent,
      report,
      say: (content: string) =>
        report({ _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content }, { _tag: "UserTurnEnded" })
    }
  })

/** A call with an agent on a scripted model: what it sent, what the model was sent, and a function to report with. */
const playing = (model: ScriptedModel.ScriptedModel, options: LlmAgent.Options) =>
  Effect.gen(function* () {
    const spec = yield* LlmAgent.make(options)(CallRequest.make())
    const { report, say, sent } = yield* Effect.provide(open(spec), model.layer)
    return {
      report,
      say,
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
      toolArgs: () => sent.flatMap((output) => ("toolArgs" in output ? [output.toolArgs] : [])),
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
  test("greets, and answers with the model's words", function* () {
    const model = ScriptedModel.make([ScriptedModel.text("It is noon.")])
    const call = yield* playing(model, { systemPrompt: "Be brief.", introduction: "Hi." })
    yield* call.say("what time is it")
    assert.deepStrictEqual(call.sent().join(""), "Hi.It is noon.")
    assert.deepStrictEqual(yield* call.prompts, [["system: Be brief.", "user: what time is it"]])
  })

  test("speaks Markdown without its markup, and records what was said", function* () {
    const written = ["## Hours\n- **Mon", "day*", "*: nine. [See", " this](https://a.test)", "."]
    const replies = [ScriptedModel.text(written), ScriptedModel.text("Yes.")]
    const call = yield* playing(ScriptedModel.make(replies), {})
    yield* call.say("hours?")
    assert.strictEqual(call.sent().join(""), "Hours\nMonday: nine. See this.")
    const kept = yield* playing(ScriptedModel.make(replies), { markdown: "keep" })
    yield* kept.say("hours?")
    assert.strictEqual(kept.sent().join(""), written.join(""))
  })

  test("runs a tool, and gives the model its result", function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("weather", { city: "Oslo" }, { id: "c1" }),
      ScriptedModel.text("Sunny.")
    ])
    const call = yield* playing(model, { tools: [weather] })
    yield* call.say("weather in Oslo?")
    assert.deepStrictEqual(call.sent(), ["weather(c1-0)"])
    yield* pass("1 second")
    assert.deepStrictEqual(call.sent().slice(1), ['weather(c1-0) = "Sunny in Oslo"', "Sunny."])
    const prompts = yield* call.prompts
    assert.deepStrictEqual(prompts[1], ["user: weather in Oslo?", "call c1-0", "result c1-0: Sunny in Oslo"])
  })

  test("records one outcome for an interrupted tool, before the next prompt", function* () {
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

  test("apologises if the model fails, and the call continues", function* () {
    const model = ScriptedModel.make([ScriptedModel.text("Better now.")])
    const call = yield* playing(model, { onModelFailure: "One moment please." })
    yield* call.say("hello")
    yield* call.say("hello?")
    assert.include(call.sent(), "One moment please.")
  })

  test("tells the model about invalid arguments and unknown tools", function* () {
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

  test("shows the model its own text if the arguments are not JSON", function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("weather", BadArguments.make('{"city": '), { id: "c1" }),
      ScriptedModel.text("Sorry.")
    ])
    const call = yield* playing(model, { tools: [weather] })
    yield* call.say("hello")
    assert.deepStrictEqual(call.toolArgs(), [{ invalid_json: '{"city": ' }, { invalid_json: '{"city": ' }])
    assert.deepStrictEqual(call.sent().slice(1), [
      'weather(c1-0) = "error: the arguments are not valid JSON"',
      "Sorry."
    ])
  })

  test("renames a call that reuses the id of an earlier one", function* () {
    const now = VoiceTool.loopback("now", {}, () => Effect.succeed("noon"))
    const ask = ScriptedModel.toolCall("now", {}, { id: "call_0" })
    const model = ScriptedModel.make([ask, ScriptedModel.text("Noon."), ask, ScriptedModel.text("Still noon.")])
    const call = yield* playing(model, { tools: [now] })
    yield* call.say("time?")
    yield* call.say("and now?")
    assert.deepStrictEqual((yield* call.prompts)[3], [
      "user: time?",
      "call call_0-0",
      "result call_0-0: noon",
      "user: and now?",
      "call call_0_2-0",
      "result call_0_2-0: noon"
    ])
  })

  test("tells the model about the tool that the current event interrupted", function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("weather", { city: "Oslo" }, { id: "c1" }),
      ScriptedModel.text("All right.")
    ])
    const run = ["UserTurnEnded", "UserCustomSent"] as const
    const call = yield* playing(model, { tools: [weather], run, cancel: [], toolStyle: "line" })
    yield* call.say("weather?")
    yield* call.report({ _tag: "UserCustomSent", metadata: {} })
    assert.deepStrictEqual((yield* call.prompts)[1], ["user: weather?", "call c1", "result c1: cancelled"])
  })

  test("delivers the result of a background tool once nobody is speaking", function* () {
    const job = VoiceTool.background("job", {}, () => Effect.delay(Effect.succeed("ready"), "3 seconds"))
    const model = ScriptedModel.make([
      [ScriptedModel.text("Working. "), ScriptedModel.toolCall("job", {}, { id: "j1" })],
      ScriptedModel.text("Still at it."),
      ScriptedModel.text("It is ready.")
    ])
    const call = yield* playing(model, { tools: [job] })
    yield* call.say("start")
    yield* call.say("and?")
    // The tool, and the wait for speech that this harness does not report.
    yield* pass("6 seconds")
    assert.strictEqual(call.sent().join(""), 'Working. job(j1-0)Still at it.job(j1-0) = "ready"It is ready.')
    const prompts = yield* call.prompts
    assert.deepStrictEqual(prompts[1], ["user: start", "call j1-0", "result j1-0: pending", "user: and?"])
    assert.include(prompts[2]!, "result j1-0: ready")
  })

  test("announces each result of a tool that outlived its turn once", function* () {
    const job = VoiceTool.loopback("job", { interruption: "finish" }, () =>
      Effect.delay(Effect.succeed("ready"), "3 seconds")
    )
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("job", {}, { id: "j1" }),
      ScriptedModel.text("Still at it."),
      ScriptedModel.text("It is ready.")
    ])
    const announced: Array<unknown> = []
    const run = (event: Event.Input) => {
      if (event._tag === "BackgroundReturned") announced.push(event.result)
      return event._tag === "BackgroundReturned" || event._tag === "UserTurnEnded"
    }
    const call = yield* playing(model, { tools: [job], run })
    yield* call.say("start")
    yield* call.say("and?")
    // The tool, and the wait for speech that this harness does not report.
    yield* pass("6 seconds")
    assert.deepStrictEqual(announced, ["ready"])
    assert.match(call.sent().join(""), /job\(j1-0\) = "ready"It is ready\.$/)
  })

  test("delivers a background result even if another reply was heard meanwhile", function* () {
    const job = VoiceTool.background("job", {}, () => Effect.delay(Effect.succeed("ready"), "3 seconds"))
    const model = ScriptedModel.make([
      [ScriptedModel.text("Working."), ScriptedModel.toolCall("job", {}, { id: "j1" })],
      ScriptedModel.text("Still at it."),
      ScriptedModel.text("Done.")
    ])
    const call = yield* playing(model, { tools: [job] })
    const heard = (content: string) =>
      call.report({ _tag: "AgentTurnStarted" }, { _tag: "AgentTextSent", content }, { _tag: "AgentTurnEnded" })
    yield* call.say("start")
    yield* heard("Working.")
    yield* call.say("and?")
    yield* heard("Still at it.")
    yield* pass("3 seconds")
    assert.strictEqual(call.sent().at(-1), "Done.")
    assert.deepStrictEqual((yield* call.prompts)[2]!.slice(-3), [
      "assistant: Still at it.",
      "call j1-0",
      "result j1-0: ready"
    ])
  })

  test("hands the call over to another agent for good", function* () {
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

  test("says something if the rounds of a turn are used up, unless configured not to", function* () {
    const now = VoiceTool.loopback("now", {}, () => Effect.succeed("noon"))
    const again = ["c1", "c2"].map((id) => ScriptedModel.toolCall("now", {}, { id }))
    for (const [limitMessage, said] of [
      [undefined, ["Sorry, I could not finish that."]],
      ["Let us stop here.", ["Let us stop here."]],
      ["", []]
    ] as const) {
      const model = ScriptedModel.make(again)
      const call = yield* playing(model, { tools: [now], maxToolIterations: 2, limitMessage })
      yield* call.say("time?")
      assert.deepStrictEqual<ReadonlyArray<string>>(call.sent().slice(4), said)
      assert.lengthOf(yield* call.prompts, 2)
    }
  })

  test("does not ask the model in a turn without words", function* () {
    const model = ScriptedModel.make([ScriptedModel.text("Yes?")])
    const call = yield* playing(model, { introduction: "Hi." })
    yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserTurnEnded" })
    yield* call.say(" ")
    assert.deepStrictEqual(call.sent(), ["Hi."])
    assert.deepStrictEqual(yield* call.prompts, [])
    yield* call.say("hello")
    assert.strictEqual(call.sent().at(-1), "Yes?")
  })

  test("shows key presses and events of the application in the application's own words", function* () {
    const model = ScriptedModel.make([ScriptedModel.text("Sales."), ScriptedModel.text("Paid.")])
    const call = yield* playing(model, {
      run: ["UserDtmfSent", "UserCustomSent"],
      describeEvent: (event) =>
        event._tag === "UserDtmfSent"
          ? `[pressed ${event.button}]`
          : event._tag === "UserCustomSent"
            ? `[app: ${JSON.stringify(event.metadata)}]`
            : undefined
    })
    yield* call.report({ _tag: "UserDtmfSent", button: "2" })
    yield* pass("3 seconds")
    yield* call.report({ _tag: "UserCustomSent", metadata: { paid: true } })
    assert.deepStrictEqual(yield* call.prompts, [
      ["user: [pressed 2]"],
      // The first answer is still under way.
      ["user: [pressed 2]", "assistant: Sales.", "assistant: [still being spoken]", 'user: [app: {"paid":true}]']
    ])
  })

  test("marks in the prompt where the caller interrupted a reply, if asked to", function* () {
    const model = ScriptedModel.make([ScriptedModel.text("We are open from nine to six."), ScriptedModel.text("Yes.")])
    const call = yield* playing(model, { interruptedMark: "[interrupted]" })
    yield* call.say("hours?")
    yield* call.report({ _tag: "AgentTurnStarted" }, { _tag: "AgentTextSent", content: "We are open from" })
    yield* call.say("on Sundays too?")
    assert.deepStrictEqual((yield* call.prompts)[1], [
      "user: hours?",
      "assistant: We are open from",
      "assistant: [interrupted]",
      "user: on Sundays too?"
    ])
  })

  test("can be overridden for one turn, and reconfigured for good", function* () {
    const agent = yield* LlmAgent.makeAgent({ systemPrompt: "one", settings: { temperature: 0.1, maxTokens: 5 } })
    const settings: Array<unknown> = []
    const noted =
      (words: string): ScriptedModel.Reply =>
      (request) => {
        settings.push(request.settings)
        return ScriptedModel.text(words)
      }
    const model = ScriptedModel.make([noted("A."), noted("B."), noted("C.")])
    const overrides: Array<LlmAgent.Overrides> = [
      { systemPrompt: "two", settings: { temperature: 0.9 }, context: "It rains." },
      {},
      {}
    ]
    const spec = Agent.make((event, turn) =>
      agent.respond(event, turn, event._tag === "UserTurnEnded" ? overrides.shift() : {})
    )
    const { say } = yield* Effect.provide(open(spec), model.layer)
    yield* say("a")
    yield* say("b")
    yield* agent.configure((config) => ({ ...config, systemPrompt: "three", settings: { seed: 7 } }))
    yield* say("c")
    const prompts = (yield* model.prompts).map(({ prompt }) =>
      prompt.content.map(({ content }) =>
        typeof content === "string" ? content : content.map((part) => (part.type === "text" ? part.text : "")).join("")
      )
    )
    assert.deepStrictEqual(prompts, [
      ["two", "a", "It rains."],
      ["one", "a", "b"],
      ["three", "a", "b", "c"]
    ])
    assert.deepStrictEqual(settings, [
      { temperature: 0.9, maxTokens: 5 },
      { temperature: 0.1, maxTokens: 5 },
      { seed: 7 }
    ])
  })

  for (const [how, onModelFailure, heard] of [
    ["by default", undefined, LlmAgent.defaultModelFailure],
    [
      "as a function of the error says",
      (error: { readonly _tag: string }) => `So sorry: ${error._tag}`,
      "So sorry: AiError"
    ]
  ] as const) {
    test(`apologises if the model fails, and shows the failure in the history: ${how}`, function* () {
      const seen: Array<string> = []
      const model = ScriptedModel.make([
        ScriptedModel.fail(new AiError.InternalProviderError({ description: "x" })),
        ScriptedModel.text("Back.")
      ])
      const call = yield* playing(model, {
        onModelFailure,
        describeEvent: (event) => {
          if (event._tag === "TurnFailed") seen.push(event._tag)
          return undefined
        }
      })
      yield* call.say("hello")
      assert.deepStrictEqual(call.sent(), [heard])
      yield* call.say("again")
      assert.strictEqual(call.sent().at(-1), "Back.")
      assert.deepStrictEqual(seen, ["TurnFailed"])
    })
  }

  it("marks a tool with an integer as strict only if providers can enforce its schema", () => {
    const offered = (n: Schema.Codec<number>) => {
      const { definition } = VoiceTool.loopback("count", { parameters: { n } }, () => Effect.void)
      return [ToolSchema.ofTool(definition).properties, Tool.getStrictMode(definition)]
    }
    assert.deepStrictEqual(offered(Schema.Int), [{ n: { type: "integer" } }, true])
    const natural = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
    assert.deepStrictEqual(offered(natural), [{ n: { type: "integer", minimum: 0 } }, undefined])
  })

  test("asks once more if the model's reply is empty, and apologises for a second empty one", function* () {
    for (const [replies, heard] of [
      [[[], ScriptedModel.text("Here I am.")], "Here I am."],
      [[ScriptedModel.text([" "]), []], LlmAgent.defaultModelFailure]
    ] as const) {
      const call = yield* playing(ScriptedModel.make(replies), {})
      yield* call.say("hello?")
      assert.strictEqual(call.sent().join("").trim(), heard)
    }
  })

  test("ends the turn on an empty reply if something was said before", function* () {
    const now = VoiceTool.loopback("now", {}, () => Effect.succeed("noon"))
    const model = ScriptedModel.make([[ScriptedModel.text("Let me see. "), ScriptedModel.toolCall("now", {})], []])
    const call = yield* playing(model, { tools: [now] })
    yield* call.say("time?")
    assert.lengthOf(yield* call.prompts, 2)
    assert.notInclude(call.sent(), LlmAgent.defaultModelFailure)
  })

  test("separates an apology from the word it cuts off", function* () {
    const model = ScriptedModel.make([
      [ScriptedModel.text(["We are op"]), ScriptedModel.fail(new AiError.InternalProviderError({ description: "x" }))]
    ])
    const call = yield* playing(model, { onModelFailure: "Sorry." })
    yield* call.say("hello")
    assert.strictEqual(call.sent().join(""), "We are op Sorry.")
  })

  test("by default answers pressed keys together, once the last one came", function* () {
    const model = ScriptedModel.make([ScriptedModel.text("Thank you."), ScriptedModel.text("Yes?")])
    const call = yield* playing(model, { run: ["UserDtmfSent", "UserTurnEnded"] })
    for (const button of "4711") {
      yield* call.report({ _tag: "UserDtmfSent", button })
      yield* pass("1500 millis")
    }
    assert.deepStrictEqual(yield* call.prompts, [])
    yield* pass("500 millis")
    assert.deepStrictEqual(yield* call.prompts, [["user: [4][7][1][1]"]])
    for (const button of "08#") yield* call.report({ _tag: "UserDtmfSent", button })
    yield* settled
    assert.lengthOf(yield* call.prompts, 2)
  })

  test("never lets the caller's words pass for an event", function* () {
    const model = ScriptedModel.make([ScriptedModel.text("Hm.")])
    const call = yield* playing(model, {})
    yield* call.report({ _tag: "UserDtmfSent", button: "1" })
    yield* call.say("[5] [app: paid]")
    assert.deepStrictEqual((yield* call.prompts)[0], ["user: [1]", "user: (5) (app: paid)"])
  })

  test("puts brackets around the application's description of an event", function* () {
    const model = ScriptedModel.make([ScriptedModel.text("Hm.")])
    const call = yield* playing(model, {
      run: ["UserCustomSent"],
      describeEvent: (event) => (event._tag === "UserCustomSent" ? "the bill is paid" : undefined)
    })
    yield* call.report({ _tag: "UserCustomSent", metadata: {} })
    assert.deepStrictEqual(yield* call.prompts, [["user: [the bill is paid]"]])
  })

  test("accepts tool calls in the given context and history", function* () {
    const agent = yield* LlmAgent.makeAgent({ tools: [weather] })
    const tool = { toolCallId: "w9", toolName: "weather", toolArgs: { city: "Oslo" } }
    const given = [
      { _tag: "UserTextSent", eventId: "e1", content: "weather?" },
      { _tag: "AgentToolCalled", ...tool },
      { _tag: "AgentToolReturned", ...tool, result: "Sunny" },
      { _tag: "AgentTextSent", eventId: "e2", content: "It is sunny." }
    ] as const
    for (const overrides of [{ history: given, context: "and now?" }, { context: given.slice(0, 3) }]) {
      const model = ScriptedModel.make([ScriptedModel.text("Yes.")])
      const spec = Agent.make((event, turn) => agent.respond(event, turn, overrides))
      const { say } = yield* Effect.provide(open(spec), model.layer)
      yield* say("hello")
      const lines = (yield* model.prompts)[0]!.prompt.content.flatMap(({ content }) =>
        typeof content === "string" ? [content] : content.map((part) => (part.type === "text" ? part.text : part.type))
      )
      const expected = ["weather?", "tool-call", "tool-result"]
      assert.deepStrictEqual(
        lines,
        "history" in overrides ? [...expected, "It is sunny.", "and now?"] : ["hello", ...expected]
      )
    }
  })

  for (const [what, tools, problem] of [
    ["a name that providers refuse", ["get.weather now!"], /"get\.weather now!" is not a valid tool name/],
    ["a name that is too long", ["a".repeat(65)], /is not a valid tool name/],
    ["two tools of a name", ["t", "t"], /two tools of the same name: t/],
    ["too many tools", Array.from({ length: 129 }, (_, i) => `t${i}`), /129 tools exceed the maximum of 128/]
  ] as const) {
    test(`rejects ${what}`, function* () {
      const options = { tools: tools.map((name) => VoiceTool.loopback(name, {}, () => Effect.void)) }
      const exit = yield* Effect.exit(LlmAgent.make(options)(CallRequest.make()))
      assert.match(String(Exit.isFailure(exit) ? Cause.squash(exit.cause) : "made"), problem)
    })
  }

  test("asks no provider to enforce schemas if configured not to", function* () {
    const strict: Array<boolean | undefined> = []
    for (const strictToolSchemas of [true, false]) {
      const model = ScriptedModel.make([
        ({ tools }) => {
          strict.push(Tool.getStrictMode(tools[0]!))
          return ScriptedModel.text("Yes.")
        }
      ])
      const call = yield* playing(model, { tools: [weather], strictToolSchemas })
      yield* call.say("hello")
    }
    assert.deepStrictEqual(strict, [true, false])
  })

  test("logs once that it runs on an event its model does not see", function* () {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => void logged.push(String(message)))
    const call = yield* playing(ScriptedModel.make([]), { run: ["UserCustomSent"] }).pipe(
      Effect.provide(Logger.layer([logger]))
    )
    yield* call.report({ _tag: "UserCustomSent", metadata: {} })
    yield* call.report({ _tag: "UserCustomSent", metadata: {} })
    assert.lengthOf(
      logged.filter((line) => line.includes("runs on UserCustomSent")),
      1
    )
  })

  test("reads tool calls the application has put into the history", function* () {
    const agent = yield* LlmAgent.makeAgent({ tools: [weather] })
    const model = ScriptedModel.make([ScriptedModel.text("Yes.")])
    const tool = { toolCallId: "w9", toolName: "weather", toolArgs: { city: "Oslo" } }
    const spec = Agent.make((event, turn): ReturnType<typeof agent.respond> =>
      event._tag === "CallStarted"
        ? Stream.fromEffectDrain(
            Effect.orDie(
              turn.updateHistory([
                { _tag: "UserTextSent", eventId: "e1", content: "weather?" },
                { _tag: "AgentToolCalled", ...tool },
                { _tag: "AgentToolReturned", ...tool, result: "Sunny" }
              ])
            )
          )
        : agent.respond(event, turn)
    )
    const { say } = yield* Effect.provide(open(spec), model.layer)
    yield* say("and now?")
    const roles = (yield* model.prompts)[0]!.prompt.content.map(({ role }) => role)
    assert.deepStrictEqual(roles, ["user", "assistant", "tool", "user"])
  })

  test("continues a reply that was interrupted by a sound without words", function* () {
    const model = ScriptedModel.make([
      ScriptedModel.text("We are open from nine to six."),
      ScriptedModel.text("As I said, until six.")
    ])
    const call = yield* playing(model, {})
    yield* call.say("hours?")
    yield* call.report({ _tag: "AgentTurnStarted" }, { _tag: "AgentTextSent", content: "We are open" })
    yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserTurnEnded" })
    assert.match(call.sent().join(""), /As I said, until six\.$/)
    assert.match((yield* call.prompts)[1]!.at(-1)!, /^system: You were cut off/)
  })
})
