import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { AiError } from "effect/ai"
import * as ModelPlan from "../../src/model/ModelPlan.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as WarmUp from "../../src/model/WarmUp.ts"
import { pass, settled, test } from "../support/virtualTest.ts"
import { playing } from "../tool/calling.ts"

const unreachable = AiError.make({
  module: "Test",
  method: "warmUp",
  reason: new AiError.InternalProviderError({ description: "unreachable" })
})

/** A scripted model with a warm-up, and how often it ran and how it ended. */
const warmed = (warmUp: Effect.Effect<void, AiError.AiError>, replies: ReadonlyArray<ScriptedModel.Reply> = []) => {
  const log: Array<string> = []
  const note = (line: string) => Effect.sync(() => void log.push(line))
  const noted = note("begun").pipe(
    Effect.andThen(warmUp),
    Effect.onExit((exit) => note(Exit.isSuccess(exit) ? "done" : Exit.hasInterrupts(exit) ? "interrupted" : "failed"))
  )
  const model = ScriptedModel.make(replies)
  const layer: typeof model.layer = Layer.merge(model.layer, Layer.succeed(WarmUp.WarmUp, noted))
  return { model: { ...model, layer }, layer, log }
}

describe("WarmUp", () => {
  test("runs once when the call starts, and the greeting does not wait for it", function* () {
    const { log, model } = warmed(Effect.sleep("1 second"), [ScriptedModel.text("Yes?")])
    const call = yield* playing(model, { introduction: "Hi." })
    assert.deepStrictEqual(call.sent(), ["Hi."])
    assert.deepStrictEqual(log, ["begun"])
    yield* pass("1 second")
    yield* call.say("hello")
    assert.deepStrictEqual(log, ["begun", "done"])
  })

  test("also runs if the caller speaks first", function* () {
    const { log, model } = warmed(Effect.void)
    yield* playing(model, {})
    assert.deepStrictEqual(log, ["begun", "done"])
  })

  test("continues when the caller speaks over the greeting", function* () {
    const { log, model } = warmed(Effect.sleep("1 second"), [ScriptedModel.text("Yes?")])
    const call = yield* playing(model, { introduction: "Hi." })
    yield* call.say("hello")
    assert.deepStrictEqual(log, ["begun"])
    assert.deepStrictEqual(call.sent().join(""), "Hi.Yes?")
    yield* pass("1 second")
    assert.deepStrictEqual(log, ["begun", "done"])
  })

  test("ends with the call", function* () {
    const { log, model } = warmed(Effect.never)
    const scope = yield* Scope.make()
    yield* Scope.provide(playing(model, { introduction: "Hi." }), scope)
    assert.deepStrictEqual(log, ["begun"])
    yield* Scope.close(scope, Exit.void)
    assert.deepStrictEqual(log, ["begun", "interrupted"])
  })

  test("only logs a failure, and the call continues", function* () {
    const { log, model } = warmed(Effect.fail(unreachable), [ScriptedModel.text("Yes?")])
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
    const call = yield* Effect.provide(playing(model, { introduction: "Hi." }), Logger.layer([logger]))
    yield* call.say("hello")
    assert.deepStrictEqual(log, ["begun", "failed"])
    assert.strictEqual(call.sent().join(""), "Hi.Yes?")
    assert.lengthOf(lines, 1)
    assert.match(lines[0]!, /^Warn the model could not be warmed up: .*unreachable/)
  })

  test("is abandoned after 10 seconds", function* () {
    const { layer, log } = warmed(Effect.never)
    const fiber = yield* Effect.forkChild(Effect.provide(WarmUp.run, layer))
    yield* pass("9 seconds")
    assert.deepStrictEqual(log, ["begun"])
    yield* pass("1 second")
    yield* Fiber.join(fiber)
    assert.deepStrictEqual(log, ["begun", "interrupted"])
  })

  it.effect("does nothing for a model without a warm-up", () =>
    Effect.provide(WarmUp.run, ScriptedModel.make([]).layer)
  )

  describe("of a plan", () => {
    const planned = (
      models: Readonly<Record<string, Omit<ModelPlan.Step, "name">>>,
      options: ModelPlan.Options = {}
    ) => {
      const [first, ...rest] = Object.entries(models).map(([name, step]): ModelPlan.Step => ({ name, ...step }))
      return ModelPlan.layer(ModelPlan.make(first!, ...rest), options)
    }

    it.effect("warms up its first step", () =>
      Effect.gen(function* () {
        const [a, b] = [warmed(Effect.void), warmed(Effect.void)]
        yield* Effect.provide(WarmUp.run, planned({ a: { model: a.layer }, b: { model: b.layer } }))
        assert.deepStrictEqual([a.log, b.log], [["begun", "done"], []])
      })
    )

    it.effect("also warms up the steps that are hedged with the first, concurrently", () =>
      Effect.gen(function* () {
        const both = yield* Deferred.make<void>()
        const [a, b, c] = [warmed(Deferred.await(both)), warmed(Deferred.succeed(both, undefined)), warmed(Effect.void)]
        const plan = planned({
          a: { model: a.layer, hedge: "300 millis" },
          b: { model: b.layer },
          c: { model: c.layer }
        })
        yield* Effect.provide(WarmUp.run, plan)
        assert.deepStrictEqual([a.log, b.log, c.log], [["begun", "done"], ["begun", "done"], []])
      })
    )

    test("leaves out a step whose breaker is open", function* () {
      const [a, b] = [
        warmed(Effect.void, [ScriptedModel.fail(unreachable.reason)]),
        warmed(Effect.void, [ScriptedModel.text("Yes?")])
      ]
      const plan = planned({ a: { model: a.layer }, b: { model: b.layer } }, { breaker: { failures: 1 } })
      yield* Effect.gen(function* () {
        const call = yield* playing({ ...a.model, layer: Layer.empty as never }, {})
        yield* call.say("hello")
        yield* settled
        a.log.length = b.log.length = 0
        yield* WarmUp.run
        assert.deepStrictEqual([a.log, b.log], [[], ["begun", "done"]])
      }).pipe(Effect.provide(plan), Effect.scoped)
    })
  })
})
