import { Caller, Spans, TestCall } from "@antiphon/core/testing"
import { LlmAgent } from "@antiphon/llm"
import { ScriptedModel } from "@antiphon/llm/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { inStock } from "../../src/operate/ownSpan.ts"

const { text, toolCall } = ScriptedModel

it.effect("a search has a span below its tool, with the number of hits", () =>
  Effect.gen(function* () {
    const spans = Spans.make()
    const model = ScriptedModel.make([toolCall("in_stock", { isbn: "9780141439518" }), text("We have three.")])
    const agent = LlmAgent.make({ tools: [inStock] })
    yield* TestCall.run(agent, [Caller.says("Do you have Emma?"), Caller.listens()]).pipe(
      Effect.provide(model.layer),
      spans.collect
    )
    assert.include(spans.tree(), "    execute_tool in_stock\n      shelf search\n")
    assert.strictEqual(spans.named("shelf search")[0]?.attributes.get("app.copies"), 3)
  })
)
