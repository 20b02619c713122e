import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { Knowledge } from "@antiphon/llm"
import { HashEmbeddings, ScriptedModel } from "@antiphon/llm/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { assistant, documents } from "../../src/knowledge/shop.ts"

const { make, text, toolCall } = ScriptedModel
const listens = Caller.listens()

const Shop = Knowledge.layerDocuments(documents).pipe(
  Layer.provideMerge(Knowledge.layerMemory()),
  Layer.provide(HashEmbeddings.layer())
)

describe("knowledge", () => {
  it.effect("shop: the model looks things up, and reads them with their source", () =>
    Effect.gen(function* () {
      const model = make([
        text("From nine to six."),
        toolCall("knowledge_base", { query: "how long does a refund take" }),
        text("Five days.")
      ])
      const script = [listens, Caller.says("When is the shop open?"), listens, Caller.says("And refunds?"), listens]
      const call = yield* TestCall.run(assistant, script).pipe(Effect.provide([model.layer, Shop]))
      Expect.heard(call, "From nine to six.")
      Expect.heard(call, "Five days.")
      Expect.prompt(call, 3, "Source: Returns › Refunds")
    })
  )
})
