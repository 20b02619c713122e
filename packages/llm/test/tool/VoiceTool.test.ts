import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as LlmAgent from "../../src/agent/LlmAgent.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../src/tool/VoiceTool.ts"
import { pass, test } from "../support/virtualTest.ts"
import { playing, run, shown } from "./calling.ts"

const Orders = Toolkit.make(
  Tool.make("order", {
    description: "Orders something.",
    parameters: Schema.Struct({ item: Schema.String, note: Schema.optional(Schema.String) }),
    success: Schema.Struct({ at: Schema.DateFromString })
  }),
  Tool.make("cancel", {
    parameters: Schema.Struct({ id: Schema.Int }),
    success: Schema.String,
    failure: Schema.Struct({ reason: Schema.String }),
    failureMode: "return"
  })
)
const live = Orders.toLayer({
  order: () => Effect.succeed({ at: new Date(0) }),
  cancel: ({ id }) => (id === 1 ? Effect.succeed("cancelled") : Effect.fail({ reason: "too late" }))
})

/** What the model reads about calls of the toolkit's tools. */
const outcomes = (...calls: ReadonlyArray<readonly [string, object]>) =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([
      calls.map(([name, args], i) => ScriptedModel.toolCall(name, args, { id: `c${i + 1}` })),
      ScriptedModel.text("Done.")
    ])
    const tools = VoiceTool.fromToolkit(Orders)
    const factory = LlmAgent.make({ tools })
    type Needs = LanguageModel.LanguageModel | Layer.Success<typeof live>
    const call = yield* playing<Needs>(
      { ...model, layer: Layer.merge(model.layer, live) as typeof model.layer },
      {},
      factory as never
    ).pipe(Effect.provide(live))
    yield* call.say("go")
    yield* pass("1 second")
    return (yield* call.prompts)[1]!.filter((line) => line.startsWith("result"))
  })

describe("VoiceTool.fromToolkit", () => {
  it("shows a toolkit's tools unchanged, with options for all of them and for each", () => {
    const [order, cancel] = VoiceTool.fromToolkit(Orders, {
      timeout: "10 seconds",
      tools: { cancel: { background: true, interruption: "finish" } }
    })
    assert.deepStrictEqual(shown(order!), {
      name: "order",
      description: "Orders something.",
      parameters: {
        type: "object",
        properties: { item: { type: "string" }, note: { type: "string" } },
        required: ["item"],
        additionalProperties: false
      },
      strict: false
    })
    assert.deepStrictEqual([order!.kind, cancel!.kind, cancel!.interruption], ["foreground", "background", "finish"])
  })

  test("runs the handlers of the toolkit's Layer, and the model reads their results and failures", function* () {
    const results = yield* outcomes(
      ["order", { item: "tea", note: null }],
      ["cancel", { id: 1 }],
      ["cancel", { id: 2 }]
    )
    assert.deepStrictEqual(results, [
      'result c1-0: {"at": "1970-01-01T00:00:00.000Z"}',
      "result c2-0: cancelled",
      'result c3-0: error: {"reason": "too late"}'
    ])
  })

  test("reads what JSON does not have in the form that the model is shown", function* () {
    const Days = Toolkit.make(
      Tool.make("book", { parameters: Schema.Struct({ day: Schema.Date }), success: Schema.String })
    )
    const [book] = VoiceTool.fromToolkit(Days)
    const { values } = yield* run(book!, { day: "2026-01-02" }).pipe(
      Effect.provide(Days.toLayer({ book: ({ day }) => Effect.succeed(day.toISOString()) })),
      Effect.orDie
    )
    assert.deepStrictEqual(values, ["2026-01-02T00:00:00.000Z"])
  })

  test("rejects arguments that the tool does not take", function* () {
    const [refused] = yield* outcomes(["order", { item: "tea", count: 2 }])
    assert.match(refused!, /error: invalid arguments: .*count/)
  })

  it("does not count a tool that finishes after the hang-up as cancelled by the caller", () => {
    const make = (options: VoiceTool.Options) => VoiceTool.loopback("t", options, () => Effect.void)
    assert.strictEqual(make({ afterHangUp: "finish" }).interruption, "finish")
    assert.throws(() => make({ afterHangUp: "finish", interruption: "cancel" }), /cannot be cancelled/)
  })
})
