import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Caller from "@antiphon/core/testing/Caller"
import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, Data, Effect, Exit, Fiber, Layer, Random, Stream } from "effect"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import { TestClock } from "effect/testing"
import * as Models from "../../src/model/Models.ts"
import type * as Conversation from "../../src/testing/Conversation.ts"
import * as Evaluation from "../../src/testing/Evaluation.ts"
import * as EvaluationReport from "../../src/testing/EvaluationReport.ts"
import * as Judge from "../../src/testing/Judge.ts"
import * as Persona from "../../src/testing/Persona.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"

class LineBusy extends Data.TaggedError("LineBusy")<{}> {
  override readonly message = "the line is busy"
}

const said = (text: string): Conversation.Conversation => [{ _tag: "AgentSaid", heard: text, unheard: "" }]

/** Passes a criterion if the call mentions it. */
const named = (...names: ReadonlyArray<string>): Judge.Judge<never> => ({
  criteria: names.map((name) => ({ name, description: "" })),
  score: (conversation) => {
    const text = JSON.stringify(conversation)
    const verdicts = names.map((criterion) => {
      const passed = text.includes(criterion)
      return { criterion, passed, score: passed ? 1 : 0.25, reason: "so it is", quote: "", quoteFound: true }
    })
    return Effect.succeed({ passed: verdicts.every(({ passed }) => passed), verdicts })
  }
})

/** Always passes the first criterion, and the second one for even seeds. */
const half: Evaluation.Scenario = {
  name: "half",
  play: ({ seed }) => Effect.succeed(said(seed % 2 === 0 ? "kind, quick" : "kind")),
  judge: named("kind", "quick")
}

const only = (report: EvaluationReport.EvaluationReport) => report.scenarios[0]!

