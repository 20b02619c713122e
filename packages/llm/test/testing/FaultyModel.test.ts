import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Result, Schema, Stream } from "effect"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as ModelPlan from "../../src/model/ModelPlan.ts"
import * as FaultyModel from "../../src/testing/FaultyModel.ts"
import * as DrawnFailure from "../../src/testing/internal/drawnFailure.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import { ask, Weather } from "../support/asking.ts"

const sentence = "One two three four five six seven eight nine ten"
const words = (text = sentence) => text.split(" ").length

/** Asks several times in sequence, and keeps nobody waiting for longer than a minute. */
const asked = (model: FaultyModel.FaultyModel, times: number) =>
  Effect.gen(function* () {
    const texts: Array<string> = []
    for (let i = 0; i < times; i++) {
      const answer = yield* Effect.timeoutOption(ask("hi"), "1 minute")
      texts.push(answer._tag === "None" ? "…" : answer.value.text)
    }
    return { texts, requests: yield* model.requests }
  }).pipe(Effect.provide(model.layer), VirtualTime.run)

const says =
  (text = sentence): FaultyModel.Reply =>
  () =>
    text

const bad: FaultyModel.Options = {
  seed: 3,
  firstToken: { median: "400 millis", p99: "2 seconds" },
  betweenTokens: { median: "20 millis", p99: "200 millis" },
  slowStart: { probability: 0.2, latency: { median: "5 seconds", p99: "9 seconds" } },
  failures: { RateLimitError: 0.1, InternalProviderError: 0.1 },
  stalls: 0.1,
  dies: 0.2,
  breaksWithin: 8
}

const share = (requests: ReadonlyArray<FaultyModel.Treated>, holds: (treated: FaultyModel.Treated) => boolean) =>
  requests.filter(holds).length / requests.length

