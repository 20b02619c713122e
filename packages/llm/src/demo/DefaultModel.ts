/**
 * The model for a first start: the one that the environment names or has a key for, or else the embedded demo model.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Layer from "effect/Layer"
import * as ModelPlan from "../model/ModelPlan.ts"
import * as Models from "../model/Models.ts"
import * as DemoModel from "./DemoModel.ts"

/** The name of the embedded demo model. */
export const demo = "demo"

/** Key variables, in the order they are checked, with the model for each. */
const byKey = [
  ["ANTHROPIC_API_KEY", "anthropic/claude-haiku-4-5"],
  ["OPENAI_API_KEY", "openai/gpt-4.1-mini"],
  ["OPENAI_BASE_URL", "openai/gpt-4.1-mini"],
  ["GEMINI_API_KEY", "gemini/gemini-2.5-flash"],
  ["GROQ_API_KEY", "groq/llama-3.3-70b-versatile"]
] as const

/**
 * Finds the name of the model: `ANTIPHON_MODEL`, or a small fast one of the first provider that has a key
 * (`ANTHROPIC_API_KEY`, `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `GEMINI_API_KEY`, `GROQ_API_KEY`), or `demo`.
 */
export const chosen: Effect.Effect<string, Config.ConfigError> = Effect.gen(function* () {
  const read = (name: string) => Effect.map(Config.withDefault(Config.String(name), ""), (value) => value.trim())
  const named = yield* read("ANTIPHON_MODEL")
  if (named !== "") return named
  for (const [variable, model] of byKey) if ((yield* read(variable)) !== "") return model
  return demo
})

/** Layer of the model of this name alone; `demo` is the embedded one. */
export const only = (name: string): Layer.Layer<LanguageModel.LanguageModel, Models.ModelError> =>
  name === demo ? DemoModel.layer() : Models.fromString(name)

/**
 * Layer of a model by its name; `demo` is the embedded one. If the provider fails, the demo model answers instead and
 * the log says why, so that a first start succeeds. Use `ModelPlan` to serve real callers.
 */
export const layer = (name: string): Layer.Layer<LanguageModel.LanguageModel, Models.ModelError> =>
  name === demo
    ? only(demo)
    : ModelPlan.layer(
        ModelPlan.make(
          { name, model: only(name), firstTokenDeadline: "8 seconds", stallDeadline: "4 seconds" },
          { name: demo, model: only(demo) }
        ),
        { fallback: () => true }
      )
