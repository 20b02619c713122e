/**
 * Models by their names: `"anthropic/claude-haiku-4-5"`, `"groq/llama-3.3-70b-versatile"`, `"gpt-4.1-mini"`.
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Model from "effect/ai/Model"
import * as Layer from "effect/Layer"
import * as Anthropic from "./Anthropic.ts"
import { ModelError } from "./internal/provider/modelError.ts"
import * as OpenAiPresets from "./internal/openAi/openAiPresets.ts"
import type * as ProviderModel from "./internal/provider/providerModel.ts"
import * as OpenAi from "./OpenAi.ts"

export { ModelError }

/** Who speaks chat completions: the name, the address, the variable of the key, and what is different there. */
export const presets: ReadonlyArray<OpenAi.Preset> = OpenAiPresets.all

/** Every provider that can stand before the slash. */
export const providers: ReadonlyArray<string> = [...presets.map((preset) => preset.name), "anthropic"]

/** The parts of a model's name. */
export interface Name {
  readonly provider: string
  readonly model: string
}

/** What is known beside the name. */
export interface Options extends Omit<ProviderModel.Options, "model"> {}

/** Splits a name at its first slash; without one it names a model of OpenAI. Other names of a provider become its own. */
export const parse = (name: string): Name => {
  const slash = name.indexOf("/")
  if (slash < 0) return { provider: "openai", model: name.trim() }
  const prefix = name.slice(0, slash).trim().toLowerCase()
  return { provider: OpenAiPresets.byName(prefix)?.name ?? prefix, model: name.slice(slash + 1).trim() }
}

/** Layer of the model of this name. It fails before the first request where the provider is unknown or its key missing. */
export const fromString = (
  name: string,
  options: Options = {}
): Layer.Layer<LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName, ModelError> => {
  const { model, provider } = parse(name)
  const fail = (reason: ModelError["reason"], description: string) =>
    Layer.effectContext(new ModelError({ reason, provider, description }))
  const preset = OpenAiPresets.byName(provider)
  if (preset === undefined && provider !== "anthropic") {
    return fail("UnknownProvider", `there is no provider "${provider}": known are ${providers.join(", ")}`)
  }
  if (model === "") return fail("MissingModel", `"${name}" does not name a model: write ${provider}/<model>`)
  return preset === undefined ? Anthropic.layer({ ...options, model }) : OpenAi.layer({ ...options, model, preset })
}

/** Whether a model can search the web by itself, as far as its name tells. */
export const searchesNatively = ({ model, provider }: Name): boolean =>
  provider === "anthropic"
    ? Anthropic.searchesNatively(model)
    : OpenAiPresets.byName(provider)?.webSearch?.(model, undefined) !== undefined
