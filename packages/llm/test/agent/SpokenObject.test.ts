import * as Event from "@antiphon/core/Event"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Agent from "@antiphon/core/Agent"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Effect, Layer, Schema, Stream } from "effect"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as LlmAgent from "../../src/agent/LlmAgent.ts"
import * as SpokenObject from "../../src/agent/SpokenObject.ts"
import * as ModelPlan from "../../src/model/ModelPlan.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../src/tool/VoiceTool.ts"
import { playing } from "../tool/calling.ts"
import { pass, test } from "../support/virtualTest.ts"

const fields = {
  say: Schema.String,
  mood: Schema.Literals(["calm", "angry"]),
  note: Schema.optional(Schema.String)
}

type Value = { readonly say: string; readonly mood: "calm" | "angry"; readonly note?: string | undefined }

const made = () => {
  const values: Array<Value> = []
  const object = SpokenObject.make(fields, { speak: "say", then: (value) => Effect.sync(() => values.push(value)) })
  return { values, object }
}

/** JSON in pieces, some time apart. */
const json = (value: unknown, every?: number) =>
  ScriptedModel.text(JSON.stringify(value).match(/.{1,6}/gsu) ?? [], every === undefined ? {} : { every })

describe("a reply that is an object", () => {
  test("is spoken while it is being written, and passed on when it is complete", function* () {
    const { object, values } = made()
    const model = ScriptedModel.make([json({ say: "Of course, Ann.", mood: "calm", note: "x" }, 100)])
    const call = yield* playing(model, { object })
    yield* call.say("please")
    yield* pass(300)
    assert.strictEqual(call.sent().join(""), "Of course,")
    assert.deepStrictEqual(values, [])
    yield* pass(2000)
    assert.strictEqual(call.sent().join(""), "Of course, Ann.")
    assert.deepStrictEqual(values, [{ say: "Of course, Ann.", mood: "calm", note: "x" }])
  })

  test("runs its follow-up after its spoken words", function* () {
    const object = SpokenObject.make(fields, {
      speak: "say",
      then: ({ mood }) => (mood === "angry" ? Stream.make(Event.transferCall("+33140000000")) : Stream.empty)
    })
    const model = ScriptedModel.make([json({ say: "A colleague will help.", mood: "angry" })])
    const call = yield* playing(model, { object })
    yield* call.say("hmpf")
    assert.strictEqual(
      call
        .sent()
        .join("|")
        .replace(/\|(?=[a-z .])/g, ""),
      "A colleague will help.|AgentTransferCall"
    )
  })

  test("comes after the tools of its turn", function* () {
    const { object, values } = made()
    const look = VoiceTool.loopback("look", {}, () => Effect.succeed("a table at eight"))
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("look", {}, { id: "c1" }),
      json({ say: "At eight.", mood: "calm" })
    ])
    const call = yield* playing(model, { object, tools: [look] })
    yield* call.say("a table?")
    assert.isTrue(call.sent().join("").endsWith("At eight."))
    assert.strictEqual(values.length, 1)
  })

  test("is requested again with the error if it does not decode and nothing was spoken", function* () {
    const { object, values } = made()
    const model = ScriptedModel.make([json({ mood: "furious" }), json({ say: "Yes.", mood: "calm" })])
    const call = yield* playing(model, { object })
    yield* call.say("please")
    const last = (yield* call.prompts)[1]!.at(-1)!
    assert.match(last, /^system: .*could not be used.*say.*mood/s)
    assert.notInclude(last, "furious")
    assert.strictEqual(call.sent().join(""), "Yes.")
    assert.strictEqual(values.length, 1)
  })

  test("fails with what is wrong if it never decodes", function* () {
    const errors: Array<AiError.AiError> = []
    for (const replies of [
      ["Sorry, no.", "I only speak prose."].map((text) => ScriptedModel.text(text)),
      [json({ say: "Half said", mood: "furious" })]
    ]) {
      const { object, values } = made()
      const call = yield* playing(ScriptedModel.make(replies), {
        object,
        onModelFailure: (error) => (errors.push(error), "One moment.")
      })
      yield* call.say("please")
      assert.isTrue(call.sent().join("").endsWith("One moment."))
      assert.deepStrictEqual(values, [])
    }
    assert.match(errors[0]!.message, /not the object that was asked for: it is not a complete JSON object/)
    assert.match(errors[1]!.message, /not the object that was asked for: .*mood/s)
    assert.notInclude(errors[1]!.message, "furious")
  })

  test("reads null as absent, and rejects fields that were not asked for", function* () {
    const { object, values } = made()
    const model = ScriptedModel.make([
      json({ say: "", mood: "calm", extra: 1 }),
      json({ say: "Yes.", mood: "calm", note: null })
    ])
    const call = yield* playing(model, { object })
    yield* call.say("please")
    assert.deepStrictEqual(values, [{ say: "Yes.", mood: "calm" }])
  })

  test("may have a field too many once its words have been spoken", function* () {
    const { object, values } = made()
    const model = ScriptedModel.make([json({ say: "Yes.", mood: "calm", confidence: 1 })])
    const call = yield* playing(model, { object })
    yield* call.say("please")
    assert.strictEqual(call.sent().join(""), "Yes.")
    assert.deepStrictEqual(values, [{ say: "Yes.", mood: "calm" }])
  })

  test("without any words leads to an apology instead of silence", function* () {
    const { object } = made()
    const silent = json({ say: "", mood: "calm" })
    const call = yield* playing(ScriptedModel.make([silent, silent]), { object, onModelFailure: "One moment." })
    yield* call.say("please")
    assert.strictEqual(call.sent().join(""), "One moment.")
  })

  test("can be requested for one turn only", function* () {
    const { object, values } = made()
    const model = ScriptedModel.make([ScriptedModel.text(["Words."]), json({ say: "An object.", mood: "calm" })])
    const call = yield* playing(model, {}, () =>
      Effect.map(LlmAgent.makeAgent(), (agent) =>
        Agent.make((event, turn) => agent.respond(event, turn, Event.text(event) === "object" ? { object } : {}))
      )
    )
    yield* call.say("words")
    yield* call.say("object")
    assert.strictEqual(call.sent().join(""), "Words.An object.")
    assert.strictEqual(values.length, 1)
  })

  test("arrives as arguments of a tool from a model that is not built in", function* () {
    const { object, values } = made()
    const asked: Array<LanguageModel.ProviderOptions> = []
    const params = { say: "Of course.", mood: "calm" }
    const foreign = Layer.effect(
      LanguageModel.LanguageModel,
      LanguageModel.make({
        streamText: (options) => {
          asked.push(options)
          return Stream.make(
            { type: "tool-params-start" as const, id: "1", name: "reply" },
            ...JSON.stringify(params)
              .split("")
              .map((delta) => ({ type: "tool-params-delta" as const, id: "1", delta })),
            { type: "tool-params-end" as const, id: "1" },
            { type: "tool-call" as const, id: "1", name: "reply", params }
          )
        },
        generateText: () => Effect.die("not asked")
      })
    )
    const call = yield* playing({ ...ScriptedModel.make([]), layer: foreign }, { object })
    yield* call.say("please")
    assert.strictEqual(call.sent().join(""), "Of course.")
    assert.deepStrictEqual(values, [params as Value])
    assert.deepStrictEqual(
      asked[0]!.tools.map(({ name }) => name),
      ["reply"]
    )
    assert.deepStrictEqual(asked[0]!.toolChoice, { tool: "reply" })
  })

  test("is described once to a plan that includes a model that is not built in", function* () {
    const { object, values } = made()
    const asked: Array<ReadonlyArray<string>> = []
    const params = { say: "Of course.", mood: "calm" }
    const usage = {
      inputTokens: { uncached: 1, total: 1, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 1, text: 1, reasoning: undefined }
    }
    const foreign = Layer.effect(
      LanguageModel.LanguageModel,
      LanguageModel.make({
        streamText: ({ tools }) => {
          asked.push(tools.map(({ name }) => name))
          return Stream.make(
            { type: "tool-call" as const, id: "1", name: "reply", params },
            { type: "finish" as const, reason: "tool-calls" as const, usage }
          )
        },
        generateText: () => Effect.die("not asked")
      })
    )
    const plan = ModelPlan.layer(
      ModelPlan.make({ name: "foreign", model: foreign }, { name: "ours", model: ScriptedModel.make([]).layer })
    )
    const call = yield* playing({ ...ScriptedModel.make([]), layer: plan }, { object })
    yield* call.say("please")
    yield* pass(10)
    assert.deepStrictEqual(asked[0], ["reply"])
    assert.deepStrictEqual(values, [params as Value])
  })

  test("must not share the name of a tool", function* () {
    const { object } = made()
    const tool = VoiceTool.loopback("reply", {}, () => Effect.succeed("x"))
    const call = yield* playing(ScriptedModel.make([]), { object, tools: [tool] })
    yield* call.say("please")
    assert.strictEqual((yield* call.prompts).length, 0)
  })

  it("types its value, and speaks only text fields", () => {
    SpokenObject.make(fields, {
      speak: ["say", "note"],
      then: (value) => {
        expectTypeOf(value).toMatchTypeOf<Value>()
        return Effect.void
      }
    })
    // @ts-expect-error a number cannot be spoken
    SpokenObject.make({ n: Schema.Int }, { speak: "n" })
    assert.throws(() => SpokenObject.make(fields, { speak: "absent" as "say" }), /no field absent/)
    assert.throws(() => SpokenObject.make(fields, { speak: "say", name: "my reply" }), /"my reply" is not a valid/)
    assert.isDefined(CallRequest.make())
  })
})
