import { assert, describe, it } from "@effect/vitest"
import { type Duration, Effect, Fiber, Stream } from "effect"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import { TestClock } from "effect/testing"
import * as ModelFailure from "../../src/model/ModelFailure.ts"
import * as ModelPlan from "../../src/model/ModelPlan.ts"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import * as Patience from "../../src/model/Patience.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"

const { stall, text } = ScriptedModel

const thinking = ScriptedModel.reasoning(
  Array.from({ length: 600 }, () => "hm "),
  { every: 100 }
)

/** The state of a reply at a time. */
const by = (
  time: Duration.Input,
  reply: ScriptedModel.Reply,
  settings: ModelSettings.ModelSettings = {},
  planned = false
) =>
  Effect.gen(function* () {
    yield* TestClock.adjust(0)
    const { layer } = ScriptedModel.make([reply])
    const plan = ModelPlan.layer(ModelPlan.make({ name: "a", model: layer, firstTokenDeadline: 0 }))
    const fiber = yield* LanguageModel.streamText({ prompt: "hi" }).pipe(
      Patience.words,
      ModelSettings.override(settings),
      Stream.runDrain,
      Effect.provide(planned ? plan : layer),
      Effect.result,
      Effect.forkChild
    )
    yield* TestClock.adjust(time)
    const exit = fiber.pollUnsafe()
    if (exit === undefined) {
      yield* Fiber.interrupt(fiber)
      return "running"
    }
    const result = yield* exit
    if (result._tag === "Success") return "finished"
    return AiError.isAiError(result.failure) && ModelFailure.isTimeout(result.failure) ? "timeout" : "failed"
  })

describe("Patience", () => {
  const cases: ReadonlyArray<
    readonly [
      what: string,
      at: Duration.Input,
      reply: ScriptedModel.Reply,
      outcome: string,
      ModelSettings.ModelSettings?
    ]
  > = [
    ["a reply that flows", "1 minute", text("Hello you."), "finished"],
    ["silence, at first", "9999 millis", stall, "running"],
    ["silence", "10 seconds", stall, "timeout"],
    ["thoughts alone", "10 seconds", thinking, "timeout"],
    ["silence of a model that is to think, at first", "44 seconds", stall, "running", { reasoningEffort: "low" }],
    ["silence of a model that is to think", "45 seconds", stall, "timeout", { reasoningEffort: "low" }],
    ["silence in mid-sentence, at first", "14 seconds", [text("Your order is "), stall], "running"],
    ["silence in mid-sentence", "15 seconds", [text("Your order is "), stall], "timeout"],
    ["a slow reply", "1 minute", text(["a ", "b ", "c ", "d ", "e"], { every: "9 seconds" }), "finished"]
  ]
  for (const [what, at, reply, outcome, settings] of cases) {
    it.effect(`${what}: ${outcome} after ${String(at)}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* by(at, reply, settings), outcome)
      })
    )
  }

  it.effect("does not apply to a model with deadlines of its own", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* by("1 hour", stall, {}, true), "running")
    })
  )
})