describe("FaultyModel", () => {
  it.effect("behaves the same with the same seed, and differently with another", () =>
    Effect.gen(function* () {
      const day = (seed: number) => asked(FaultyModel.make(says(), { ...bad, seed }), 40)
      const first = yield* day(3)
      assert.deepStrictEqual(yield* day(3), first)
      assert.notDeepEqual((yield* day(4)).texts, first.texts)
    })
  )

  it.effect("decides by the number of a request, whatever runs concurrently", () =>
    Effect.gen(function* () {
      const model = () => FaultyModel.make(says(), { ...bad, stalls: 0 })
      const alone = yield* asked(model(), 20)
      const together = model()
      yield* Effect.forEach(
        Array.from({ length: 20 }, () => ask("hi")),
        (one) => one,
        { concurrency: 20 }
      ).pipe(Effect.provide(together.layer), VirtualTime.run)
      assert.deepStrictEqual(yield* together.requests, alone.requests)
    })
  )

  it.effect("breaks as often as configured, and only in the configured ways", () =>
    Effect.gen(function* () {
      const { requests } = yield* asked(FaultyModel.make(says(), bad), 500)
      const near = (actual: number, expected: number) => assert.approximately(actual, expected, 0.045)
      near(
        share(requests, ({ fate }) => fate._tag === "Fails" && fate.kind === "RateLimitError"),
        0.1
      )
      near(
        share(requests, ({ fate }) => fate._tag === "Fails" && fate.kind === "InternalProviderError"),
        0.1
      )
      near(
        share(requests, ({ outcome }) => outcome === "Stalled"),
        0.1
      )
      near(
        share(requests, ({ fate, outcome }) => fate._tag === "Dies" && outcome === "Failed"),
        0.2
      )
      near(
        share(requests, ({ outcome }) => outcome === "Finished"),
        0.5
      )
      near(
        share(requests, ({ slowStart }) => slowStart),
        0.2
      )
      assert.deepStrictEqual(
        new Set(requests.flatMap(({ fate }) => (fate._tag === "Fails" ? [fate.kind] : []))),
        new Set<FaultyModel.FailureKind>(["RateLimitError", "InternalProviderError"])
      )
    })
  )

  it.effect("passes the tokens before a break, and none after it", () =>
    Effect.gen(function* () {
      const { requests, texts } = yield* asked(FaultyModel.make(says(), bad), 200)
      const breaks = new Set<number>()
      for (const [index, { fate, tokens }] of requests.entries()) {
        const expected = { Answers: words(), Fails: 0, Stalls: -1, Dies: -1 }[fate._tag]
        assert.strictEqual(tokens, "after" in fate ? fate.after : expected)
        if ("after" in fate) breaks.add(fate.after)
        if (fate._tag !== "Stalls") assert.strictEqual(texts[index], sentence.split(" ").slice(0, tokens).join(" "))
      }
      assert.deepStrictEqual([...breaks].toSorted(), [0, 1, 2, 3, 4, 5, 6, 7, 8])
    })
  )

  it.effect("breaks a shorter reply at its end", () =>
    Effect.gen(function* () {
      const { requests, texts } = yield* asked(
        FaultyModel.make(says("Yes."), { seed: 1, dies: 1, breaksWithin: 50 }),
        20
      )
      assert.deepStrictEqual(new Set(texts), new Set(["Yes."]))
      assert.deepStrictEqual(new Set(requests.map(({ outcome }) => outcome)), new Set(["Failed"]))
    })
  )

  it.effect("takes the configured time, and shows no sign of life before the first token", () =>
    Effect.gen(function* () {
      const model = FaultyModel.make(says(), {
        seed: 5,
        firstToken: { median: "300 millis", p99: "1 second" },
        betweenTokens: { median: "50 millis", p99: "50 millis" }
      })
      const times: Array<number> = []
      yield* LanguageModel.streamText({ prompt: "hi" }).pipe(
        Stream.runForEach(() => Effect.map(Clock.currentTimeMillis, (now) => times.push(now))),
        Effect.provide(model.layer),
        VirtualTime.run
      )
      const [request] = yield* model.requests
      assert.approximately(times[0]!, request!.firstTokenMs, 1)
      assert.approximately(times.at(-1)!, request!.firstTokenMs + 50 * (words() - 1), 1)
    })
  )

  for (const kind of DrawnFailure.kinds) {
    it.effect(`fails with a ${kind}`, () =>
      Effect.gen(function* () {
        const model = FaultyModel.make(says(), {
          seed: 1,
          firstToken: { median: "1 second", p99: "1 second" },
          failures: { [kind]: 1 }
        })
        const { at, error } = yield* Effect.all({
          error: Effect.map(ask("hi"), (answer) => answer.error),
          at: Clock.currentTimeMillis
        }).pipe(Effect.provide(model.layer), VirtualTime.run)
        assert.strictEqual(error?.reason._tag, kind)
        assert.strictEqual(at, 1000)
        const whole = yield* LanguageModel.generateText({ prompt: "hi" }).pipe(
          Effect.flip,
          Effect.provide(model.layer),
          VirtualTime.run
        )
        assert.strictEqual(whole.reason._tag, kind)
      })
    )
  }

  it("supports every kind of failure", () => {
    const reasons = Schema.toJsonSchemaDocument(AiError.AiErrorReason)
    for (const kind of DrawnFailure.kinds) assert.include(JSON.stringify(reasons), `"${kind}"`)
    assert.strictEqual(DrawnFailure.kinds.length, 19)
  })

  it.effect("wraps a scripted model, and passes on its tools and failures", () =>
    Effect.gen(function* () {
      const scripted = ScriptedModel.make([
        [ScriptedModel.text("Let me see."), ScriptedModel.toolCall("get_weather", { city: "Oslo" })],
        ScriptedModel.fail(new AiError.QuotaExhaustedError({}))
      ])
      const model = FaultyModel.wrap(scripted.layer, { seed: 1, firstToken: { median: "1 second", p99: "1 second" } })
      yield* Effect.gen(function* () {
        const answer = yield* ask("the weather in Oslo")
        assert.strictEqual(answer.text, "Let me see.")
        assert.deepStrictEqual(answer.calls, [{ id: "call_get_weather", name: Weather.name, params: { city: "Oslo" } }])
        assert.strictEqual(answer.finish?.reason, "tool-calls")
        assert.strictEqual((yield* ask("again")).error?.reason._tag, "QuotaExhaustedError")
      }).pipe(Effect.provide(model.layer), VirtualTime.run)
      assert.deepStrictEqual(
        (yield* model.requests).map(({ outcome, tokens }) => [outcome, tokens]),
        [
          ["Finished", 4],
          ["Failed", 0]
        ]
      )
    })
  )

  it.effect("applies the same faults to whole texts and objects", () =>
    Effect.gen(function* () {
      const scripted = ScriptedModel.make([ScriptedModel.text('{"open": true}'), ScriptedModel.text(sentence)])
      const model = FaultyModel.wrap(scripted.layer, {
        seed: 1,
        firstToken: { median: "1 second", p99: "1 second" },
        betweenTokens: { median: "100 millis", p99: "100 millis" }
      })
      const at = yield* Effect.gen(function* () {
        const schema = Schema.Struct({ open: Schema.Boolean })
        const object = yield* LanguageModel.generateObject({ prompt: "hi", schema })
        assert.deepStrictEqual(object.value, { open: true })
        const before = yield* Clock.currentTimeMillis
        assert.strictEqual((yield* LanguageModel.generateText({ prompt: "hi" })).text, sentence)
        return (yield* Clock.currentTimeMillis) - before
      }).pipe(Effect.provide(model.layer), VirtualTime.run)
      assert.strictEqual(at, 1000 + (words() - 1) * 100)
      assert.deepStrictEqual(
        (yield* model.requests).map(({ method }) => method),
        ["generateObject", "generateText"]
      )
      const dying = FaultyModel.make(says(), { seed: 1, dies: 1 })
      const died = yield* Effect.result(LanguageModel.generateText({ prompt: "hi" })).pipe(Effect.provide(dying.layer))
      assert.isTrue(Result.isFailure(died) && died.failure.reason._tag === "NetworkError")
    })
  )

  it.effect("records which requests were abandoned", () =>
    Effect.gen(function* () {
      const model = FaultyModel.make(says(), { seed: 1, betweenTokens: { median: "1 second", p99: "1 second" } })
      const stalling = FaultyModel.make(says(), { seed: 1, stalls: 1 })
      for (const { layer } of [model, stalling]) {
        const fiber = yield* Effect.forkChild(Effect.provide(ask("hi"), layer), { startImmediately: true })
        yield* Effect.yieldNow
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
      }
      assert.strictEqual((yield* model.requests)[0]?.outcome, "Interrupted")
      assert.strictEqual((yield* stalling.requests)[0]?.outcome, "Stalled")
    })
  )

  it.effect("still lets a plan of two say the whole sentence", () =>
    Effect.gen(function* () {
      const numbered = Array.from({ length: 30 }, (_, index) => `w${index}`).join(" ")
      for (let seed = 1; seed <= 20; seed++) {
        const dying = FaultyModel.make(says(numbered), { seed, dies: 1, breaksWithin: 30 })
        const scripted = ScriptedModel.make([
          ({ prompt }) => {
            const said = /w\d+(?: w\d+)*/.exec(JSON.stringify(prompt.content.at(-1)))?.[0] ?? ""
            return ScriptedModel.text(numbered.slice(said.length))
          }
        ])
        const plan = ModelPlan.make({ name: "a", model: dying.layer }, { name: "b", model: scripted.layer })
        const answer = yield* ask("count").pipe(Effect.provide(ModelPlan.layer(plan)), VirtualTime.run)
        assert.strictEqual(answer.text, numbered, `seed ${seed}`)
      }
    })
  )

  for (const [name, options] of [
    ["probabilities that add up to more than 1", { stalls: 0.6, dies: 0.6 }],
    ["a probability below 0", { stalls: -0.1 }],
    ["a 99 % quantile below the median", { firstToken: { median: "2 seconds", p99: "1 second" } }],
    ["no token to break behind", { breaksWithin: 0 }]
  ] as const) {
    it(`rejects ${name}`, () => {
      assert.throws(() => FaultyModel.make(says(), { seed: 1, ...options }))
    })
  }
})
