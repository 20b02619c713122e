import { Caller } from "@antiphon/core/testing"
import { LlmAgent, ModelPlan } from "@antiphon/llm"
import { Evaluation, FaultyModel, Judge } from "@antiphon/llm/testing"
import { Effect, type Layer } from "effect"
import type * as LanguageModel from "effect/ai/LanguageModel"

const answer = "We are open from nine to six, and on Saturday until four."

/** A provider on a bad day: one request in five fails, and as many connections die in mid-sentence. */
export const alone = (seed: number) =>
  FaultyModel.make(() => answer, {
    seed,
    firstToken: { median: "500 millis", p99: "4 seconds" },
    betweenTokens: { median: "30 millis", p99: "300 millis" },
    failures: { RateLimitError: 0.1, InternalProviderError: 0.1 },
    dies: 0.2,
    breaksWithin: 10
  }).layer

/** The same provider with another one behind it. */
export const planned = (seed: number) =>
  ModelPlan.layer(
    ModelPlan.make(
      { name: "first", model: alone(seed), firstTokenDeadline: "2 seconds" },
      { name: "second", model: FaultyModel.make(() => answer, { seed }).layer }
    )
  )

const whole = Judge.check({ name: "whole", description: "The answer is heard once, from end to end." }, (call) => {
  const heard = call.flatMap((line) => (line._tag === "AgentSaid" ? [line.heard.trim()] : [])).join(" ")
  return { passed: heard === answer, reason: `The caller heard: ${heard}` }
})

const script = [Caller.says("When are you open?"), Caller.listens()]
const asking = Evaluation.script(LlmAgent.make(), script, whole, { name: "opening hours" })

/** Makes the same calls, each with a bad day of its own: the seed of a call that did not pass makes it again. */
export const evaluate = (model: (seed: number) => Layer.Layer<LanguageModel.LanguageModel>, runs: number) =>
  Evaluation.run({
    name: "bad days",
    runs,
    concurrency: 10,
    requires: { rate: 0.99 },
    scenarios: [{ ...asking, play: (run) => Effect.provide(asking.play(run), model(run.seed)) }]
  })
