import * as Agent from "@antiphon/core/Agent"
import { Caller, Expect, TestCall, VirtualTime } from "@antiphon/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Duration, Effect, Exit, Fiber, Layer, Metric, Schedule, Schema, Stream } from "effect"
import { AiError, LanguageModel, Prompt, Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import * as LlmAgent from "../../src/agent/LlmAgent.ts"
import * as ModelFailure from "../../src/model/ModelFailure.ts"
import * as ModelPlan from "../../src/model/ModelPlan.ts"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"

const { dieAfter, fail, stall, text, toolCall } = ScriptedModel

const overloaded = new AiError.InternalProviderError({ description: "overloaded" })
const refused = new AiError.ContentPolicyError({ description: "refused" })
const rateLimited = (wait: Duration.Input) => new AiError.RateLimitError({ retryAfter: Duration.fromInputUnsafe(wait) })

const Weather = Tool.make("weather", {
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.String
})
const tools = Toolkit.make(Weather)

const ask = LanguageModel.streamText({
  prompt: "hi",
  toolkit: tools,
  disableToolCallResolution: true,
  toolCallValidation: "deferred"
})

/** The text of the parts, and the types of those without text, so that a whole reply can be compared. */
const outline = (parts: ReadonlyArray<{ readonly type: string }>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let said = ""
  for (const part of parts) {
    if (part.type === "text-delta") said += (part as unknown as { readonly delta: string }).delta
    else if (part.type === "text-end") {
      lines.push(`"${said}"`)
      said = ""
    } else if (part.type !== "text-start") {
      const { reason } = part as { readonly reason?: string }
      lines.push(reason === undefined ? part.type : `${part.type} ${reason}`)
    }
  }
  return said === "" ? lines : [...lines, `"${said}" …`]
}

interface Told {
  readonly at: number
  readonly event: ModelPlan.Event
}

const brief = ({ at, event }: Told): string => {
  const time = `${at} ${event._tag}`
  switch (event._tag) {
    case "AttemptFailed":
      return `${time} ${event.step} ${event.error.reason._tag} after ${event.spoken}`
    case "Retried":
      return `${time} ${event.step} in ${Duration.toMillis(event.delay)}`
    case "HedgeStarted":
      return `${time} ${event.step} beside ${event.beside}`
    case "HedgeWon":
      return `${time} ${event.step} over ${event.over.join()}`
    case "Continued":
      return `${time} ${event.step} at ${event.character}`
    case "Exhausted":
      return `${time} ${event.error.reason._tag}`
    default:
      return `${time} ${event.step}`
  }
}

type StepOptions = Omit<ModelPlan.Step, "name" | "model">

/** A plan of scripted steps, by name, and what can be observed of it. */
const scripted = <const Names extends string>(
  scripts: { readonly [Name in Names]: readonly [ReadonlyArray<ScriptedModel.Reply>, StepOptions?] },
  options?: ModelPlan.Options
) =>
  Effect.gen(function* () {
    yield* TestClock.adjust(0)
    const models = Object.fromEntries(
      Object.entries<readonly [ReadonlyArray<ScriptedModel.Reply>, StepOptions?]>(scripts).map(([name, [replies]]) => [
        name,
        ScriptedModel.make(replies)
      ])
    ) as { readonly [Name in Names]: ScriptedModel.ScriptedModel }
    const names = Object.keys(scripts) as Array<Names>
    const [first, ...rest] = names.map((name): ModelPlan.Step => ({
      name,
      model: models[name].layer,
      ...scripts[name][1]
    }))
    const context = yield* Layer.build(ModelPlan.layer(ModelPlan.make(first!, ...rest), options))
    const told: Array<Told> = []
    const observe = (event: ModelPlan.Event) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        told.push({ at, event })
      })
    const provide = <A, E>(effect: Effect.Effect<A, E, LanguageModel.LanguageModel>) =>
      effect.pipe(Effect.provideService(ModelPlan.Observer, observe), Effect.provide(context))
    return {
      models,
      provide,
      /** Asks, and returns what was heard by then, and the error if there was one. */
      request: (time: Duration.Input = "1 minute") =>
        Effect.gen(function* () {
          const parts: Array<{ readonly type: string }> = []
          const fiber = yield* ask.pipe(
            Stream.runForEach((part) => Effect.sync(() => parts.push(part))),
            provide,
            Effect.result,
            Effect.forkChild
          )
          yield* TestClock.adjust(time)
          const exit = fiber.pollUnsafe()
          yield* Fiber.interrupt(fiber)
          const heard = outline(parts)
          if (exit === undefined) return [...heard, "running"]
          const result = yield* exit
          return result._tag === "Success" ? heard : [...heard, result.failure.reason._tag]
        }),
      told: Effect.sync(() => told.splice(0).map(brief))
    }
  })

/** The texts of the messages of a prompt. */
const messages = (prompt: Prompt.Prompt): ReadonlyArray<readonly [role: string, text: string]> =>
  prompt.content.map(({ content, role }) => [
    role,
    typeof content === "string"
      ? content
      : content.map((part) => (part.type === "text" ? part.text : part.type)).join("")
  ])

/** What the request says has already been spoken. */
const spokenIn = ({ prompt }: ScriptedModel.Request): string =>
  messages(prompt).find(([role]) => role === "assistant")?.[1] ?? ""