describe("Evaluation", () => {
  it.effect("plays each scenario with its own seed per call, and counts the passes", () =>
    Effect.gen(function* () {
      const report = yield* Evaluation.run({ name: "shop", scenarios: [half], runs: 5, seed: 10 })
      const scenario = only(report)
      assert.deepStrictEqual(
        scenario.outcomes.map((outcome) => [outcome.index, outcome.seed, outcome._tag === "Judged" && outcome.passed]),
        [
          [1, 10, true],
          [2, 11, false],
          [3, 12, true],
          [4, 13, false],
          [5, 14, true]
        ]
      )
      assert.deepStrictEqual([scenario.all.passed, scenario.all.judged, scenario.all.rate], [3, 5, 0.6])
      assert.deepStrictEqual(
        scenario.criteria.map(({ name, passed, meanScore }) => [name, passed, meanScore]),
        [
          ["kind", 5, 1],
          ["quick", 3, (3 + 2 * 0.25) / 5]
        ]
      )
      assert.isFalse(report.passed)
      assert.strictEqual(scenario.status, "BelowRate")
    })
  )

  it.effect("plays one call alone from its seed", () =>
    Effect.gen(function* () {
      const all = yield* Evaluation.run({ name: "shop", scenarios: [half], runs: 5, seed: 10 })
      const one = yield* Evaluation.run({ name: "shop", scenarios: [half], runs: 1, seed: 13 })
      assert.deepStrictEqual({ ...only(one).outcomes[0], index: 4 }, only(all).outcomes[3])
    })
  )

  for (const [requires, status] of [
    [undefined, "BelowRate"],
    [{ rate: 0.5 }, "Passed"],
    [{ rate: 0.51 }, "BelowRate"],
    [{ low: 0.23 }, "Passed"],
    [{ low: 0.24 }, "BelowRate"],
    [{ rate: 0.5, low: 0.24 }, "BelowRate"]
  ] as const) {
    it.effect(`5 of 10 with ${JSON.stringify(requires)} is ${status}`, () =>
      Effect.gen(function* () {
        const report = yield* Evaluation.run({ name: "shop", scenarios: [half], requires })
        assert.strictEqual(only(report).status, status)
        assert.strictEqual(report.passed, status === "Passed")
      })
    )
  }

  it.effect("prefers a scenario's own requirements to the general ones", () =>
    Effect.gen(function* () {
      const report = yield* Evaluation.run({
        name: "shop",
        scenarios: [half, { ...half, name: "lax", requires: { rate: 0.5 } }],
        requires: { rate: 0.9, failures: 1 }
      })
      assert.deepStrictEqual(
        report.scenarios.map(({ required, status }) => [required, status]),
        [
          [{ rate: 0.9, low: null, failures: 1 }, "BelowRate"],
          [{ rate: 0.5, low: null, failures: 1 }, "Passed"]
        ]
      )
    })
  )

  describe("failures", () => {
    const flaky: Evaluation.Scenario<LineBusy> = {
      name: "flaky",
      play: ({ seed }) => {
        if (seed === 1) return Effect.fail(new LineBusy())
        if (seed === 2) return Effect.die(new Error("a bug"))
        if (seed === 3) throw new Error("thrown")
        return Effect.succeed(said(seed === 4 ? "unclear" : "kind"))
      },
      judge: {
        ...named("kind"),
        score: (conversation) =>
          JSON.stringify(conversation).includes("unclear")
            ? Effect.fail(new Judge.JudgeError({ reason: "Answer", description: "no JSON", cause: "no JSON" }))
            : named("kind").score(conversation)
      }
    }

    it.effect("of calls and judges are counted separately from judged calls", () =>
      Effect.gen(function* () {
        const report = yield* Evaluation.run({ name: "shop", scenarios: [flaky], runs: 6 })
        const { all, callsFailed, judgesFailed, outcomes, status } = only(report)
        assert.deepStrictEqual([callsFailed, judgesFailed, all.passed, all.judged], [3, 1, 2, 2])
        assert.strictEqual(status, "Failures")
        assert.isFalse(report.passed)
        assert.deepStrictEqual(
          outcomes.flatMap((outcome) => (outcome._tag === "Judged" ? [] : [`${outcome._tag}: ${outcome.message}`])),
          [
            "CallFailed: the line is busy",
            "CallFailed: a bug",
            "CallFailed: thrown",
            "JudgeFailed: the judge's answer cannot be read: no JSON"
          ]
        )
      })
    )

    it.effect("up to the allowed number leave the decision to the rate", () =>
      Effect.gen(function* () {
        const report = yield* Evaluation.run({ name: "shop", scenarios: [flaky], runs: 6, requires: { failures: 4 } })
        assert.strictEqual(only(report).status, "Passed")
      })
    )

    it.effect("of every call leave nothing to pass", () =>
      Effect.gen(function* () {
        const report = yield* Evaluation.run({ name: "shop", scenarios: [flaky], runs: 4, requires: { failures: 9 } })
        assert.strictEqual(only(report).status, "NothingJudged")
        assert.isFalse(report.passed)
      })
    )

    it.effect("do not include an interruption, which ends the evaluation", () =>
      Effect.gen(function* () {
        const scenario = { ...half, play: () => Effect.interrupt }
        const exit = yield* Effect.exit(Evaluation.run({ name: "shop", scenarios: [scenario], runs: 1 }))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      })
    )
  })

  it.effect("plays the configured number of calls at a time, and reports them in order", () =>
    Effect.gen(function* () {
      const ended: Array<number> = []
      let open = 0
      let most = 0
      const slow: Evaluation.Scenario = {
        name: "slow",
        play: ({ index }) =>
          Effect.gen(function* () {
            most = Math.max(most, ++open)
            yield* Effect.sleep((10 - index) * 100)
            open--
            return said("kind")
          }),
        judge: named("kind")
      }
      const fiber = yield* Effect.forkChild(
        Evaluation.run({
          name: "shop",
          scenarios: [slow],
          runs: 4,
          concurrency: 4,
          onOutcome: (_, { index }) => Effect.sync(() => void ended.push(index))
        })
      )
      yield* TestClock.adjust("1 second")
      const report = yield* Fiber.join(fiber)
      assert.strictEqual(most, 4)
      assert.deepStrictEqual(ended, [4, 3, 2, 1])
      assert.deepStrictEqual(
        only(report).outcomes.map(({ index }) => index),
        [1, 2, 3, 4]
      )
    })
  )

  it.effect("judges with the model it is run with", () =>
    Effect.gen(function* () {
      const grades = ScriptedModel.text([JSON.stringify({ criterion_1: { reason: "r", quote: "", grade: true } })])
      const judge = Judge.make({ criteria: [{ name: "kind", description: "The agent is kind." }] })
      const model = ScriptedModel.make([grades, grades])
      const report = yield* Evaluation.runWithModel(
        { name: "shop", scenarios: [{ ...half, judge }], runs: 2 },
        model.layer
      )
      assert.strictEqual(only(report).status, "Passed")
      yield* ScriptedModel.assertUsed(model)
    })
  )

  it.effect("reports that it was skipped if the model's key is not set", () =>
    Effect.gen(function* () {
      const report = yield* Evaluation.runWithModel(
        { name: "shop", scenarios: [half, half] },
        Models.fromString("anthropic/claude-haiku-4-5")
      )
      assert.isTrue(report.passed)
      for (const { outcomes, skipped, status } of report.scenarios) {
        assert.strictEqual(status, "Skipped")
        assert.match(skipped ?? "", /ANTHROPIC_API_KEY/)
        assert.deepStrictEqual(outcomes, [])
      }
    }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({}))))
  )

  it.effect("fails for an unknown model", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Evaluation.runWithModel({ name: "shop", scenarios: [half] }, Models.fromString("nobody/nothing"))
      )
      assert.strictEqual(error.reason, "UnknownProvider")
    })
  )

  it.effect("releases its model", () =>
    Effect.gen(function* () {
      let open = false
      const model = Layer.effect(
        LanguageModel.LanguageModel,
        Effect.gen(function* () {
          yield* Effect.acquireRelease(
            Effect.sync(() => void (open = true)),
            () => Effect.sync(() => void (open = false))
          )
          return yield* LanguageModel.LanguageModel
        })
      ).pipe(Layer.provide(ScriptedModel.make([]).layer))
      const watching = { ...half, play: () => Effect.sync(() => said(open ? "kind, quick" : "")) }
      const report = yield* Evaluation.runWithModel({ name: "shop", scenarios: [watching], runs: 1 }, model)
      assert.isTrue(report.passed)
      assert.isFalse(open)
    })
  )

  describe("of calls", () => {
    const shop = () =>
      Effect.gen(function* () {
        // The agent's own random numbers are drawn from the seed of the call.
        const lucky = yield* Random.nextBoolean
        return Agent.make(
          Agent.route({
            UserTurnEnded: () => Stream.make(Event.sendText(lucky ? "We are kind and quick." : "We are kind."))
          })
        )
      })
    const hello = [Caller.says("Hello"), Caller.listens()]

    it.effect("follows a script", () =>
      Effect.gen(function* () {
        const scenario = Evaluation.script(shop, hello, named("kind", "quick"), { name: "hello" })
        const report = yield* Evaluation.run({ name: "shop", scenarios: [scenario], runs: 20 })
        const { all, criteria } = only(report)
        assert.strictEqual(criteria[0]?.passed, 20)
        assert.isTrue(all.passed > 3 && all.passed < 17)
        const again = yield* Evaluation.run({ name: "shop", scenarios: [scenario], runs: 20, concurrency: 5 })
        assert.deepStrictEqual(again, report)
      })
    )

    it.effect("follows a script made for each call", () =>
      Effect.gen(function* () {
        const script = ({ seed }: Evaluation.Run) => [Caller.says(`I am caller ${seed}`), Caller.listens()]
        const scenario = Evaluation.script(shop, script, named("caller 8"), { name: "hello" })
        const report = yield* Evaluation.run({ name: "shop", scenarios: [scenario], runs: 3, seed: 7 })
        assert.deepStrictEqual(
          only(report).outcomes.map((outcome) => outcome._tag === "Judged" && outcome.passed),
          [false, true, false]
        )
      })
    )

    it.effect("can use a persona as caller, whose verdict decides about the goal", () =>
      Effect.gen(function* () {
        const move = (move: Persona.Move) => ScriptedModel.text([JSON.stringify({ move })])
        const hangUp = (goalReached: boolean) => move({ action: "hangUp", goalReached, reason: "That is it." })
        const model = ScriptedModel.make([
          move({ action: "say", text: "Are you kind?" }),
          hangUp(true),
          hangUp(false),
          ScriptedModel.fail(new AiError.RateLimitError({}))
        ])
        const ada = { name: "Ada", goal: "Be treated kindly." }
        const scenario = Evaluation.persona(shop, ada, Persona.goalReached, { name: "Ada" })
        const report = yield* Evaluation.run({ name: "shop", scenarios: [scenario], runs: 3 }).pipe(
          Effect.provide(model.layer)
        )
        const { all, callsFailed, outcomes } = only(report)
        assert.deepStrictEqual([all.passed, all.judged, callsFailed], [1, 2, 1])
        assert.include(
          outcomes[0]?._tag === "Judged" && outcomes[0].call,
          'caller concludes that the goal was reached: "That is it."'
        )
      })
    )

    it.effect("counts a call that gets stuck as a failure", () =>
      Effect.gen(function* () {
        const scenario = Evaluation.script(shop, [Caller.hears("never")], named("kind"), {
          name: "stuck",
          maxDuration: "1 minute"
        })
        const report = yield* Evaluation.run({ name: "shop", scenarios: [scenario], runs: 2 })
        assert.strictEqual(only(report).callsFailed, 2)
      })
    )
  })

  it("plays at least one call", () => {
    assert.throws(() => Evaluation.skip({ name: "shop", scenarios: [half], runs: 0 }, "no"), /at least one call/)
  })

  it.effect("writes a report that can be read back", () =>
    Effect.gen(function* () {
      const report = yield* Evaluation.run({ name: "shop", scenarios: [half], runs: 3 })
      assert.deepStrictEqual(yield* EvaluationReport.fromJson(Evaluation.toJson(report)), report)
      const newer = JSON.stringify({ ...report, version: 2 })
      assert.match((yield* Effect.flip(EvaluationReport.fromJson(newer))).message, /version/)
    })
  )
})
