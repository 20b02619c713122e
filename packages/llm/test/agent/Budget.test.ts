import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { assert, describe } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Stream } from "effect"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import * as AgentAsHandoff from "../../src/tool/AgentAsHandoff.ts"
import * as Budget from "../../src/agent/Budget.ts"
import * as LlmAgent from "../../src/agent/LlmAgent.ts"
import * as Prices from "../../src/model/Prices.ts"
import * as Usage from "../../src/model/Usage.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../src/tool/VoiceTool.ts"
import { playing } from "../tool/calling.ts"
import { forAll } from "../support/forAll.ts"
import { pass, test } from "../support/virtualTest.ts"

/** A reply that has used tokens. */
const took = (words: string, input: number, output: number): ReadonlyArray<ScriptedModel.Piece> => [
  ScriptedModel.text([words]),
  ScriptedModel.finish("stop", {
    inputTokens: { uncached: input, total: input, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: output, text: output, reasoning: undefined }
  })
]

const named = (
  model: ScriptedModel.ScriptedModel,
  provider = "openai",
  name = "gpt-4.1-mini"
): Layer.Layer<LanguageModel.LanguageModel> =>
  Layer.mergeAll(model.layer, Layer.succeed(Model.ProviderName, provider), Layer.succeed(Model.ModelName, name))

const goodbye = Budget.sayGoodbye("I have to go. Goodbye!")
const farewell = ["LogMessage", "I have to go. Goodbye!", "AgentEndCall"]

