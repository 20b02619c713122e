/** Simulated faults of open calls. */
import * as FaultyModel from "@antiphon/llm/testing/FaultyModel"
import * as SwitchedModel from "@antiphon/llm/testing/SwitchedModel"
import * as VoiceTool from "@antiphon/llm/tool/VoiceTool"
import * as Effect from "effect/Effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** Schema for the current faults. */
export const Faults = Schema.Struct({
  /** `slow`: three seconds before the first word. `down`: no answer. `dies`: breaks off within eight words. `silent`: stalls. */
  model: Schema.Literals(["none", "slow", "down", "dies", "silent"]),
  /** `slow`: three seconds more. `fails`: an error that the model reads. */
  tool: Schema.Literals(["none", "slow", "fails"]),
  /** `slow`: three seconds before the first audio of a reply. `silent`: none. The studio only tells: who serves calls by voice acts on it. */
  voice: Schema.optionalKey(Schema.Literals(["none", "slow", "silent"])),
  /** `slow`: words come three seconds late. `silent`: never. Told in the same way. */
  recogniser: Schema.optionalKey(Schema.Literals(["none", "slow", "silent"]))
})
/** The current faults. */
export interface Faults extends Schema.Schema.Type<typeof Faults> {
  readonly model: "none" | "slow" | "down" | "dies" | "silent"
}

/** No faults. */
export const none: Faults = { model: "none", tool: "none" }

const slow = { median: "3 seconds", p99: "3 seconds" } as const

/** Applies faults to a model. */
export const model = <E, R>(
  layer: Layer.Layer<LanguageModel.LanguageModel, E, R>,
  current: Effect.Effect<Faults>
): Layer.Layer<LanguageModel.LanguageModel, E, R> => {
  const faulty = (behaviour: FaultyModel.Behaviour) => FaultyModel.wrap(layer, { seed: 1, ...behaviour }).layer
  return SwitchedModel.layer(
    {
      none: layer,
      slow: faulty({ firstToken: slow }),
      down: faulty({ failures: { InternalProviderError: 1 } }),
      dies: faulty({ dies: 1, breaksWithin: 8 }),
      silent: faulty({ stalls: 1, breaksWithin: 1 })
    },
    Effect.map(current, ({ model }) => model)
  )
}

/** Applies faults to tools. */
export const tools = (current: Effect.Effect<Faults>): Layer.Layer<never> =>
  Layer.succeed(VoiceTool.Before, () =>
    Effect.flatMap(current, ({ tool }) => {
      if (tool === "slow") return Effect.sleep("3 seconds")
      return tool === "fails" ? Effect.fail(new Error("the console has it fail")) : Effect.void
    })
  )