describe("ModelPlan", () => {
  describe("a step that answers", () => {
    it.effect("is the only one asked", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[text("Hello you.")]], b: [[]] })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello you."', "finish stop"])
        assert.deepStrictEqual(yield* plan.told, ["0 AttemptStarted a"])
        assert.deepStrictEqual(yield* plan.models.b.prompts, [])
      })
    )

    it.effect("receives the prompt, the tools and the settings of the request", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[text("Hello")]] })
        yield* plan.request().pipe(Effect.provideService(ModelSettings.Current, { temperature: 0.5 }))
        const [sent] = yield* plan.models.a.prompts
        assert.deepStrictEqual(sent!.settings, { temperature: 0.5 })
        assert.deepStrictEqual(messages(sent!.prompt), [["user", "hi"]])
        assert.deepStrictEqual(sent!.tools, [Weather])
        assert.strictEqual(sent!.toolChoice, "auto")
      })
    )

    it.effect("has all its parts passed on", () =>
      Effect.gen(function* () {
        const reply: ScriptedModel.Reply = [
          ScriptedModel.parts({
            type: "response-metadata",
            id: "r",
            modelId: "m",
            timestamp: "2026-01-01T00:00:00.000Z"
          }),
          ScriptedModel.reasoning("hm so", { metadata: { maker: { signature: "s" } } }),
          text("See this"),
          ScriptedModel.parts(
            { type: "source", sourceType: "url", id: "s", url: "https://example.org/", title: "t" },
            { type: "source", sourceType: "document", id: "d", mediaType: "text/plain", title: "t" },
            { type: "file", mediaType: "image/png", data: "aGk=" }
          ),
          toolCall("weather", { city: "Oslo" }, { fragments: ["{", "}"] }),
          toolCall("undeclared", { odd: true }),
          ScriptedModel.finish("tool-calls", {
            inputTokens: { uncached: 1, total: 3, cacheRead: 2, cacheWrite: undefined },
            outputTokens: { total: 4, text: 4, reasoning: undefined }
          })
        ]
        const played = (layer: Layer.Layer<LanguageModel.LanguageModel>) =>
          Effect.provide(Stream.runCollect(ask), layer)
        const straight = yield* played(ScriptedModel.make([reply]).layer)
        const planned = yield* played(
          ModelPlan.layer(ModelPlan.make({ name: "a", model: ScriptedModel.make([reply]).layer }))
        )
        // The last word of a text waits until it is known to be complete.
        const joined = (parts: typeof straight) => {
          const texts = parts.flatMap((part) => (part.type === "text-delta" ? part.delta : []))
          return [texts.join(""), ...parts.filter((part) => part.type !== "text-delta")]
        }
        assert.strictEqual(straight.length, 19)
        assert.deepStrictEqual(joined(planned), joined(straight))
      })
    )

    it.effect("is passed on in whole words, each as soon as it is complete", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[text(["Hel", "lo the", "re. 你好", " o", "k"], { every: 10 })]] })
        const heard: Array<readonly [number, string]> = []
        const hear = (delta: string) =>
          Effect.map(Clock.currentTimeMillis, (at) => {
            heard.push([at, delta])
          })
        yield* ask.pipe(
          Stream.runForEach((part) => (part.type === "text-delta" ? hear(part.delta) : Effect.void)),
          plan.provide,
          Effect.forkChild
        )
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(heard, [
          [20, "Hello"],
          [30, " there. 你好"],
          [50, " ok"]
        ])
      })
    )

    it.effect("with nothing is replaced by one that says something", () =>
      Effect.gen(function* () {
        const empty = [[], text(" \n"), ScriptedModel.reasoning("hm"), ScriptedModel.finish("length")]
        for (const reply of empty) {
          const plan = yield* scripted({ a: [[reply]], b: [[text("Hello")]] })
          assert.deepStrictEqual((yield* plan.request()).slice(-2), ['"Hello"', "finish stop"])
          assert.include((yield* plan.told)[1], "AttemptFailed a InvalidOutputError")
        }
      })
    )

    it.effect("with nothing, and is the last, fails with an empty-reply error", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[ScriptedModel.finish("length")]] })
        const error = yield* Effect.flip(plan.provide(Stream.runDrain(ask)))
        assert.isTrue(AiError.isAiError(error) && ModelFailure.isEmptyReply(error))
        assert.include(String(error), "length")
      })
    )

    it.effect("is read to the end of its message, for a limited time", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        let read = false
        const tail = Stream.fromEffectDrain(Effect.sync(() => (read = true)))
        const said = { type: "text-delta", id: "0", delta: "Hello" } as const
        const finish = { type: "finish", reason: "stop", usage: { inputTokens: {}, outputTokens: {} } } as const
        const model = LanguageModel.make({
          generateText: () => Effect.succeed([]),
          streamText: () => Stream.make(said, finish).pipe(Stream.concat(tail), Stream.concat(Stream.never))
        })
        const plan = ModelPlan.make({ name: "a", model: Layer.effect(LanguageModel.LanguageModel, model) })
        const fiber = yield* Stream.runDrain(ask).pipe(Effect.provide(ModelPlan.layer(plan)), Effect.forkChild)
        yield* TestClock.adjust("100 millis")
        assert.isTrue(read)
        yield* Fiber.join(fiber)
      })
    )
  })

  it.effect("counts its events by kind and step", () =>
    Effect.gen(function* () {
      const plan = yield* scripted({ counted: [[fail(overloaded)]], other: [[text("Hello")]] })
      yield* plan.request()
      const counts = (yield* Metric.snapshot)
        .filter(({ id }) => id === "antiphon_llm_plan_events")
        .map(({ attributes, state }) => [attributes, (state as { readonly count: number }).count])
      assert.deepInclude(counts, [{ event: "AttemptFailed", step: "counted" }, 1])
    })
  )

  describe("a step that fails before its first token", () => {
    it.effect("is replaced by the next one, and nothing of it is heard", () =>
      Effect.gen(function* () {
        const dying = [
          ScriptedModel.parts({ type: "response-metadata", id: "dead" }, { type: "text-start", id: "0" }),
          fail(overloaded)
        ]
        const plan = yield* scripted({ a: [[dying]], b: [[text("Hello")]] })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
        assert.deepStrictEqual(yield* plan.told, [
          "0 AttemptStarted a",
          "0 AttemptFailed a InternalProviderError after 0",
          "0 AttemptStarted b"
        ])
        assert.deepStrictEqual(messages((yield* plan.models.b.prompts)[0]!.prompt), [["user", "hi"]])
      })
    )

    for (const reason of [
      new AiError.RateLimitError({}),
      new AiError.AuthenticationError({ kind: "InvalidKey" }),
      new AiError.QuotaExhaustedError({}),
      new AiError.NetworkError({ reason: "TransportError", method: "POST", url: "" }),
      new AiError.InvalidResponseError({ description: "" }),
      new AiError.UnknownError({})
    ]) {
      it.effect(`with ${reason._tag} is replaced`, () =>
        Effect.gen(function* () {
          const plan = yield* scripted({ a: [[fail(reason)]], b: [[text("Hello")]] })
          assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
        })
      )
    }

    for (const reason of [
      refused,
      new AiError.InvalidRequestError({}),
      new AiError.UnsupportedSchemaError({ description: "" })
    ]) {
      it.effect(`with ${reason._tag} is replaced at once, because requests are built for each provider`, () =>
        Effect.gen(function* () {
          const plan = yield* scripted({
            a: [[fail(reason)], { schedule: Schedule.recurs(3) }],
            b: [[text("Hello")]]
          })
          assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
          assert.lengthOf(yield* plan.models.a.prompts, 1)
        })
      )

      it.effect(`with ${reason._tag} fails the request if the application says so`, () =>
        Effect.gen(function* () {
          const plan = yield* scripted(
            { a: [[fail(reason)], { schedule: Schedule.recurs(3) }], b: [[text("Hello")]] },
            { fallback: ModelPlan.isProviderFailure }
          )
          assert.deepStrictEqual(yield* plan.request(), [reason._tag])
          assert.strictEqual(yield* plan.models.b.unused, 1)
        })
      )
    }

    it.effect("is replaced as the application decides", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[fail(refused)]], b: [[text("Hello")]] }, { fallback: () => true })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
      })
    )

    it.effect("is replaced if the model itself reports an error", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [
            [
              ScriptedModel.parts({
                type: "error",
                error: AiError.make({ module: "", method: "", reason: rateLimited(0) })
              })
            ]
          ],
          b: [[ScriptedModel.parts({ type: "error", error: "odd" }, { type: "text-delta", id: "0", delta: "no" })]],
          c: [[ScriptedModel.finish("error")]],
          d: [[[ScriptedModel.parts({ type: "error", error: overloaded }), stall]]],
          e: [[text("Hello")]]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
        const failures = (yield* plan.told).filter((line) => line.includes("Failed"))
        assert.deepStrictEqual(failures, [
          "0 AttemptFailed a RateLimitError after 0",
          "0 AttemptFailed b InternalProviderError after 0",
          "0 AttemptFailed c InternalProviderError after 0",
          "0 AttemptFailed d InternalProviderError after 0"
        ])
      })
    )

    it.effect("fails with the last error if no step is left", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[fail(overloaded)]], b: [[fail(rateLimited(0))]] })
        assert.deepStrictEqual(yield* plan.request(), ["RateLimitError"])
        assert.deepStrictEqual((yield* plan.told).slice(-2), [
          "0 AttemptFailed b RateLimitError after 0",
          "0 Exhausted RateLimitError"
        ])
      })
    )

    it.effect("by a bug ends the request with that bug", () =>
      Effect.gen(function* () {
        const broken = LanguageModel.make({
          generateText: () => Effect.die("bug"),
          streamText: () => Stream.die("bug")
        })
        const plan = ModelPlan.make(
          { name: "a", model: Layer.effect(LanguageModel.LanguageModel, broken) },
          { name: "b", model: ScriptedModel.make([text("Hello")]).layer }
        )
        const exit = yield* Stream.runDrain(ask).pipe(Effect.provide(ModelPlan.layer(plan)), Effect.exit)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      })
    )
  })

  describe("retries", () => {
    const schedule = Schedule.exponential("100 millis").pipe(Schedule.upTo({ times: 2 }))

    it.effect("follow the step's schedule before the next step is asked", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[fail(overloaded), fail(overloaded), fail(overloaded)], { schedule }],
          b: [[text("Hello")]]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
        assert.deepStrictEqual(yield* plan.told, [
          "0 AttemptStarted a",
          "0 AttemptFailed a InternalProviderError after 0",
          "0 Retried a in 100",
          "100 AttemptStarted a",
          "100 AttemptFailed a InternalProviderError after 0",
          "100 Retried a in 200",
          "300 AttemptStarted a",
          "300 AttemptFailed a InternalProviderError after 0",
          "300 AttemptStarted b"
        ])
      })
    )

    it.effect("are made only for temporary errors", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[fail(new AiError.AuthenticationError({ kind: "InvalidKey" }))], { schedule }],
          b: [[text("Hello")]]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
      })
    )

    it.effect("wait as long as the provider asks", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[fail(rateLimited("700 millis")), text("Hello")], { schedule }] })
        assert.deepStrictEqual(yield* plan.request("699 millis"), ["running"])
        const again = yield* scripted({ a: [[fail(rateLimited("700 millis")), text("Hello")], { schedule }] })
        assert.deepStrictEqual(yield* again.request("700 millis"), ['"Hello"', "finish stop"])
      })
    )

    it.effect("are made when the provider asks for them, whatever the state of the breaker", () =>
      Effect.gen(function* () {
        const busy = Array.from({ length: 3 }, () => fail(rateLimited("1 second")))
        const plan = yield* scripted(
          { a: [[...busy, text("From a")], { schedule: Schedule.recurs(3) }] },
          { breaker: { failures: 1, cooldown: "1 minute" } }
        )
        assert.deepStrictEqual(yield* plan.request("3 seconds"), ['"From a"', "finish stop"])
      })
    )

    it.effect("of the last step wait longer than those of a step with a successor", () =>
      Effect.gen(function* () {
        const busy = () => [fail(rateLimited("7 seconds")), text("From a")]
        const alone = yield* scripted({ a: [busy(), { schedule }] })
        assert.deepStrictEqual(yield* alone.request("7 seconds"), ['"From a"', "finish stop"])
        const plan = yield* scripted({ a: [busy(), { schedule }], b: [[text("Hello")]] })
        assert.deepStrictEqual(yield* plan.request(0), ['"Hello"', "finish stop"])
      })
    )

    it.effect("never wait longer for permission to ask than for a first word", () =>
      Effect.gen(function* () {
        const busy = () => [fail(rateLimited("3 seconds")), text("From a")]
        const plan = yield* scripted({ a: [busy(), { schedule, firstTokenDeadline: "2 seconds" }] })
        assert.deepStrictEqual(yield* plan.request(0), ["RateLimitError"])
        const patient = yield* scripted(
          { a: [busy(), { schedule, firstTokenDeadline: "2 seconds" }] },
          { patience: "5 seconds" }
        )
        assert.deepStrictEqual(yield* patient.request("3 seconds"), ['"From a"', "finish stop"])
      })
    )

    it.effect("wait no longer in all than a provider may ask for at once, over attempts and steps", () =>
      Effect.gen(function* () {
        const busy = (wait: Duration.Input) => Array.from({ length: 9 }, () => fail(rateLimited(wait)))
        const often = { schedule: Schedule.recurs(8) }
        const alone = yield* scripted({ a: [busy("4 seconds"), often] })
        assert.deepStrictEqual(yield* alone.request("8 seconds"), ["RateLimitError"])
        const plan = yield* scripted({
          a: [busy("900 millis"), often],
          b: [busy("900 millis"), often],
          c: [[text("Hi")]]
        })
        assert.deepStrictEqual(yield* plan.request("1800 millis"), ['"Hi"', "finish stop"])
        const patient = yield* scripted({ a: [busy("4 seconds"), often] }, { patience: "12 seconds" })
        assert.deepStrictEqual(yield* patient.request("11999 millis"), ["running"])
      })
    )

    it.effect("are given up once the caller has heard nothing for too long, sooner if another step is left", () =>
      Effect.gen(function* () {
        const dead = Array.from({ length: 9 }, () => stall)
        const often = { schedule: Schedule.recurs(8) }
        const alone = yield* scripted({ a: [dead, often] })
        assert.deepStrictEqual(yield* alone.request("39 seconds"), ["running"])
        assert.deepStrictEqual(yield* (yield* scripted({ a: [dead, often] })).request("40 seconds"), [
          "InternalProviderError"
        ])
        const plan = yield* scripted({ a: [dead, often], b: [dead, often], c: [[text("Hi")]] })
        assert.deepStrictEqual(yield* plan.request("30 seconds"), ['"Hi"', "finish stop"])
        const refusing = yield* scripted({
          a: [Array.from({ length: 9 }, () => fail(overloaded)), { schedule: Schedule.spaced("4 seconds") }]
        })
        assert.deepStrictEqual(yield* refusing.request("28 seconds"), ["InternalProviderError"])
      })
    )

    it.effect("come after a page or a broken event instead of a reply, too", () =>
      Effect.gen(function* () {
        const broken = new AiError.InvalidResponseError({ description: "an event is not JSON" })
        const plan = yield* scripted({ a: [[fail(broken), text("Hello")], { schedule }] })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
      })
    )

    it.effect("never wait longer than the plan's patience, and the provider is left alone for that time", () =>
      Effect.gen(function* () {
        const plan = yield* scripted(
          {
            a: [[fail(rateLimited("10 seconds")), text("From a")], { schedule }],
            b: [[text("Hello"), text("Hello"), text("Hello")]]
          },
          { patience: "9 seconds" }
        )
        assert.deepStrictEqual(yield* plan.request(0), ['"Hello"', "finish stop"])
        assert.deepStrictEqual(yield* plan.request("9999 millis"), ['"Hello"', "finish stop"])
        assert.deepStrictEqual(yield* plan.request("1 millis"), ['"Hello"', "finish stop"])
        assert.deepStrictEqual(yield* plan.request(0), ['"From a"', "finish stop"])
        assert.deepStrictEqual(
          (yield* plan.told).filter((line) => line.endsWith(" a")),
          ["0 AttemptStarted a", "0 Skipped a", "9999 Skipped a", "10000 AttemptStarted a"]
        )
      })
    )

    it.effect("of the same step continue its partial reply", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[dieAfter(3, text("The quick brown fox"), overloaded), text("brown fox jumps")], { schedule }]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"The quick brown fox jumps"', "finish stop"])
        assert.deepStrictEqual((yield* plan.told).slice(1), [
          "0 AttemptFailed a InternalProviderError after 9",
          "0 Retried a in 100",
          "100 AttemptStarted a",
          "100 Continued a at 9"
        ])
      })
    )
  })

  describe("a model that breaks off", () => {
    it.effect("is continued by the next one, which is shown what was said", () =>
      Effect.gen(function* () {
        const plan = yield* scripted(
          { a: [[dieAfter(3, text("The quick brown fox"))]], b: [[text(" brown fox jumps.")]] },
          { instruction: "Go on." }
        )
        assert.deepStrictEqual(yield* plan.request(), ['"The quick brown fox jumps."', "finish stop"])
        assert.deepStrictEqual(messages((yield* plan.models.b.prompts)[0]!.prompt), [
          ["user", "hi"],
          ["assistant", "The quick"],
          ["user", "Go on."]
        ])
        assert.deepStrictEqual(yield* plan.told, [
          "0 AttemptStarted a",
          "0 AttemptFailed a NetworkError after 9",
          "0 AttemptStarted b",
          "0 Continued b at 9"
        ])
      })
    )

    it.effect("has its message completed if the prompt ends with a message of its own", () =>
      Effect.gen(function* () {
        const a = ScriptedModel.make([dieAfter(2, text(" the quick"))])
        const b = ScriptedModel.make([text(" quick fox")])
        const plan = ModelPlan.make({ name: "a", model: a.layer }, { name: "b", model: b.layer })
        yield* LanguageModel.streamText({
          prompt: [
            { role: "user", content: "hi" },
            { role: "assistant", content: "Well," }
          ]
        }).pipe(Stream.runDrain, Effect.provide(ModelPlan.layer(plan)))
        const [sent] = yield* b.prompts
        assert.deepStrictEqual(messages(sent!.prompt).slice(0, -1), [
          ["user", "hi"],
          ["assistant", "Well, the"]
        ])
      })
    )

    it.effect("keeps its text in one block, whatever ids the next model uses", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[dieAfter(2, text("one two"))]],
          b: [[[ScriptedModel.reasoning("hm"), text("two three"), toolCall("weather", {}), text("four")]]]
        })
        const parts = yield* plan.provide(Stream.runCollect(ask))
        const blocks = parts.flatMap((part) =>
          part.type === "text-start" || part.type === "text-end" || part.type === "text-delta"
            ? [[part.type, part.id]]
            : []
        )
        assert.deepStrictEqual(blocks, [
          ["text-start", "1"],
          ["text-delta", "1"],
          ["text-delta", "1"],
          ["text-delta", "1"],
          ["text-end", "1"],
          ["text-start", "3.1"],
          ["text-delta", "3.1"],
          ["text-end", "3.1"]
        ])
        assert.deepStrictEqual(outline(parts), [
          "reasoning-start",
          "reasoning-delta",
          "reasoning-end",
          '"one two three"',
          "tool-call",
          '"four"',
          "finish tool-calls"
        ])
      })
    )

    it.effect("after a complete block is followed by a space", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[[text("One."), ScriptedModel.parts({ type: "text-end", id: "1" }), fail(overloaded)]]],
          b: [[text("Two.")]]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"One."', '" Two."', "finish stop"])
      })
    )

    it.effect("may have nothing left to add", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[dieAfter(2, text("All done. "))]], b: [[[]]] })
        assert.deepStrictEqual(yield* plan.request(), ['"All"', "finish stop"])
      })
    )

    it.effect("fails the request if no step is left, and keeps what was said", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[dieAfter(2, text("One two three"))]],
          b: [[dieAfter(2, text(" two three four"), overloaded)]]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"One two" …', "InternalProviderError"])
        assert.deepStrictEqual((yield* plan.told).at(-1), "0 Exhausted InternalProviderError")
      })
    )

    it.effect("because it refuses to continue is continued by another", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[dieAfter(2, text("One two"), refused)]], b: [[text("two")]] })
        assert.deepStrictEqual(yield* plan.request(), ['"One two"', "finish stop"])
      })
    )

    it.effect("and whose successor refuses to continue is continued by the next", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[dieAfter(3, text("One two three"))]],
          b: [[text("I'm sorry, but I can't continue that message.")]],
          c: [[text("three four")]]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"One two three four"', "finish stop"])
      })
    )

    it.effect("and is continued in other words repeats the sentence after a bridge", () =>
      Effect.gen(function* () {
        const plan = yield* scripted(
          { a: [[dieAfter(6, text("I can book a table at"))]], b: [[text("We have a table for you at eight.")]] },
          { bridge: "… once more: " }
        )
        assert.deepStrictEqual(yield* plan.request(), [
          '"I can book a table… once more: We have a table for you at eight."',
          "finish stop"
        ])
      })
    )

    it.effect("because of its length is continued by itself, and reported as cut if that does not help", () =>
      Effect.gen(function* () {
        const cut = (words: string): ScriptedModel.Reply => [text(words), ScriptedModel.finish("length")]
        const plan = yield* scripted({ a: [[cut("One red"), text("fox jumps.")]] })
        assert.deepStrictEqual(yield* plan.request(), ['"One red"', '" fox jumps."', "finish stop"])
        const again = yield* scripted({ a: [[cut("One red"), cut("fox jumps"), cut("over a")]] })
        assert.deepStrictEqual(yield* again.request(), ['"One red"', '" fox jumps"', '" over a"', "finish length"])
        const whole = yield* scripted({ a: [[cut("One red fox.")]] })
        assert.deepStrictEqual(yield* whole.request(), ['"One red fox."', "finish length"])
        assert.notInclude((yield* again.told).join(), "AttemptFailed")
      })
    )

    it.effect("because of a filter is continued by another, and fails if there is none", () =>
      Effect.gen(function* () {
        const filtered: ScriptedModel.Reply = [text("To do that you "), ScriptedModel.finish("content-filter")]
        const plan = yield* scripted({ a: [[filtered]], b: [[text("can call us.")]] })
        assert.deepStrictEqual(yield* plan.request(), ['"To do that you "', '"can call us."', "finish stop"])
        const alone = yield* scripted({ a: [[filtered]] })
        assert.deepStrictEqual(yield* alone.request(), ['"To do that you "', "ContentPolicyError"])
      })
    )

    it.effect("because its provider pauses is continued by itself", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[[text("One two "), ScriptedModel.finish("pause")], text("three")]],
          b: [[]]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"One two "', '"three"', "finish stop"])
        assert.notInclude((yield* plan.told).join(), "AttemptFailed")
      })
    )

    it.effect("by reporting an error is continued too", () =>
      Effect.gen(function* () {
        const odd = ScriptedModel.parts(
          { type: "text-delta", id: "1", delta: " two" },
          { type: "error", error: overloaded }
        )
        const plan = yield* scripted({ a: [[[text("One"), odd]]], b: [[text("two three")]] })
        assert.deepStrictEqual(yield* plan.request(), ['"One"', '" two three"', "finish stop"])
      })
    )

    it.effect("without an error is continued too", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        const cut = LanguageModel.make({
          generateText: () => Effect.succeed([]),
          streamText: () =>
            Stream.make(
              { type: "text-start", id: "0" } as const,
              { type: "text-delta", id: "0", delta: "One tw" } as const
            )
        })
        const plan = ModelPlan.make(
          { name: "a", model: Layer.effect(LanguageModel.LanguageModel, cut) },
          { name: "b", model: ScriptedModel.make([text("two")]).layer }
        )
        const parts = yield* Stream.runCollect(ask).pipe(Effect.provide(ModelPlan.layer(plan)))
        assert.deepStrictEqual(outline(parts), ['"One two"', "finish stop"])
      })
    )

    it.effect("leaves behind no partial reasoning and no incomplete tool call", () =>
      Effect.gen(function* () {
        const begun = [
          ScriptedModel.reasoning("first", { metadata: { maker: { signature: "1" } } }),
          text("Hello "),
          ScriptedModel.reasoning("second thought"),
          toolCall("weather", { city: "Oslo" }, { id: "same", fragments: ['{"city":', '"Oslo"}'] })
        ]
        const thought = ["reasoning-start", "reasoning-delta", "reasoning-end"]
        const second = ["reasoning-start", "reasoning-delta", "reasoning-delta", "reasoning-end"]
        const call = ["tool-params-start", "tool-params-delta", "tool-params-end", "tool-call", "finish tool-calls"]
        const expected: ReadonlyArray<readonly [deltas: number, heard: ReadonlyArray<string>]> = [
          [2, [...thought, '"there"', ...call]],
          [3, [...thought, '"Hello there"', ...call]],
          [4, [...thought, '"Hello "', '"there"', ...call]],
          [5, [...thought, '"Hello "', ...second, '"there"', ...call]],
          [6, [...thought, '"Hello "', ...second, '"there"', ...call]]
        ]
        for (const [deltas, heard] of expected) {
          const plan = yield* scripted({
            a: [[dieAfter(deltas, begun)]],
            b: [[[text("there"), toolCall("weather", { city: "Rome" }, { id: "same", fragments: ["{}"] })]]]
          })
          assert.deepStrictEqual(yield* plan.request(), heard)
        }
      })
    )

    it.effect("after a complete tool call is not continued: the reply ends there", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [
            [
              dieAfter(4, [
                text("Let me see"),
                toolCall("weather", { city: "Oslo" }),
                toolCall("weather", {}, { id: "second", fragments: ["{", "}"] })
              ])
            ]
          ],
          b: [[]]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"Let me see"', "tool-call", "finish tool-calls"])
        assert.deepStrictEqual(yield* plan.told, ["0 AttemptStarted a", "0 AttemptFailed a NetworkError after 10"])
      })
    )

    it.effect("has its complete tool calls run once", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        let runs = 0
        const plan = ModelPlan.make(
          { name: "a", model: ScriptedModel.make([[toolCall("weather", { city: "Oslo" }), fail(overloaded)]]).layer },
          { name: "b", model: ScriptedModel.make([]).layer }
        )
        const parts = yield* LanguageModel.streamText({ prompt: "hi", toolkit: tools }).pipe(
          Stream.runCollect,
          Effect.provide(tools.toLayer({ weather: ({ city }) => Effect.sync(() => `${city} ${++runs}`) })),
          Effect.provide(ModelPlan.layer(plan))
        )
        assert.deepStrictEqual(outline(parts), ["tool-call", "tool-result", "finish tool-calls"])
        assert.strictEqual(runs, 1)
      })
    )

    it.effect("while the provider ran a tool leaves nothing of that tool", () =>
      Effect.gen(function* () {
        const Search = Tool.providerDefined({
          id: "maker.search",
          customName: "search",
          providerName: "search",
          args: Schema.Struct({}),
          parameters: Schema.Struct({ query: Schema.String }),
          success: Schema.String
        })({})
        const call = ScriptedModel.parts({
          type: "tool-call",
          id: "s",
          name: "search",
          params: { query: "x" },
          providerExecuted: true
        })
        const result = ScriptedModel.parts({
          type: "tool-result",
          id: "s",
          name: "search",
          result: "found",
          isFailure: false,
          providerExecuted: true
        })
        const search = (...replies: ReadonlyArray<ScriptedModel.Reply>) =>
          LanguageModel.streamText({
            prompt: "hi",
            toolkit: Toolkit.make(Search),
            disableToolCallResolution: true
          }).pipe(
            Stream.runCollect,
            Effect.provide(
              ModelPlan.layer(
                ModelPlan.make(
                  { name: "a", model: ScriptedModel.make([replies[0]!]).layer },
                  { name: "b", model: ScriptedModel.make(replies.slice(1)).layer }
                )
              )
            ),
            Effect.map(outline)
          )
        assert.deepStrictEqual(yield* search([text("See "), call, fail(overloaded)], text("this")), [
          '"See "',
          '"this"',
          "finish stop"
        ])
        assert.deepStrictEqual(yield* search([text("See "), call, result, fail(overloaded)], text("this")), [
          '"See "',
          "tool-call",
          "tool-result",
          '"this"',
          "finish stop"
        ])
      })
    )
  })

  describe("a reply whose model dies at any token", () => {
    const english = "The quick fox (aged seven) jumps over. “Is it so?” It’s 3.14, or so…\n\nThank you!"
    const doubled = "Your number is 5 5 5, 0 1 0 0. It was very, very good. No no no! Bye bye."
    const emoji = "Great idea 👩‍👩‍👧‍👦 and 👍🏽! Let's go  🎉🎉 to São Paulo; naïve café, 50 % off\tnow."
    const chinese = "您好，欢迎致电客服中心。谢谢您的耐心等待！请问您有什么可以帮您？"
    const mixed = "我是 Alice，Antiphon公司的助手 👋。Python很好，对吗？ OK，再见。"
    const thai = "สวัสดีค่ะ ยินดีต้อนรับ มีอะไรให้ช่วยไหมคะ"

    const tokens = {
      words: (reply: string) => reply.match(/\s*\S+|\s+$/g) ?? [],
      "code units": (reply: string) => reply.split(""),
      chunks: (reply: string) => reply.match(/[^]{1,5}/g) ?? []
    }
    type Continue = (reply: string, spoken: string) => string
    const rest: Continue = (reply, spoken) => reply.slice(spoken.length)
    const last = (spoken: string, count: number) => spoken.match(new RegExp(`(\\S+\\s*){0,${count}}$`))![0]
    const continues: { readonly [name: string]: Continue } = {
      "to the letter": rest,
      "without the space": (reply, spoken) => rest(reply, spoken).trimStart(),
      "with its last two words": (reply, spoken) => last(spoken, 2) + rest(reply, spoken),
      "with its last three words": (reply, spoken) => last(spoken, 3) + rest(reply, spoken),
      "with its last characters": (reply, spoken) => Array.from(spoken).slice(-4).join("") + rest(reply, spoken),
      "from the beginning": (reply) => reply
    }
    // If a word is said twice, a model that omits the space cannot be told from one that repeats the word.
    const cases: ReadonlyArray<readonly [reply: string, ways: ReadonlyArray<string>]> = [
      [
        english,
        [
          "to the letter",
          "without the space",
          "with its last two words",
          "with its last three words",
          "from the beginning"
        ]
      ],
      [emoji, ["to the letter", "with its last three words", "from the beginning"]],
      [doubled, ["to the letter", "from the beginning"]],
      [chinese, ["to the letter", "with its last characters", "from the beginning"]],
      [mixed, ["to the letter", "from the beginning"]],
      [thai, ["to the letter", "from the beginning"]]
    ]

    for (const [reply, ways] of cases) {
      for (const way of ways) {
        for (const [kind, split] of Object.entries(tokens)) {
          it.effect(
            `is whole if the next one continues it ${way}: ${reply.slice(0, 12)}… in ${kind}`,
            () =>
              Effect.gen(function* () {
                const deltas = split(reply)
                for (let k = 0; k <= deltas.length; k++) {
                  const next: ScriptedModel.Reply = (request) => text(split(continues[way]!(reply, spokenIn(request))))
                  const plan = yield* scripted({ a: [[dieAfter(k, text(deltas))]], b: [[next]] })
                  const parts = yield* plan.provide(Stream.runCollect(ask))
                  const said = parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join("")
                  // The white space at the seam is whatever had arrived of it by then.
                  const same = way === "without the space" ? (text: string) => text.replace(/\s+/g, " ") : String
                  assert.strictEqual(same(said), same(reply), `killed after ${k} of ${deltas.length}`)
                }
              }),
            120_000
          )
        }
      }
    }

    it.effect(
      "is whole even if the next one dies too, at any token",
      () =>
        Effect.gen(function* () {
          const reply = "Good morning, this is Ann. Hello?"
          const deltas = tokens.words(reply)
          for (const way of ["to the letter", "without the space", "with its last three words", "from the beginning"]) {
            const next = (request: ScriptedModel.Request) =>
              text(tokens.words(continues[way]!(reply, spokenIn(request))))
            for (let k = 0; k <= deltas.length; k++) {
              for (let j = 0; j <= deltas.length; j++) {
                const plan = yield* scripted({
                  a: [[dieAfter(k, text(deltas))]],
                  b: [[(request) => dieAfter(j, next(request))]],
                  c: [[next]]
                })
                const parts = yield* plan.provide(Stream.runCollect(ask))
                const said = parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join("")
                assert.strictEqual(said, reply, `${way}, killed after ${k} and ${j}`)
              }
            }
          }
        }),
      120_000
    )

    it.effect("reports the character at which it was continued", () =>
      Effect.gen(function* () {
        for (let k = 0; k < 6; k++) {
          const reply = "One two three four five"
          const plan = yield* scripted({
            a: [[dieAfter(k, text(reply))]],
            b: [[(request) => text(rest(reply, spokenIn(request)))]]
          })
          yield* plan.request()
          const [sent] = yield* plan.models.b.prompts
          const { length } = spokenIn(sent!)
          const told = (yield* plan.told).filter((line) => line.includes("Continued"))
          const expected = length === 0 ? [] : [`${k} Continued b at ${length}`]
          assert.deepStrictEqual(
            told.map((line) => line.replace(/^\d+/, `${k}`)),
            expected
          )
        }
      })
    )
  })

  describe("deadlines", () => {
    it.effect("end a step that has no first token in time", () =>
      Effect.gen(function* () {
        const slow = [ScriptedModel.parts({ type: "text-start", id: "0" }), ScriptedModel.delay(301), text("Late")]
        const plan = yield* scripted({ a: [[slow], { firstTokenDeadline: 300 }], b: [[text("Hello")]] })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
        assert.deepStrictEqual((yield* plan.told)[1], "300 AttemptFailed a InternalProviderError after 0")
        assert.strictEqual((yield* plan.models.a.prompts)[0]?.outcome, "Interrupted")
      })
    )

    it.effect("do not end a step that has its first token in time, however slow the rest is", () =>
      Effect.gen(function* () {
        const reply = [ScriptedModel.delay(299), text("Hello"), ScriptedModel.delay("10 seconds"), text(" you")]
        const plan = yield* scripted({ a: [[reply], { firstTokenDeadline: 300 }], b: [[]] })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello you"', "finish stop"])
      })
    )

    const thinking = ScriptedModel.reasoning(
      Array.from({ length: 600 }, () => "hm "),
      { every: 100 }
    )

    it.effect("count words only, and not thoughts", () =>
      Effect.gen(function* () {
        const late = [thinking, text("Late")]
        const first = yield* scripted({ a: [[late], { firstTokenDeadline: 300 }], b: [[text("Hello")]] })
        assert.deepStrictEqual(yield* first.request(300), ['"Hello"', "finish stop"])
        const stalled = yield* scripted({
          a: [[[text("A red"), ...late]], { stallDeadline: 300 }],
          b: [[text("red fox")]]
        })
        assert.deepStrictEqual(yield* stalled.request(300), ['"A red"', '" fox"', "finish stop"])
        const hedged = yield* scripted({ a: [[late], { hedge: 300 }], b: [[text("Hello")]] })
        assert.deepStrictEqual(yield* hedged.request(300), ['"Hello"', "finish stop"])
      })
    )

    it.effect("exist by default, are longer for a model that thinks, and zero disables them", () =>
      Effect.gen(function* () {
        const plan = (options: StepOptions = {}) => scripted({ a: [[stall], options], b: [[text("Hello")]] })
        assert.deepStrictEqual(yield* (yield* plan()).request("9999 millis"), ["running"])
        assert.deepStrictEqual(yield* (yield* plan()).request("10 seconds"), ['"Hello"', "finish stop"])
        const thinks = Effect.provideService(ModelSettings.Current, { reasoningEffort: "high" } as const)
        assert.deepStrictEqual(yield* (yield* plan()).request("44 seconds").pipe(thinks), ["running"])
        assert.deepStrictEqual(yield* (yield* plan()).request("45 seconds").pipe(thinks), ['"Hello"', "finish stop"])
        assert.deepStrictEqual(yield* (yield* plan({ firstTokenDeadline: 0 })).request("1 hour"), ["running"])
        const cut = yield* scripted({ a: [[[text("One two"), stall]]], b: [[text("two three")]] })
        assert.deepStrictEqual(yield* cut.request("16 seconds"), ['"One two three"', "finish stop"])
      })
    )

    it.effect("are shorter once the caller has heard nothing for long, so that all steps fit into half a minute", () =>
      Effect.gen(function* () {
        const dead = [[stall]] as const
        const plan = yield* scripted({ a: dead, b: dead, c: dead, d: dead, e: dead, f: [[text("Hello")]] })
        assert.deepStrictEqual(yield* plan.request("27 seconds"), ['"Hello"', "finish stop"])
        const failed = (yield* plan.told).filter((event) => event.includes("AttemptFailed"))
        assert.deepStrictEqual(
          failed.map((event) => event.split(" ", 3).join(" ")),
          [
            "10000 AttemptFailed a",
            "14000 AttemptFailed b",
            "18000 AttemptFailed c",
            "22000 AttemptFailed d",
            "26000 AttemptFailed e"
          ]
        )
        const two = yield* scripted({ a: dead, b: dead, c: [[text("Hello")]] })
        assert.deepStrictEqual(yield* two.request("19999 millis"), ["running"])
        const own = yield* scripted({
          a: dead,
          b: [[stall], { firstTokenDeadline: "12 seconds" }],
          c: [[text("Hello")]]
        })
        assert.deepStrictEqual(yield* own.request("21999 millis"), ["running"])
      })
    )

    it.effect("end a step that writes the arguments of a call without end", () =>
      Effect.gen(function* () {
        const endless = (delta: string): ScriptedModel.Reply => [
          ScriptedModel.parts({ type: "tool-params-start", id: "c", name: "f" }),
          ...Array.from({ length: 900 }, () => [
            ScriptedModel.delay(100),
            ScriptedModel.parts({ type: "tool-params-delta", id: "c", delta })
          ]).flat()
        ]
        const plan = (delta: string, options: StepOptions = {}) =>
          scripted({ a: [[endless(delta)], options], b: [[text("Hello")]] })
        assert.deepStrictEqual(yield* (yield* plan("1, ")).request("29 seconds"), ["running"])
        assert.deepStrictEqual(yield* (yield* plan("1, ")).request("31 seconds"), ['"Hello"', "finish stop"])
        assert.deepStrictEqual(yield* (yield* plan("\n")).request("16 seconds"), ['"Hello"', "finish stop"])
        const hasty = yield* plan("1, ", { stallDeadline: 500 })
        assert.deepStrictEqual(yield* hasty.request("6 seconds"), ['"Hello"', "finish stop"])
        assert.deepStrictEqual(yield* (yield* plan("1, ", { stallDeadline: 0 })).request("1 minute"), ["running"])
      })
    )

    it.effect("end a step that makes calls without end, and keep those that are complete", () =>
      Effect.gen(function* () {
        const endless = Array.from({ length: 900 }, (_, n) => [
          ScriptedModel.delay(1000),
          ScriptedModel.toolCall("f", {}, { id: `c${n}` })
        ]).flat()
        const plan = yield* scripted({ a: [[endless]], b: [[text("Hello")]] })
        const heard = yield* plan.request("32 seconds")
        assert.isTrue(
          heard.every((line) => /^(?:call|tool|finish)/.test(line)),
          heard.join()
        )
        assert.notInclude(heard, "running")
        assert.isAbove(heard.length, 25)
      })
    )

    it.effect("end a step that stalls, and the next one continues once it is closed", () =>
      Effect.gen(function* () {
        const outcomes: Array<unknown> = []
        const plan = yield* scripted({
          a: [[[text("One two three", { every: 200 }), stall]], { stallDeadline: 250 }],
          b: [
            [
              () => {
                outcomes.push(...Effect.runSync(plan.models.a.prompts).map(({ outcome }) => outcome))
                return text("three four")
              }
            ]
          ]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"One two three four"', "finish stop"])
        assert.deepStrictEqual((yield* plan.told)[1], "850 AttemptFailed a InternalProviderError after 7")
        assert.deepStrictEqual(outcomes, ["Interrupted"])
      })
    )
  })

  describe("a hedge", () => {
    for (const a of [50, 150, 250, 350]) {
      for (const b of [40, 140, 240]) {
        const at = a <= 100 ? a : Math.min(a, 100 + b)
        const winner = at === a ? "a" : "b"
        it.effect(`after 100 ms, tokens at ${a} and ${b} ms: ${winner} is heard at ${at} ms`, () =>
          Effect.gen(function* () {
            const plan = yield* scripted({
              a: [[[ScriptedModel.delay(a), text("From a")]], { hedge: 100 }],
              b: [[[ScriptedModel.delay(b), text("From b")]]]
            })
            assert.deepStrictEqual(yield* plan.request(at), [`"From ${winner}"`, "finish stop"])
            assert.deepStrictEqual(yield* plan.told, [
              "0 AttemptStarted a",
              ...(a < 100 ? [] : ["100 HedgeStarted b beside a", "100 AttemptStarted b"]),
              ...(winner === "b" ? [`${at} HedgeWon b over a`] : [])
            ])
            const [first] = yield* plan.models.a.prompts
            const [second] = yield* plan.models.b.prompts
            assert.strictEqual(first?.outcome, winner === "a" ? "Finished" : "Interrupted")
            assert.strictEqual(second?.outcome, a < 100 ? undefined : winner === "b" ? "Finished" : "Interrupted")
          })
        )
      }
    }

    it.effect("that starts at the instant of the first token, or of a failure, loses neither", () =>
      Effect.gen(function* () {
        for (const b of [0, 1]) {
          const late = [ScriptedModel.delay(b), text("Hello")]
          const answers = yield* scripted({
            a: [[[ScriptedModel.delay(100), text("Hello")]], { hedge: 100 }],
            b: [[late]]
          })
          assert.deepStrictEqual(yield* answers.request("1 second"), ['"Hello"', "finish stop"])
          const fails = yield* scripted({
            a: [[[ScriptedModel.delay(100), fail(overloaded)]], { hedge: 100 }],
            b: [[late]]
          })
          assert.deepStrictEqual(yield* fails.request("1 second"), ['"Hello"', "finish stop"])
        }
      })
    )

    it.effect("may itself be slow and be hedged", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[stall], { hedge: 100 }],
          b: [[stall], { hedge: 100 }],
          c: [[[ScriptedModel.delay(50), text("From c")]], { hedge: 10 }]
        })
        assert.deepStrictEqual(yield* plan.request(250), ['"From c"', "finish stop"])
        assert.deepStrictEqual((yield* plan.told).at(-1), "250 HedgeWon c over a,b")
      })
    )

    it.effect("joins a slow step that was tried after a failed one without a hedge", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[fail(overloaded)]],
          b: [[stall], { hedge: 100 }],
          c: [[text("From c")]]
        })
        assert.deepStrictEqual(yield* plan.request(150), ['"From c"', "finish stop"])
        assert.deepStrictEqual((yield* plan.told).at(-1), "100 HedgeWon c over b")
      })
    )

    it.effect("that fails leaves the slow step in the race", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[[ScriptedModel.delay(300), text("From a")]], { hedge: 100 }],
          b: [[fail(overloaded)]]
        })
        assert.deepStrictEqual(yield* plan.request(300), ['"From a"', "finish stop"])
      })
    )

    it.effect("is heard if the slow step fails after all", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[[ScriptedModel.delay(150), fail(overloaded)]], { hedge: 100 }],
          b: [[[ScriptedModel.delay(300), text("From b")]]],
          c: [[]]
        })
        assert.deepStrictEqual(yield* plan.request(400), ['"From b"', "finish stop"])
        assert.notInclude((yield* plan.told).join(), "HedgeWon")
      })
    )

    it.effect("whose answer breaks off is continued by the slow step, which has not failed", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[stall, text("two three")], { hedge: 100 }],
          b: [[dieAfter(2, text("One two"))]]
        })
        assert.deepStrictEqual(yield* plan.request(), ['"One two three"', "finish stop"])
      })
    )

    it.effect("closes the loser once it has won", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[stall], { hedge: 100 }], b: [[[text("From b"), stall]]] })
        yield* Effect.forkChild(plan.request("1 minute"))
        yield* TestClock.adjust("1 second")
        const outcomes = yield* Effect.all([plan.models.a.prompts, plan.models.b.prompts])
        assert.deepStrictEqual(
          outcomes.flat().map(({ outcome }) => outcome),
          ["Interrupted", "Running"]
        )
      })
    )

    it.effect("does not wait until the loser is closed, but the reply does", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        let closed = false
        const slow = LanguageModel.make({
          generateText: () => Effect.never,
          streamText: () =>
            Stream.never.pipe(
              Stream.ensuring(
                Effect.andThen(
                  Effect.sleep("1 second"),
                  Effect.sync(() => (closed = true))
                )
              )
            )
        })
        const plan = ModelPlan.make(
          { name: "a", model: Layer.effect(LanguageModel.LanguageModel, slow), hedge: 100 },
          { name: "b", model: ScriptedModel.make([text("From b")]).layer }
        )
        const heard: Array<string> = []
        const fiber = yield* ask.pipe(
          Stream.runForEach((part) => Effect.sync(() => heard.push(part.type))),
          Effect.provide(ModelPlan.layer(plan)),
          Effect.forkChild
        )
        yield* TestClock.adjust("100 millis")
        assert.include(heard, "finish")
        assert.isFalse(closed)
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)
        assert.isTrue(closed)
      })
    )
  })

  describe("the breaker of a step", () => {
    const breaker = { failures: 3, window: "30 seconds", cooldown: "15 seconds" } as const
    const dead = Array.from({ length: 100 }, () => fail(overloaded))
    const fine = Array.from({ length: 100 }, () => text("Hello"))

    it.effect("shields a dead provider from all but the first callers", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [dead], b: [fine] }, { breaker })
        for (let caller = 0; caller < 50; caller++) {
          assert.deepStrictEqual(yield* plan.request("100 millis"), ['"Hello"', "finish stop"])
        }
        assert.strictEqual((yield* plan.models.a.prompts).length, 3)
        assert.strictEqual((yield* plan.told).filter((line) => line.includes("Skipped")).length, 47)
      })
    )

    it.effect("lets one caller at a time test whether the provider is back", () =>
      Effect.gen(function* () {
        const back = [ScriptedModel.delay("1 second"), text("From a")]
        const plan = yield* scripted({ a: [[...dead.slice(0, 4), back, ...fine]], b: [fine] }, { breaker })
        const asked = Effect.map(plan.models.a.prompts, (prompts) => prompts.length)
        for (let caller = 0; caller < 5; caller++) yield* plan.request(0)
        assert.strictEqual(yield* asked, 3)
        yield* TestClock.adjust("15 seconds")
        // The trial fails, and the breaker opens again.
        for (let caller = 0; caller < 5; caller++) yield* plan.request(0)
        assert.strictEqual(yield* asked, 4)
        yield* TestClock.adjust("15 seconds")
        // The trial takes a second: concurrent callers go elsewhere, later ones do not.
        const callers = yield* Effect.all(Array.from({ length: 5 }, () => Effect.forkChild(plan.request("2 seconds"))))
        yield* TestClock.adjust("2 seconds")
        const heard = yield* Effect.all(callers.map(Fiber.join))
        assert.deepStrictEqual(
          heard.map(([said]) => said),
          ['"From a"', ...Array.from({ length: 4 }, () => '"Hello"')]
        )
        assert.strictEqual(yield* asked, 5)
        for (let caller = 0; caller < 5; caller++) yield* plan.request(0)
        assert.strictEqual(yield* asked, 10)
      })
    )

    it.effect("lets the next caller try if the trial was interrupted before its verdict", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[...dead.slice(0, 3), stall, text("From a")]], b: [fine] }, { breaker })
        for (let caller = 0; caller < 3; caller++) yield* plan.request(0)
        yield* TestClock.adjust("15 seconds")
        assert.deepStrictEqual(yield* plan.request(0), ["running"])
        assert.deepStrictEqual(yield* plan.request(0), ['"From a"', "finish stop"])
      })
    )

    it.effect("closes at the first token, without waiting for the end of the reply", () =>
      Effect.gen(function* () {
        const long: ScriptedModel.Reply = [text("One two"), stall]
        const plan = yield* scripted({ a: [[...dead.slice(0, 3), long, ...fine]], b: [fine] }, { breaker })
        for (let caller = 0; caller < 3; caller++) yield* plan.request(0)
        yield* TestClock.adjust("15 seconds")
        yield* plan.told
        yield* Effect.forkChild(plan.request("1 hour"))
        yield* TestClock.adjust("1 second")
        for (let caller = 0; caller < 3; caller++) yield* plan.request(0)
        assert.notInclude((yield* plan.told).join(), "Skipped")
      })
    )

    it.effect("counts replies that break off, and starts over with a complete reply", () =>
      Effect.gen(function* () {
        const cut = dieAfter(1, text("One two"))
        const whole = text("Hello")
        const plan = yield* scripted(
          { a: [[cut, cut, whole, cut, cut, whole, cut, cut, cut, whole]], b: [fine] },
          { breaker }
        )
        for (let caller = 0; caller < 9; caller++) yield* plan.request(0)
        assert.notInclude((yield* plan.told).join(), "Skipped")
        yield* plan.request(0)
        assert.include((yield* plan.told).join(), "Skipped a")
      })
    )

    it.effect("ignores failures that are not the provider's fault", () =>
      Effect.gen(function* () {
        const odd = new AiError.InvalidOutputError({ description: "odd" })
        const plan = yield* scripted(
          {
            a: [[...Array.from({ length: 5 }, () => fail(refused)), ...Array.from({ length: 5 }, () => fail(odd))]],
            b: [fine]
          },
          { breaker }
        )
        for (let caller = 0; caller < 10; caller++) yield* plan.request(0)
        assert.strictEqual(yield* plan.models.a.unused, 0)
      })
    )

    it.effect("also ends the retries of a caller", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [dead, { schedule: Schedule.spaced("1 second") }], b: [fine] }, { breaker })
        assert.deepStrictEqual(yield* plan.request(), ['"Hello"', "finish stop"])
        assert.strictEqual((yield* plan.models.a.prompts).length, 3)
      })
    )

    it.effect("is overridden if all steps are open: the one due first is asked", () =>
      Effect.gen(function* () {
        const plan = yield* scripted(
          { a: [[fail(rateLimited("20 seconds"))]], b: [[fail(rateLimited("10 seconds")), text("From b")]] },
          { breaker }
        )
        assert.deepStrictEqual(yield* plan.request(0), ["RateLimitError"])
        assert.deepStrictEqual(yield* plan.request(0), ['"From b"', "finish stop"])
      })
    )

    it.effect("is shared by the calls of a process, including concurrent ones", () =>
      Effect.gen(function* () {
        const a = ScriptedModel.make(dead)
        const plan = ModelPlan.make({ name: "a", model: a.layer }, { name: "b", model: ScriptedModel.make(fine).layer })
        class Shop extends Agent.Service<Shop>()("test/Shop") {}
        const shop = Agent.layer(Shop, LlmAgent.make({ systemPrompt: "You answer the phone." })).pipe(
          Layer.provide(ModelPlan.layer(plan, { breaker }))
        )
        const calling = TestCall.run(
          Shop,
          [1, 2, 3, 4].flatMap(() => [Caller.says("Are you there?"), Caller.listens()])
        )
        const calls = yield* Effect.all(
          Array.from({ length: 5 }, () => calling),
          { concurrency: "unbounded" }
        ).pipe(Effect.provide(shop), VirtualTime.run)
        for (const call of calls) {
          Expect.heard(call, "Hello Hello Hello Hello")
          Expect.noFailure(call)
        }
        // Only three of twenty turns found out; with a breaker per call it would have been fifteen.
        assert.strictEqual((yield* a.prompts).length, 3)
      })
    )

    it.effect("is shared by all steps of its name", () =>
      Effect.gen(function* () {
        const a = ScriptedModel.make(dead)
        const plan = ModelPlan.make(
          { name: "a", model: a.layer },
          { name: "a", model: a.layer },
          { name: "b", model: ScriptedModel.make(fine).layer }
        )
        const context = yield* Layer.build(ModelPlan.layer(plan, { breaker }))
        for (let caller = 0; caller < 10; caller++) yield* Stream.runDrain(ask).pipe(Effect.provide(context))
        assert.strictEqual((yield* a.prompts).length, 3)
      })
    )
  })

  describe("interruption", () => {
    it.effect("at any instant leaves nothing running", () =>
      Effect.gen(function* () {
        for (let instant = 0; instant <= 1200; instant += 7) {
          const plan = yield* scripted({
            a: [
              [
                [ScriptedModel.delay(30), fail(overloaded)],
                [ScriptedModel.delay(200), dieAfter(3, text("One two three four", { every: 50 }))].flat()
              ],
              { schedule: Schedule.spaced(40), hedge: 150, firstTokenDeadline: 400, stallDeadline: 60 }
            ],
            b: [[[ScriptedModel.delay(120), text("One two three four", { every: 30 }), stall]], { stallDeadline: 90 }],
            c: [[[ScriptedModel.delay(100), text(" four five six", { every: 100 })]]]
          })
          yield* plan.request(instant)
          yield* plan.told
          const models = Object.values(plan.models)
          const asked = Effect.map(Effect.all(models.map((model) => model.prompts)), (prompts) => prompts.flat())
          const before = yield* asked
          assert.isTrue(
            before.every(({ outcome }) => outcome !== "Running"),
            `interrupted at ${instant}`
          )
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual(yield* plan.told, [])
          assert.deepStrictEqual(yield* asked, before)
        }
      })
    )

    it.effect("closes the request at once, and waits until it is closed", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        let state = "none"
        const set = (next: string) => Effect.sync(() => (state = next))
        const slow = LanguageModel.make({
          generateText: () => Effect.never,
          streamText: () =>
            Stream.unwrap(
              Effect.as(
                Effect.acquireRelease(set("open"), () =>
                  set("closing").pipe(Effect.andThen(Effect.sleep("1 second")), Effect.andThen(set("closed")))
                ),
                Stream.never
              )
            )
        })
        const plan = ModelPlan.make({ name: "a", model: Layer.effect(LanguageModel.LanguageModel, slow) })
        const fiber = yield* Stream.runDrain(ask).pipe(Effect.provide(ModelPlan.layer(plan)), Effect.forkChild)
        yield* TestClock.adjust(1)
        assert.strictEqual(state, "open")
        const interrupting = yield* Effect.forkChild(Fiber.interrupt(fiber))
        yield* TestClock.adjust("999 millis")
        assert.strictEqual(state, "closing")
        assert.isUndefined(interrupting.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        yield* Fiber.join(interrupting)
        assert.strictEqual(state, "closed")
      })
    )
  })

  describe("a reply that is not streamed", () => {
    const whole = LanguageModel.generateText({ prompt: "hi", toolkit: tools, disableToolCallResolution: true })

    it.effect("is retried, and passed on to the next step", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[fail(overloaded), dieAfter(1, text("One two"))], { schedule: Schedule.recurs(1) }],
          b: [[[text("Hello"), toolCall("weather", { city: "Oslo" })]]]
        })
        const answer = yield* plan.provide(whole)
        assert.strictEqual(answer.text, "Hello")
        assert.deepStrictEqual(answer.toolCalls[0]?.params, { city: "Oslo" })
        assert.strictEqual(answer.finishReason, "tool-calls")
        assert.strictEqual(yield* plan.models.a.unused, 0)
      })
    )

    it.effect("has its own deadline", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[stall], { replyDeadline: "5 seconds", firstTokenDeadline: "1 second" }],
          b: [[text("Hello")]]
        })
        const fiber = yield* Effect.forkChild(plan.provide(whole))
        yield* TestClock.adjust("4999 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* Fiber.join(fiber)).text, "Hello")
        assert.strictEqual((yield* plan.models.a.prompts)[0]?.outcome, "Interrupted")
      })
    )

    it.effect("is hedged", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({ a: [[stall], { hedge: 100 }], b: [[text("From b")]] })
        const fiber = yield* Effect.forkChild(plan.provide(whole))
        yield* TestClock.adjust("100 millis")
        assert.strictEqual((yield* Fiber.join(fiber)).text, "From b")
        assert.strictEqual((yield* plan.models.a.prompts)[0]?.outcome, "Interrupted")
      })
    )

    it.effect("runs its tools once", () =>
      Effect.gen(function* () {
        let runs = 0
        const plan = yield* scripted({ a: [[fail(overloaded)]], b: [[toolCall("weather", { city: "Oslo" })]] })
        const answer = yield* LanguageModel.generateText({ prompt: "hi", toolkit: tools }).pipe(
          Effect.provide(tools.toLayer({ weather: ({ city }) => Effect.sync(() => `${city} ${++runs}`) })),
          plan.provide
        )
        assert.deepStrictEqual(answer.toolResults[0]?.result, "Oslo 1")
      })
    )

    it.effect("may be an object, and an invalid object goes to the next step", () =>
      Effect.gen(function* () {
        const plan = yield* scripted({
          a: [[text("no object")]],
          b: [[text('{"name":"Ann","born":"2000-01-01T00:00:00.000Z"}')]]
        })
        const answer = yield* plan.provide(
          LanguageModel.generateObject({
            prompt: "who",
            schema: Schema.Struct({ name: Schema.String, born: Schema.DateTimeUtcFromString })
          })
        )
        assert.strictEqual(answer.value.name, "Ann")
        assert.strictEqual(answer.value.born.epochMilliseconds, 946684800000)
        assert.strictEqual((yield* plan.models.a.prompts)[0]?.method, "generateObject")
      })
    )

    it.effect("may be an object, even if the provider has its own form for it", () =>
      Effect.gen(function* () {
        const model = LanguageModel.make({
          codecTransformer: () => ({
            codec: Schema.Struct({ NAME: Schema.String }).pipe(Schema.encodeKeys({ NAME: "Name" })) as never,
            jsonSchema: {}
          }),
          generateText: () => Effect.succeed([{ type: "text", text: '{"Name":"Ann"}' }]),
          streamText: () => Stream.empty
        })
        const plan = ModelPlan.make({ name: "a", model: Layer.effect(LanguageModel.LanguageModel, model) })
        const answer = yield* LanguageModel.generateObject({
          prompt: "who",
          schema: Schema.Struct({ NAME: Schema.String })
        }).pipe(Effect.provide(ModelPlan.layer(plan)))
        assert.deepStrictEqual(answer.value, { NAME: "Ann" })
      })
    )
  })

  describe("the type of a plan", () => {
    class Key extends Context.Service<Key, string>()("test/Key") {}
    class Missing extends Schema.TaggedError<Missing>()("Missing", {}) {}
    const keyed = Layer.effect(
      LanguageModel.LanguageModel,
      Effect.gen(function* () {
        const key = yield* Key
        if (key === "") return yield* Effect.fail(new Missing())
        return yield* LanguageModel.make({ generateText: () => Effect.succeed([]), streamText: () => Stream.empty })
      })
    )
    const plain = ScriptedModel.make([text("Hello")]).layer
    const plan = ModelPlan.make({ name: "plain", model: plain }, { name: "keyed", model: keyed })

    it("has the requirements and errors of its steps' Layers", () => {
      const layer: Layer.Layer<LanguageModel.LanguageModel, Missing, Key> = ModelPlan.layer(plan)
      // @ts-expect-error - a step needs a key
      const closed: Layer.Layer<LanguageModel.LanguageModel, Missing> = ModelPlan.layer(plan)
      // @ts-expect-error - a step may fail for want of its key
      const safe: Layer.Layer<LanguageModel.LanguageModel, never, Key> = ModelPlan.layer(plan)
      // @ts-expect-error - a plan has steps
      const none = () => ModelPlan.make()
      assert.isDefined([layer, closed, safe, none])
    })

    it.effect("rejects a program that does not provide what a step needs", () =>
      Effect.gen(function* () {
        const program = Stream.runDrain(ask).pipe(Effect.provide(ModelPlan.layer(plan)))
        // @ts-expect-error - nobody brings the key
        const lacking: Effect.Effect<void, AiError.AiError | Missing> = program
        assert.isDefined(lacking)
        yield* Effect.provideService(program, Key, "secret")
        const error = yield* Effect.flip(Effect.provideService(program, Key, ""))
        assert.strictEqual(error._tag, "Missing")
      })
    )
  })
})