describe("a budget", () => {
  test("of tokens makes the agent say goodbye once it is used up, and not before", function* () {
    const model = ScriptedModel.make([took("One.", 60, 30), took("Two.", 60, 30)])
    const call = yield* playing(model, { budgets: [Budget.make({ tokens: 100 }, goodbye)] })
    yield* call.say("one")
    yield* call.say("two")
    assert.deepStrictEqual(call.sent(), ["One.", "Two."])
    yield* call.say("three")
    assert.deepStrictEqual(call.sent().slice(2), farewell)
    // A caller who goes on speaking hears it again: nobody is left in silence.
    yield* call.say("four")
    assert.deepStrictEqual(call.sent().slice(5), farewell.slice(1))
    assert.strictEqual((yield* call.prompts).length, 2)
  })

  test("of minutes is measured on the clock, even while nobody speaks", function* () {
    const model = ScriptedModel.make([took("One.", 1, 1), took("Two.", 1, 1)])
    const call = yield* playing(model, { budgets: [Budget.make({ time: "10 minutes" }, goodbye)] })
    yield* call.say("one")
    yield* pass("9 minutes")
    yield* call.say("two")
    yield* pass("59 seconds")
    assert.deepStrictEqual(call.sent(), ["One.", "Two."])
    yield* pass("1 second")
    assert.deepStrictEqual(call.sent(), ["One.", "Two.", ...farewell])
    yield* call.say("three")
    assert.deepStrictEqual(call.sent().slice(-2), farewell.slice(1))
  })

  test("of minutes waits for the end of the agent's turn", function* () {
    const model = ScriptedModel.make([ScriptedModel.text("One two three four.", { every: "5 seconds" })])
    const call = yield* playing(model, { budgets: [Budget.make({ time: "12 seconds" }, goodbye)] })
    yield* call.say("count")
    yield* pass("30 seconds")
    assert.strictEqual(call.sent().join("|"), "One| two| three| four.|LogMessage| I have to go. Goodbye!|AgentEndCall")
  })

  test("of minutes lets the caller finish, and then says goodbye", function* () {
    const call = yield* playing(ScriptedModel.make([]), { budgets: [Budget.make({ time: "2 minutes" }, goodbye)] })
    yield* call.report({ _tag: "UserTurnStarted" })
    yield* pass("3 minutes")
    assert.deepStrictEqual(call.sent(), [])
    yield* call.report({ _tag: "UserTextSent", content: "that is all" }, { _tag: "UserTurnEnded" })
    assert.deepStrictEqual(call.sent(), farewell)
  })

  test("of minutes acts after a turn that the caller began and abandoned", function* () {
    const call = yield* playing(ScriptedModel.make([]), { budgets: [Budget.make({ time: "2 minutes" }, goodbye)] })
    yield* call.report({ _tag: "UserTurnStarted" })
    yield* pass("3 minutes")
    yield* call.report({ _tag: "UserTurnAbandoned" })
    yield* pass("1 minute")
    assert.deepStrictEqual(call.sent(), farewell)
  })

  test("of tokens counts replies whose provider does not say how many they took", function* () {
    const model = ScriptedModel.make([ScriptedModel.text(["Hello there, caller."]), ScriptedModel.text(["Two."])])
    const call = yield* playing(model, { budgets: [Budget.make({ tokens: 5 }, goodbye)] })
    yield* call.say("one")
    yield* call.say("two")
    assert.deepStrictEqual(call.sent().slice(1), farewell)
  })

  test("of minutes of an agent that took over acts while nobody speaks, with that agent's services", function* () {
    class Motto extends Context.Service<Motto, string>()("test/Motto") {}
    const act = Budget.act(() => Stream.unwrap(Effect.map(Motto, (words) => Stream.make(Event.sendText(words)))))
    const other = LlmAgent.make({
      budgets: [Budget.make({ time: "1 minute" }, act), Budget.make({ time: "2 minutes" }, goodbye)]
    })
    const handoff = AgentAsHandoff.make(Agent.provide(other, Layer.succeed(Motto, "Time flies.")), {
      name: "to_other",
      description: ""
    })
    const model = ScriptedModel.make([
      [ScriptedModel.toolCall("to_other", {}, { id: "h1" })],
      ScriptedModel.text("One two three four five six seven.", { every: "10 seconds" })
    ])
    const call = yield* playing(model, { tools: [handoff] })
    yield* call.say("the other, please")
    yield* pass("65 seconds")
    assert.notInclude(call.sent().join(""), "flies")
    yield* pass("10 seconds")
    assert.match(call.sent().join(""), / seven\..*LogMessage Time flies\.$/)
    yield* pass("1 minute")
    assert.deepStrictEqual(call.sent().slice(-3), farewell)
  })

  test("of minutes leaves the call alone while an agent with budgets of its own has it", function* () {
    const other = LlmAgent.make({ budgets: [Budget.make({ time: "1 hour" }, goodbye)] })
    const handoff = AgentAsHandoff.make(other, { name: "to_other", description: "" })
    const model = ScriptedModel.make([
      [ScriptedModel.toolCall("to_other", {}, { id: "h1" })],
      ScriptedModel.text("One two three four five six seven.", { every: "10 seconds" }),
      ScriptedModel.text("More.")
    ])
    const call = yield* playing(model, { tools: [handoff], budgets: [Budget.make({ time: "1 minute" }, goodbye)] })
    yield* call.say("the other, please")
    yield* pass("5 minutes")
    yield* call.say("more")
    yield* pass("5 minutes")
    assert.notInclude(call.sent().join(" "), "Goodbye")
    assert.include(call.sent(), "More.")
  })

  test("keeps its model if the new one takes too long to be built", function* () {
    const model = ScriptedModel.make([took("One.", 1, 1), took("Two.", 1, 1)])
    const never = Layer.effect(LanguageModel.LanguageModel, Effect.never)
    const budgets = [Budget.make({ replies: 1 }, Budget.switchModel(never))]
    const call = yield* playing(model, { budgets })
    yield* call.say("one")
    yield* call.say("two")
    yield* pass("5 seconds")
    assert.deepStrictEqual(call.sent(), ["One.", "LogMessage", "Two."])
  })

  test("of minutes does not disturb the application's own session", function* () {
    const call = yield* playing(ScriptedModel.make([]), {
      session: ({ events }) =>
        Stream.map(
          Stream.filter(events, ({ _tag }) => _tag === "UserTurnStarted"),
          () => Event.sendCustom({ listening: true })
        ),
      budgets: [Budget.make({ time: "2 minutes" }, Budget.warn("Hurry.")), Budget.make({ time: "3 minutes" }, goodbye)]
    })
    yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserTurnAbandoned" })
    yield* pass("3 minutes")
    assert.deepStrictEqual(call.sent(), ["AgentSendCustom", "LogMessage", ...farewell])
  })

  test("of money counts what replies cost, and reports an unknown price once", function* () {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => void logged.push(String(message)))
    const model = ScriptedModel.make([took("One.", 1_000_000, 0), took("Two.", 1_000_000, 0)])
    const budgets = [Budget.make({ usd: 0.5 }, goodbye)]
    const call = yield* playing({ ...model, layer: named(model) }, { budgets })
    yield* call.say("one")
    yield* call.say("two")
    yield* call.say("three")
    // 40 cents each.
    assert.deepStrictEqual(call.sent(), ["One.", "Two.", ...farewell])

    const other = ScriptedModel.make([took("One.", 1_000_000, 0), took("Two.", 1, 0)])
    const dear = yield* playing({ ...other, layer: named(other, "acme", "acme-1") }, { budgets }).pipe(
      Effect.provide(Logger.layer([logger]))
    )
    yield* dear.say("one")
    yield* dear.say("two")
    assert.deepStrictEqual(dear.sent(), ["One.", "Two."])
    assert.deepStrictEqual(
      logged.filter((line) => line.includes("acme/acme-1")).map((line) => line.slice(0, 24)),
      ["The price of acme/acme-1"]
    )
  })

  test("of money uses the current prices", function* () {
    const model = ScriptedModel.make([took("One.", 10, 0)])
    const prices = Layer.succeed(Prices.Current, [{ models: /^acme/, input: 1_000_000, output: 0 }])
    const call = yield* playing(
      { ...model, layer: Layer.merge(named(model, "acme", "acme-1"), prices) },
      { budgets: [Budget.make({ usd: 10 }, goodbye)] }
    )
    yield* call.say("one")
    yield* call.say("two")
    assert.deepStrictEqual(call.sent(), ["One.", ...farewell])
  })

  test("of tool calls is checked between the rounds of a turn", function* () {
    const look = VoiceTool.loopback("look", {}, () => Effect.succeed("nothing"))
    const again = ScriptedModel.toolCall("look", {})
    const model = ScriptedModel.make([again, again, again, again])
    const call = yield* playing(model, { tools: [look], budgets: [Budget.make({ toolCalls: 3 }, goodbye)] })
    yield* call.say("look")
    assert.deepStrictEqual(call.sent().slice(-3), farewell)
    assert.strictEqual((yield* call.prompts).length, 3)
  })

  test("can warn the model, in every later request", function* () {
    const model = ScriptedModel.make([took("One.", 60, 60), took("Two.", 1, 1), took("Three.", 1, 1)])
    const call = yield* playing(model, { budgets: [Budget.make({ tokens: 100 }, Budget.warn("Come to an end."))] })
    for (const words of ["one", "two", "three"]) yield* call.say(words)
    const prompts = yield* call.prompts
    assert.deepStrictEqual(
      prompts.map((lines) => lines.at(-1)),
      ["user: one", "system: Come to an end.", "system: Come to an end."]
    )
    assert.deepStrictEqual(call.sent(), ["One.", "LogMessage", "Two.", "Three."])
  })

  test("acts again if the caller interrupts its action, and those after it act too", function* () {
    const slow = Layer.unwrap(Effect.as(Effect.sleep("3 seconds"), ScriptedModel.make([took("Another.", 1, 1)]).layer))
    const act = Budget.act(() => Stream.fromEffect(Effect.as(Effect.sleep("3 seconds"), Event.sendText("Act."))))
    for (const [action, done] of [
      [Budget.switchModel(slow), "Another."],
      [act, "Act."]
    ] as const) {
      const model = ScriptedModel.make([took("One.", 60, 30), took("Two.", 60, 30), took("Three.", 60, 30)])
      const budgets = [Budget.make({ replies: 1 }, action), Budget.make({ replies: 1 }, Budget.warn("Be brief."))]
      const call = yield* playing(model, { budgets })
      yield* call.say("one")
      yield* call.say("two")
      yield* pass("1 second")
      yield* call.say("three")
      yield* pass("5 seconds")
      assert.include(call.sent(), done)
      if (done === "Act.") assert.include((yield* call.prompts).at(-1)!.join(), "Be brief.")
    }
  })

  test("waits with its action until it is certain that the caller has finished", function* () {
    let acted = 0
    const act = Budget.act(() => Stream.suspend(() => Stream.make(Event.sendText(`Act ${++acted}.`))))
    const model = ScriptedModel.make([took("One.", 60, 30), took("Two.", 60, 30)])
    const call = yield* playing(model, { budgets: [Budget.make({ replies: 1 }, act)] })
    yield* call.say("one")
    yield* call.report(
      { _tag: "UserTurnStarted" },
      { _tag: "UserTextSent", content: "two" },
      { _tag: "UserTurnEnded", tentative: true }
    )
    assert.strictEqual(acted, 0)
    yield* call.report(
      { _tag: "UserTurnResumed" },
      { _tag: "UserTextSent", content: "and three" },
      { _tag: "UserTurnEnded" }
    )
    assert.deepStrictEqual(call.sent(), ["One.", "LogMessage", "Act 1.", " Two."])
  })

  test("with a limit that is none is refused when the agent is made", function* () {
    for (const limits of [{ tokens: NaN }, { usd: -1 }, { time: NaN }, { time: "soon" as "1 minute" }]) {
      const exit = yield* Effect.exit(LlmAgent.makeAgent({ budgets: [Budget.make(limits, goodbye)] }))
      assert.match(String(exit), /is no limit of (tokens|usd|time) for a budget/)
    }
    yield* LlmAgent.makeAgent({ budgets: [Budget.make({ tokens: 0, usd: Infinity, time: Infinity }, goodbye)] })
  })

  test("can switch the model", function* () {
    const cheap = ScriptedModel.make([took("Two.", 1, 1)])
    const model = ScriptedModel.make([took("One.", 60, 60)])
    let spent: Budget.Spent | undefined
    yield* Effect.scoped(
      Effect.gen(function* () {
        const call = yield* playing(
          { ...model, layer: named(model) },
          {
            budgets: [Budget.make({ replies: 1 }, Budget.switchModel(named(cheap, "groq", "small")))],
            onUsage: (so) => Effect.sync(() => (spent = so))
          }
        )
        yield* call.say("one")
        yield* call.say("two")
        assert.deepStrictEqual(call.sent(), ["One.", "LogMessage", "Two."])
        yield* call.end
      })
    )
    assert.strictEqual((yield* cheap.prompts).length, 1)
    assert.deepStrictEqual([...spent!.byModel.keys()], ["openai/gpt-4.1-mini", "groq/small"])
  })

  test("asks the agent's own model if the new one fails before it has said anything, and not after", function* () {
    const down = ScriptedModel.fail(new AiError.InternalProviderError({ description: "down" }))
    const cheap = ScriptedModel.make([down, took("Two.", 1, 1), [ScriptedModel.text(["Well,", " I"]), down]])
    const model = ScriptedModel.make([took("One.", 60, 60), took("Own.", 60, 60)])
    const budgets = [Budget.make({ replies: 1 }, Budget.switchModel(cheap.layer))]
    const call = yield* playing(model, { budgets, onModelFailure: "Sorry." })
    for (const words of ["one", "again", "two", "three"]) yield* call.say(words)
    assert.strictEqual(call.sent().join("|"), "One.|LogMessage|Own.|Two.|Well,| I| Sorry.")
    assert.strictEqual(yield* cheap.unused, 0)
  })

  test("keeps its model if the new one cannot be built", function* () {
    const model = ScriptedModel.make([took("One.", 60, 60), took("Two.", 1, 1)])
    const broken = Layer.effect(LanguageModel.LanguageModel, Effect.fail("no key"))
    const call = yield* playing(model, { budgets: [Budget.make({ replies: 1 }, Budget.switchModel(broken))] })
    yield* call.say("one")
    yield* call.say("two")
    assert.deepStrictEqual(call.sent(), ["One.", "LogMessage", "Two."])
  })

  test("can run an action of the application, before the answer or instead of it", function* () {
    const model = ScriptedModel.make([took("One.", 60, 60), took("Two.", 1, 1)])
    const call = yield* playing(model, {
      budgets: [
        Budget.make(
          { replies: 1 },
          Budget.act(({ tokens }) => Stream.make(Event.sendText(`${tokens} so far. `)))
        ),
        Budget.make(
          { replies: 1 },
          Budget.act(() => Stream.fail("broken"))
        ),
        Budget.make(
          { replies: 2 },
          Budget.act(() => Stream.make(Event.transferCall("+33140000000")))
        )
      ]
    })
    for (const words of ["one", "two", "three"]) yield* call.say(words)
    assert.match((yield* call.prompts)[1]!.at(-1)!, /^system: .*answer/)
    assert.deepStrictEqual(call.sent(), [
      "One.",
      "LogMessage",
      "120 so far. ",
      "LogMessage",
      "Two.",
      "LogMessage",
      "AgentTransferCall"
    ])
  })

  test("is shared with the agent that takes over the call", function* () {
    const other = LlmAgent.make({ systemPrompt: "You are the other.", introduction: "Here." })
    const handoff = AgentAsHandoff.make(other, { name: "to_other", description: "" })
    const model = ScriptedModel.make([
      [ScriptedModel.toolCall("to_other", {}), ...took("", 60, 0).slice(1)],
      took("Two.", 60, 0)
    ])
    const call = yield* playing(model, { tools: [handoff], budgets: [Budget.make({ tokens: 100 }, goodbye)] })
    yield* call.say("the other one please")
    yield* call.say("two")
    yield* call.say("three")
    assert.deepStrictEqual(call.sent().slice(-4), ["Two.", ...farewell])
  })
})

