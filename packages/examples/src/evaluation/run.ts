import { Models } from "@antiphon/llm"
import { Evaluation, RealModel } from "@antiphon/llm/testing"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem, Layer } from "effect"
import { evaluation, ShopLive } from "./scenarios.ts"

// One model plays the callers, answers for the agent and judges. `ShopLive` may have another one of its own.
const model = ShopLive.pipe(Layer.provideMerge(RealModel.layer(Models.fromString("anthropic/claude-haiku-4-5"))))

Effect.gen(function* () {
  const report = yield* Evaluation.runWithModel(evaluation, model)
  const files = yield* FileSystem.FileSystem
  yield* files.writeFileString("evaluation.json", Evaluation.toJson(report))
  yield* files.writeFileString("evaluation.junit.xml", Evaluation.toJUnit(report))
  yield* Console.log(Evaluation.toText(report))
  if (!report.passed) return yield* Effect.fail("the evaluation has not passed")
}).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
