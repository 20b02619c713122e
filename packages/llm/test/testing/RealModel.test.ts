import * as Played from "@antiphon/core/testing/Played"
import * as Caller from "@antiphon/core/testing/Caller"
import * as TestCall from "@antiphon/core/testing/TestCall"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Redacted, Schedule, Schema, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import * as LlmAgent from "../../src/agent/LlmAgent.ts"
import * as OpenAi from "../../src/model/OpenAi.ts"
import * as Evaluation from "../../src/testing/Evaluation.ts"
import * as FaultyModel from "../../src/testing/FaultyModel.ts"
import * as Judge from "../../src/testing/Judge.ts"
import * as RealModel from "../../src/testing/RealModel.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as MockServer from "../support/mockServer.ts"
import * as Wire from "../support/openAiServer.ts"

/** Takes real time for every word, as anything beyond a socket does. */
const slow = (text: string) =>
  FaultyModel.wrap(
    ScriptedModel.make([
      ScriptedModel.text(text, { every: "10 millis" }),
      ScriptedModel.text(text, { every: "10 millis" })
    ]).layer,
    { seed: 1 }
  )

describe("RealModel", () => {
  it.live("answers an agent on virtual time, without taking any", () =>
    Effect.gen(function* () {
      const model = slow("We are open from nine to six.")
      const played = yield* TestCall.run(LlmAgent.make(), [Caller.says("When are you open?"), Caller.listens()]).pipe(
        Effect.provide(RealModel.layer(model.layer))
      )
      assert.strictEqual(Played.heard(played), "We are open from nine to six.")
      assert.strictEqual(Played.longestWait(played), 0)
    })
  )

  it.live("is needed, because virtual time would otherwise run on meanwhile", () =>
    Effect.gen(function* () {
      const model = slow("We are open from nine to six.")
      const played = yield* TestCall.run(LlmAgent.make(), [Caller.says("When are you open?"), Caller.listens()]).pipe(
        Effect.provide(model.layer)
      )
      assert.isAbove(Played.longestWait(played), 9)
    })
  )

  it.live("answers whole texts and objects", () =>
    Effect.gen(function* () {
      const program = Effect.gen(function* () {
        const schema = Schema.Struct({ open: Schema.Boolean })
        const { value } = yield* LanguageModel.generateObject({ prompt: "hi", schema })
        return { value, at: yield* Clock.currentTimeMillis }
      })
      const layer = RealModel.layer(slow('{"open": true}').layer)
      assert.deepStrictEqual(yield* VirtualTime.run(program).pipe(Effect.provide(layer)), {
        value: { open: true },
        at: 0
      })
    })
  )

  it.live("lets a persona, an agent and a judge talk to a provider over real connections", () =>
    Effect.gen(function* () {
      const server = yield* MockServer.make
      const json = (value: unknown) => Wire.text(JSON.stringify(value))
      server.script(
        json({ move: { action: "say", text: "Are you open on Sunday?" } }),
        Wire.text("We are ", "closed on ", "Sunday."),
        json({ move: { action: "hangUp", goalReached: true, reason: "They are closed." } }),
        json({ criterion_1: { reason: "It said so.", quote: "closed on Sunday", grade: true } })
      )
      const model = OpenAi.layer({
        model: "gpt-4.1-mini",
        apiKey: Redacted.make("sk-test"),
        baseUrl: `${server.url}/v1`
      })
      const kind = Judge.make({ criteria: [{ name: "clear", description: "The agent is clear." }] })
      const ada = { name: "Ada", goal: "Learn whether the shop is open on Sunday." }
      const scenario = Evaluation.persona(LlmAgent.make(), ada, kind, { name: "Sunday" })
      const report = yield* Evaluation.runWithModel(
        { name: "shop", scenarios: [scenario], runs: 1 },
        RealModel.layer(model)
      )
      assert.isTrue(report.passed, Evaluation.toText(report))
      assert.strictEqual(server.requests.length, 4)
      assert.deepStrictEqual(
        report.scenarios[0]?.outcomes.map((outcome) => outcome._tag === "Judged" && outcome.verdicts[0]?.quoteFound),
        [true]
      )
    })
  )

  it.live("stops when its caller is interrupted", () =>
    Effect.gen(function* () {
      const model = slow("One two three four five six seven eight nine ten")
      const first = LanguageModel.streamText({ prompt: "hi" }).pipe(Stream.take(4), Stream.runDrain)
      yield* Effect.repeat(VirtualTime.run(first), Schedule.recurs(1)).pipe(
        Effect.provide(RealModel.layer(model.layer))
      )
      assert.deepStrictEqual(
        (yield* model.requests).map(({ outcome }) => outcome),
        ["Interrupted", "Interrupted"]
      )
    })
  )
})