describe("the usage of a call", () => {
  test("is logged with each reply, and at the end in total", function* () {
    const sent: Array<unknown> = []
    const model = ScriptedModel.make([took("One.", 60, 30), took("Two.", 40, 10)])
    const agent = LlmAgent.make()
    const call = yield* playing({ ...model, layer: named(model) }, {}, (request) =>
      Effect.map(agent(request), (spec) => ({
        ...spec,
        agent: (event: Event.Input, turn: Parameters<typeof spec.agent>[1]) =>
          Stream.tap(spec.agent(event, turn), (output) =>
            Effect.sync(() => (output._tag === "LogMetric" ? sent.push([output.name, output.value]) : 0))
          )
      }))
    )
    yield* call.say("one")
    yield* call.say("two")
    yield* pass(1000)
    yield* call.end
    const tokens = { cacheRead: 0, cacheWrite: 0, reasoning: 0 }
    const usages = sent.filter((one) => /usage/.test(String((one as [string])[0])))
    assert.deepStrictEqual(usages, [
      ["llm_usage", { provider: "openai", model: "gpt-4.1-mini", ...tokens, input: 60, output: 30, usd: 0.000072 }],
      ["llm_usage", { provider: "openai", model: "gpt-4.1-mini", ...tokens, input: 40, output: 10, usd: 0.000032 }],
      [
        "llm_call_usage",
        {
          replies: 2,
          interrupted: 0,
          toolCalls: 0,
          ...tokens,
          input: 100,
          output: 40,
          usd: 0.000104,
          seconds: 1,
          models: { "openai/gpt-4.1-mini": { ...tokens, input: 100, output: 40, usd: 0.000104 } }
        }
      ]
    ])
  })

  test("includes a reply that was interrupted, which its provider does not report", function* () {
    let spent: Budget.Spent | undefined
    const model = ScriptedModel.make([
      ScriptedModel.text("word ".repeat(80), { every: 100 }),
      ScriptedModel.text(["Yes."])
    ])
    yield* Effect.scoped(
      Effect.gen(function* () {
        const call = yield* playing(model, { onUsage: (so) => Effect.sync(() => (spent = so)) })
        yield* call.say("a ".repeat(400))
        yield* pass(4000)
        yield* call.say("stop")
        yield* call.end
      })
    )
    assert.strictEqual(spent?.interrupted, 1)
    assert.isAtLeast(spent!.usage.input, 200)
    assert.approximately(spent!.usage.output, 50, 5)
  })

  test("includes the prompt of a reply that was interrupted before it began", function* () {
    let spent: Budget.Spent | undefined
    const model = ScriptedModel.make([
      [ScriptedModel.delay("2 seconds"), ScriptedModel.text("Yes.")],
      took("No.", 1, 1)
    ])
    yield* Effect.scoped(
      Effect.gen(function* () {
        const call = yield* playing(model, { onUsage: (so) => Effect.sync(() => (spent = so)) })
        yield* call.say("a ".repeat(400))
        yield* pass(1000)
        yield* call.say("stop")
        yield* call.end
      })
    )
    assert.strictEqual(spent?.interrupted, 1)
    assert.isAtLeast(spent!.usage.input, 200)
  })

  test("includes an interrupted reply once if its provider estimates it", function* () {
    const told = { ...Usage.none, input: 30, output: 5 }
    const estimating = Layer.effect(
      LanguageModel.LanguageModel,
      LanguageModel.make({
        streamText: () =>
          Stream.make(
            { type: "text-start" as const, id: "1" },
            { type: "text-delta" as const, id: "1", delta: "Well" }
          ).pipe(
            Stream.concat(Stream.never),
            Stream.ensuring(Usage.tell({ provider: "acme", model: "a1" }, told, { estimated: true }))
          ),
        generateText: () => Effect.die("not asked")
      })
    )
    let spent: Budget.Spent | undefined
    yield* Effect.scoped(
      Effect.gen(function* () {
        const call = yield* playing(
          { ...ScriptedModel.make([]), layer: estimating },
          { onUsage: (so) => Effect.sync(() => (spent = so)) }
        )
        yield* call.say("one")
        yield* call.say("two")
        yield* call.end
      })
    )
    assert.deepStrictEqual([spent?.interrupted, spent?.replies, spent?.tokens], [2, 2, 70])
  })

  test("includes what tools ask of models, once, however often the call was handed over", function* () {
    const told: Array<number> = []
    const ask = VoiceTool.loopback("ask", { description: "" }, () =>
      Effect.as(Usage.tell({ provider: "acme", model: "m" }, { ...Usage.none, input: 700 }), "done")
    )
    const other = LlmAgent.make({ tools: [ask] })
    const model = ScriptedModel.make([
      [ScriptedModel.toolCall("ask", {}, { id: "a1" })],
      [ScriptedModel.toolCall("to_other", {}, { id: "h1" }), took("", 10, 10)[1]!],
      [ScriptedModel.toolCall("ask", {}, { id: "a2" }), took("", 10, 10)[1]!],
      took("Done.", 10, 10)
    ])
    let spent: Budget.Spent | undefined
    yield* Effect.scoped(
      Effect.gen(function* () {
        const observer = Layer.succeed(Usage.Observer, ({ provider, tokens }) =>
          Effect.sync(() => void (provider === "acme" && told.push(tokens.input)))
        )
        const call = yield* playing(
          { ...model, layer: Layer.merge(model.layer, observer) },
          {
            tools: [ask, AgentAsHandoff.make(other, { name: "to_other", description: "" })],
            onUsage: (so) => Effect.sync(() => (spent = so))
          }
        )
        yield* call.say("one")
        yield* call.end
      })
    )
    assert.deepStrictEqual(told, [700, 700])
    assert.strictEqual(spent?.byModel.get("acme/m")?.tokens.input, 1400)
    assert.strictEqual(spent?.byModel.get("unknown/unknown")?.tokens.output, 30)
  })

  test("includes summaries of a model that does not report by itself", function* () {
    const counts: Array<number> = []
    const model = ScriptedModel.make(
      Array.from({ length: 12 }, () => ({ method }: ScriptedModel.Request) => {
        counts.push(method === "generateText" ? 1000 : 400)
        return took(method === "generateText" ? "Ann wants a table." : "word ".repeat(60), counts.at(-1)!, 0)
      })
    )
    let spent: Budget.Spent | undefined
    yield* Effect.scoped(
      Effect.gen(function* () {
        const call = yield* playing(model, {
          contextPolicy: { limit: 300 },
          onUsage: (so) => Effect.sync(() => (spent = so))
        })
        for (let i = 0; i < 8; i++) yield* call.say("word ".repeat(90))
        yield* call.end
      })
    )
    assert.include(counts, 1000)
    assert.strictEqual(
      spent?.tokens,
      counts.reduce((a, b) => a + b)
    )
  })

  test("is passed to the application's observer once per reply", function* () {
    const told: Array<Usage.Report> = []
    const model = ScriptedModel.make([])
    const reporting = Layer.effect(
      LanguageModel.LanguageModel,
      LanguageModel.make({
        streamText: () =>
          Stream.fromEffectDrain(Usage.tell({ provider: "acme", model: "a1" }, { ...Usage.none, input: 7 })).pipe(
            Stream.concat(
              Stream.make(
                { type: "text-start" as const, id: "1" },
                { type: "text-delta" as const, id: "1", delta: "Hi." },
                { type: "text-end" as const, id: "1" }
              )
            )
          ),
        generateText: () => Effect.die("not asked")
      })
    )
    const observer = Layer.succeed(Usage.Observer, (report) => Effect.sync(() => void told.push(report)))
    let spent: Budget.Spent | undefined
    yield* Effect.scoped(
      Effect.gen(function* () {
        const call = yield* playing(
          { ...model, layer: Layer.merge(reporting, observer) },
          { onUsage: (so) => Effect.sync(() => (spent = so)) }
        )
        yield* call.say("hello")
        yield* call.end
      })
    )
    assert.deepStrictEqual(
      told.map(({ provider, tokens }) => [provider, tokens.input]),
      [["acme", 7]]
    )
    assert.strictEqual(spent?.tokens, 7)
  })

  test("is passed to the application's observer by the agent, for a model that does not report by itself", function* () {
    const told: Array<Usage.Report> = []
    const model = ScriptedModel.make([took("One.", 7, 3), ScriptedModel.text("word ".repeat(80), { every: 100 })])
    const observer = Layer.succeed(Usage.Observer, (report) => Effect.sync(() => void told.push(report)))
    yield* Effect.scoped(
      Effect.gen(function* () {
        const call = yield* playing({ ...model, layer: Layer.merge(named(model), observer) }, {})
        yield* call.say("one")
        yield* call.say("two")
        yield* pass(1000)
        yield* call.end
      })
    )
    assert.deepStrictEqual(
      told.map(({ estimated = false, model, tokens }) => [model, estimated, tokens.output > 0]),
      [
        ["gpt-4.1-mini", false, true],
        ["gpt-4.1-mini", true, true]
      ]
    )
    assert.strictEqual(told[0]?.cost, (7 * 0.4 + 3 * 1.6) / 1e6)
  })

  test("ends the call as usual if the application fails to take it", function* () {
    const call = Effect.gen(function* () {
      const call = yield* playing(ScriptedModel.make([took("One.", 1, 1)]), {
        onUsage: () => {
          throw new Error("no")
        }
      })
      yield* call.say("one")
      yield* call.end
      return call.sent()
    })
    assert.deepStrictEqual(yield* Effect.scoped(call), ["One."])
  })

  test("leaves out a request that failed", function* () {
    let spent: Budget.Spent | undefined
    const model = ScriptedModel.make([ScriptedModel.fail(new AiError.InternalProviderError({ description: "down" }))])
    yield* Effect.scoped(
      Effect.gen(function* () {
        const call = yield* playing(model, { onUsage: (so) => Effect.sync(() => (spent = so)) })
        yield* call.say("hello")
        yield* call.end
      })
    )
    assert.deepStrictEqual([spent?.replies, spent?.interrupted], [0, 0])
  })

  forAll("adds up to what the observer was told, whatever happens to the replies", (chance) =>
    VirtualTime.run(
      Effect.scoped(
        Effect.gen(function* () {
          const reports: Array<Usage.Report> = []
          const observer = Layer.succeed(Usage.Observer, (report) => Effect.sync(() => void reports.push(report)))
          const ask = VoiceTool.loopback("ask", { description: "" }, () =>
            Effect.as(Usage.tell({ provider: "acme", model: "tool" }, { ...Usage.none, input: 3 }), "done")
          )
          const down = new AiError.InternalProviderError({ description: "down" })
          const reply = (): ScriptedModel.Reply =>
            chance.pick<() => ReadonlyArray<ScriptedModel.Piece>>([
              () => took("Fine. ", chance.int(1, 50), chance.int(1, 50)),
              () => [ScriptedModel.text("one two three four", { every: "1 second" })],
              () => [ScriptedModel.delay("3 seconds"), ScriptedModel.text(["Late."])],
              () => [ScriptedModel.text(["Well"]), ScriptedModel.fail(down)],
              () => [ScriptedModel.fail(down)],
              () => [ScriptedModel.finish("stop")],
              () => [ScriptedModel.toolCall("ask", {}, { id: "a" })]
            ])()
          const budgets = chance.pick([
            undefined,
            [Budget.make({ tokens: chance.int(0, 200) }, goodbye)],
            [Budget.make({ replies: 3 }, Budget.switchModel(ScriptedModel.make([reply(), reply(), reply()]).layer))]
          ])
          const model = ScriptedModel.make(Array.from({ length: 40 }, reply))
          let spent: Budget.Spent | undefined
          yield* Effect.scoped(
            Effect.gen(function* () {
              const call = yield* playing(
                { ...model, layer: Layer.merge(model.layer, observer) },
                { tools: [ask], budgets, onUsage: (so) => Effect.sync(() => (spent = so)) }
              )
              for (let i = 0; i < 6; i++) {
                yield* call.say("word ".repeat(chance.int(1, 60)))
                yield* pass(chance.pick([0, 500, 2500, 20_000]))
              }
              yield* call.end
            })
          )
          const told = reports.map(({ tokens }) => tokens).reduce(Usage.add, Usage.none)
          assert.deepStrictEqual(spent!.usage, told)
          assert.strictEqual(spent!.interrupted, reports.filter(({ estimated }) => estimated === true).length)
          const counted = [...spent!.byModel.values()].reduce((sum, { replies }) => sum + replies, 0)
          assert.strictEqual(counted, reports.length)
          assert.isAtMost(spent!.replies, reports.filter(({ model }) => model !== "tool").length)
        })
      )
    )
  )
})
