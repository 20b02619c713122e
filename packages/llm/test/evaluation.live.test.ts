import * as Agent from "@antiphon/core/Agent"
import { assert } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as LlmAgent from "../src/agent/LlmAgent.ts"
import * as Models from "../src/model/Models.ts"
import * as Evaluation from "../src/testing/Evaluation.ts"
import * as Judge from "../src/testing/Judge.ts"
import * as Persona from "../src/testing/Persona.ts"
import * as RealModel from "../src/testing/RealModel.ts"
import * as VoiceTool from "../src/tool/VoiceTool.ts"
import { describeLive } from "./support/liveModels.ts"

class Shop extends Agent.Service<Shop>()("test/Shop") {}

const openingHours = VoiceTool.loopback(
  "opening_hours",
  { description: "Tells when the shop is open.", parameters: { day: Schema.Literals(["saturday", "sunday"]) } },
  ({ day }) => Effect.succeed(day === "sunday" ? "closed" : "nine to four")
)
const ShopLive = Agent.layer(
  Shop,
  LlmAgent.make({
    systemPrompt: "You answer the phone of a bicycle shop, in one short sentence. Look opening hours up with the tool.",
    introduction: "Bicycle shop, good morning!",
    tools: [openingHours]
  })
)
const ada = { name: "Ada", goal: "Learn whether the shop is open on Sunday.", maxTurns: 6 }
const judge = Judge.all([
  Persona.goalReached,
  Judge.make({ criteria: [{ name: "true", description: "The agent says that the shop is closed on Sunday." }] })
])

describeLive(
  (name) => `an evaluation with ${name}`,
  (name, live) => {
    live(
      "plays a caller, answers and judges",
      () =>
        Effect.gen(function* () {
          const report = yield* Evaluation.runWithModel(
            {
              name: "shop",
              runs: 2,
              concurrency: 2,
              requires: { rate: 0.5 },
              scenarios: [Evaluation.persona(Shop, ada, judge, { name: "Sunday" })]
            },
            ShopLive.pipe(Layer.provideMerge(RealModel.layer(Models.fromString(name))))
          )
          assert.isTrue(report.passed, Evaluation.toText(report))
        }),
      120_000
    )
  },
  ["openai/gpt-4.1-mini", "anthropic/claude-haiku-4-5"]
)
