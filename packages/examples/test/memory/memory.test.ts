import { CallRequest } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { Memory, MemoryStore } from "@antiphon/llm"
import { ScriptedModel } from "@antiphon/llm/testing"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import { concierge, forgotten, Guest, shownTo } from "../../src/memory/hotel.ts"

const { make, text } = ScriptedModel
const listens = Caller.listens()
const request = CallRequest.make({ from: "+14155550100", callId: "c1" })

const environment = Effect.provideService(
  ConfigProvider.ConfigProvider,
  ConfigProvider.fromEnv({ env: { MEMORY_SECRET: "s" } })
)

const learned = (fields: object) =>
  text(JSON.stringify({ name: null, allergies: null, lastRequest: null, forget: [], ...fields }))

describe("memory", () => {
  it.effect("hotel: the concierge recognises a guest, shows what is kept, and forgets", () =>
    Effect.gen(function* () {
      const agent = yield* concierge
      const first = make([text("A table at eight, Ada."), learned({ name: "Ada", allergies: ["nuts"] })])
      yield* TestCall.run(agent, [listens, Caller.says("Ada here. No nuts, please."), listens], { request }).pipe(
        Effect.provide(first.layer)
      )
      const second = make([text("Good day, Ada."), learned({})])
      const call = yield* TestCall.run(agent, [listens, Caller.says("It is me again."), listens], { request }).pipe(
        Effect.provide(second.layer)
      )
      Expect.prompt(call, 1, "allergies: [")
      const guest = yield* Memory.hashed(Redacted.make("s"))("+14155550100")
      const shown = yield* shownTo(guest)
      assert.deepStrictEqual(
        shown.map(({ purpose }) => purpose),
        [Guest.fields.allergies.purpose, Guest.fields.name.purpose]
      )
      assert.strictEqual(yield* forgotten(guest), 2)
      assert.isEmpty(yield* Memory.callers())
    }).pipe(Effect.provide(MemoryStore.MemoryStore.layerMemory), environment)
  )
})
