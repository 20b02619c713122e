import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import { TestClock } from "effect/testing"
import * as DemoModel from "../../src/demo/DemoModel.ts"
import * as ModelPlan from "../../src/model/ModelPlan.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import { ask } from "../support/asking.ts"

describe("DemoModel", () => {
  it.effect("says a word every 40 milliseconds, then calls a tool, and finishes", () =>
    Effect.gen(function* () {
      const parts: Array<string> = []
      const fiber = yield* LanguageModel.streamText({ prompt: "thank you" }).pipe(
        Stream.runForEach((part) => Effect.sync(() => parts.push(part.type === "text-delta" ? part.delta : part.type))),
        Effect.forkChild
      )
      yield* TestClock.adjust("39 millis")
      assert.deepStrictEqual(parts, ["text-start"])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(parts, ["text-start", "You"])
      yield* TestClock.adjust("80 millis")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(parts, ["text-start", "You", " are", " welcome.", "text-end", "finish"])
    }).pipe(Effect.provide(DemoModel.layer()))
  )

  it.effect("calls a tool through the language model, and answers in one piece if asked to", () =>
    Effect.gen(function* () {
      const asked = yield* ask("the weather in Oslo")
      assert.deepStrictEqual(
        asked.calls.map(({ name, params }) => [name, params]),
        [["get_weather", { city: "Oslo" }]]
      )
      assert.strictEqual(asked.finish?.reason, "tool-calls")
      assert.strictEqual((yield* LanguageModel.generateText({ prompt: "thanks" })).text, "You are welcome.")
    }).pipe(Effect.provide(DemoModel.layer({ pace: 0 })))
  )

  it.effect("continues the sentence of a model that died in a plan, and does what the caller wanted", () =>
    Effect.gen(function* () {
      const asked = yield* ask("the weather in Oslo")
      assert.strictEqual(
        asked.text,
        "I am asking for – and here the model broke off, so I take over: a demo model. Let me see. "
      )
      assert.deepStrictEqual(
        asked.calls.map(({ name, params }) => [name, params]),
        [["get_weather", { city: "Oslo" }]]
      )
    }).pipe(
      Effect.provide(
        ModelPlan.layer(
          ModelPlan.make(
            {
              name: "dying",
              model: ScriptedModel.make([
                ScriptedModel.dieAfter(5, ScriptedModel.text("I am asking for the weather in Oslo."))
              ]).layer
            },
            { name: "demo", model: DemoModel.layer({ pace: 0 }) }
          )
        )
      )
    )
  )
})
