import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { describe, expectTypeOf, it } from "@effect/vitest"
import { Context, Effect, Layer, pipe, Schema, type Scope, Stream } from "effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as LlmAgent from "../src/agent/LlmAgent.ts"
import type * as Knowledge from "../src/knowledge/Knowledge.ts"
import * as Prefetch from "../src/knowledge/Prefetch.ts"
import * as Memory from "../src/memory/Memory.ts"
import type * as MemoryStore from "../src/memory/MemoryStore.ts"
import * as Remember from "../src/memory/Remember.ts"
import * as ScriptedModel from "../src/testing/ScriptedModel.ts"
import * as KnowledgeBase from "../src/tool/KnowledgeBase.ts"
import * as VoiceTool from "../src/tool/VoiceTool.ts"

class Orders extends Context.Service<Orders, { readonly cancel: (id: string) => Effect.Effect<string> }>()(
  "test/Orders"
) {}
class Weather extends Context.Service<Weather, { readonly now: Stream.Stream<string> }>()("test/Weather") {}
class Support extends Agent.Service<Support>()("test/Support") {}
class Unknown {
  readonly _tag = "Unknown"
}

const OrdersLive = Layer.succeed(Orders, { cancel: Effect.succeed })
const WeatherLive = Layer.succeed(Weather, { now: Stream.empty })

const cancelOrder = VoiceTool.loopback("cancel_order", { parameters: { id: Schema.String } }, ({ id }) =>
  Orders.use((orders) => orders.cancel(id))
)
const weather = VoiceTool.background("weather", {}, () => Stream.unwrap(Effect.map(Weather, ({ now }) => now)))
const plain = VoiceTool.loopback("plain", {}, () => Effect.succeed(1))

describe("types", () => {
  it("a tool requires what its handler requires", () => {
    expectTypeOf(cancelOrder).toEqualTypeOf<VoiceTool.VoiceTool<Orders>>()
    expectTypeOf(weather).toEqualTypeOf<VoiceTool.VoiceTool<Weather>>()
    expectTypeOf(plain).toEqualTypeOf<VoiceTool.VoiceTool>()
  })

  it("a handoff requires what its handler and the other agent require", () => {
    const billing: Agent.Agent<Unknown, Weather> = () => Stream.fromEffectDrain(Weather)
    const tool = VoiceTool.handoff("to_billing", {}, () => Effect.as(Orders, billing))
    expectTypeOf(tool).toEqualTypeOf<VoiceTool.VoiceTool<Weather | Orders>>()
  })

  it("parameters have the types of the schema", () => {
    const fields = { id: Schema.String, count: Schema.optionalKey(Schema.Int), day: Schema.Literals(["today"]) }
    type Params = { readonly id: string; readonly count?: number; readonly day: "today" }
    VoiceTool.loopback("read", { parameters: fields }, (params) => {
      expectTypeOf(params).toEqualTypeOf<Params>()
      return Effect.void
    })
    VoiceTool.background("read", { parameters: fields }, (params) => {
      expectTypeOf(params).toEqualTypeOf<Params>()
      return Effect.void
    })
    // @ts-expect-error a field that is not there
    VoiceTool.loopback("read", { parameters: fields }, ({ name }) => Effect.succeed(name))
    // @ts-expect-error a passthrough tool gives outputs
    VoiceTool.passthrough("say", {}, () => Effect.succeed("words"))
    VoiceTool.passthrough("say", {}, () => Stream.make(Event.sendText("words")))
  })

  it("an agent requires a model and what its tools require", () => {
    const factory = LlmAgent.make({ tools: [cancelOrder, weather, plain] })
    expectTypeOf(factory).toEqualTypeOf<Agent.Factory<never, never, LanguageModel.LanguageModel | Orders | Weather>>()
    expectTypeOf(LlmAgent.make()).toEqualTypeOf<Agent.Factory<never, never, LanguageModel.LanguageModel>>()
    expectTypeOf(LlmAgent.makeAgent({ tools: [cancelOrder] })).toEqualTypeOf<
      Effect.Effect<LlmAgent.LlmAgent<Orders>, never, Scope.Scope>
    >()
    // @ts-expect-error the agent's tools are not those of a Layer that has nothing
    expectTypeOf(factory).toEqualTypeOf<Agent.Factory<never, never, LanguageModel.LanguageModel>>()
  })

  it("an agent's Layer does not compile if a Layer is missing", () => {
    const support = Agent.layer(Support, LlmAgent.make({ tools: [cancelOrder, weather] }))
    expectTypeOf(support).toEqualTypeOf<Layer.Layer<Support, never, LanguageModel.LanguageModel | Orders | Weather>>()
    const model = ScriptedModel.make([]).layer
    const closed = (layer: Layer.Layer<Support>) => layer
    closed(Layer.provide(support, [model, OrdersLive, WeatherLive]))
    // @ts-expect-error the model is missing
    closed(Layer.provide(support, [OrdersLive, WeatherLive]))
    // @ts-expect-error the weather is missing
    closed(Layer.provide(support, [model, OrdersLive]))
    // @ts-expect-error everything is missing
    closed(support)
  })

  it("a turn fails with the model's error, whatever its tools fail with", () => {
    const failing = VoiceTool.loopback("failing", {}, () => Effect.fail(new Unknown()))
    expectTypeOf(failing).toEqualTypeOf<VoiceTool.VoiceTool>()
    type Respond = LlmAgent.LlmAgent<Orders>["respond"]
    expectTypeOf<Stream.Services<ReturnType<Respond>>>().toEqualTypeOf<Orders | LanguageModel.LanguageModel>()
    expectTypeOf<Stream.Error<ReturnType<Respond>>["_tag"]>().toEqualTypeOf<"AiError" | "TurnFailure">()
  })

  it("an override only accepts tools the agent may have", () => {
    Effect.map(LlmAgent.makeAgent<Orders>({ tools: [cancelOrder] }), (agent): Agent.Agent<unknown, unknown> => {
      return (event, turn) =>
        // @ts-expect-error the agent does not ask for the weather
        agent.respond(event, turn, { tools: [weather] })
    })
  })

  it("knowledge and memory have their requirements, and learners the declared types", () => {
    const Guest = Memory.declare({
      visits: Memory.field(Schema.Int, { purpose: "to know regulars", keptFor: "1 day" })
    })
    const knowing = pipe(
      LlmAgent.make({ tools: [KnowledgeBase.own()] }),
      Prefetch.agent({ limit: 3 }),
      Remember.agent({ declaration: Guest, learn: Remember.byModel })
    )
    expectTypeOf(Agent.layer(Support, knowing)).toEqualTypeOf<
      Layer.Layer<Support, never, Knowledge.Knowledge | LanguageModel.LanguageModel | MemoryStore.MemoryStore>
    >()
    Remember.agent(Agent.route({}), {
      declaration: Guest,
      learn: ({ known }) => Effect.succeed({ visits: (known.visits ?? 0) + 1 })
    })
    // @ts-expect-error not what the field holds
    Remember.agent(LlmAgent.make({}), { declaration: Guest, learn: () => Effect.succeed({ visits: "two" }) })
  })
})
