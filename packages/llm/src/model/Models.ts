/**
 * Models by their names: `"anthropic/claude-haiku-4-5"`, `"groq/llama-3.3-70b-versatile"`, `"gpt-4.1-mini"`.
 *
 * A model made here is resilient without further setup: it retries, has a deadline for words, continues replies that
 * broke off, and falls back to other models by name.
 *
 * @since 0.1.0
 */
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Anthropic from "./Anthropic.ts"
import * as Bedrock from "./Bedrock.ts"
import * as Gemini from "./Gemini.ts"
import * as OpenAiPresets from "./internal/openAi/openAiPresets.ts"
import * as Resilience from "./internal/plan/resilience.ts"
import * as ModelError_ from "./internal/provider/modelError.ts"
import type * as ProviderModel from "./internal/provider/providerModel.ts"
import type { Api } from "./internal/rules/acceptance.ts"
import * as ClaudeModels from "./internal/rules/claudeModels.ts"
import * as Description_ from "./internal/rules/description.ts"
import * as OpenAiModels from "./internal/rules/openAiModels.ts"
import * as ModelPlan from "./ModelPlan.ts"
import * as OpenAi from "./OpenAi.ts"
import * as OpenAiResponses from "./OpenAiResponses.ts"
import * as VertexAi from "./VertexAi.ts"

export { ModelError } from "./internal/provider/modelError.ts"

type ModelError = ModelError_.ModelError

/** The providers that offer chat completions: name, address, key variable, and how each differs. */
export const presets: ReadonlyArray<OpenAi.Preset> = OpenAiPresets.all

/** Every provider that can be named before the slash. */
export const providers: ReadonlyArray<string> = [
  ...presets.map((preset) => preset.name),
  "anthropic",
  "bedrock",
  "vertex_ai"
]

/** The parts of a model's name. */
export interface Name {
  readonly provider: string
  readonly model: string
}

/** Options of a model beside its name. */
export interface Options extends Omit<ProviderModel.Options, "model"> {
  /**
   * The API to use, if there are several. By default OpenAI's Responses API for its newer models and Google's own for
   * Gemini, both only at the provider's own address, and chat completions otherwise.
   */
  readonly api?: Api | undefined
  /** How the Responses API is reached: see `OpenAiResponses.Options`. A WebSocket makes it the API that is asked. */
  readonly transport?: "http" | "websocket" | undefined
  /**
   * Names of models to ask, in this order, if this one fails with any error. Their keys and addresses come from the
   * environment.
   */
  readonly fallbacks?: ReadonlyArray<string> | undefined
  /**
   * Number of retries after a transient error: a busy provider, a lost connection, an empty reply. 2 by default; with
   * fallbacks, by default only the last one is retried. Never earlier than the provider asks for.
   */
  readonly retries?: number | undefined
  /** Deadlines and hedge, as in a step of a plan. */
  readonly patience?: Omit<ModelPlan.Step, "name" | "model" | "schedule"> | undefined
}

/** The services that a layer of a model provides. */
type Provided = LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName

/**
 * Splits a name at its first slash. Without a slash it names one of OpenAI's models. Aliases of a provider are
 * resolved.
 */
export const parse = (name: string): Name => {
  const slash = name.indexOf("/")
  if (slash < 0) return { provider: "openai", model: name.trim() }
  const prefix = name.slice(0, slash).trim().toLowerCase()
  return {
    provider: OpenAiPresets.byName(prefix)?.name ?? ownAliases[prefix] ?? prefix,
    model: name.slice(slash + 1).trim()
  }
}

/**
 * Layer of the model with this name. Fails before the first request if the provider is unknown or its key is missing.
 * With a `baseUrl`, an unknown provider is assumed to offer chat completions there.
 *
 * ```ts
 * Models.fromString("openai/gpt-5.4-mini", { fallbacks: ["anthropic/claude-haiku-4-5", "groq/llama-3.3-70b-versatile"] })
 * ```
 */
export const fromString = (name: string, options: Options = {}): Layer.Layer<Provided, ModelError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { fallbacks = [], patience, retries, settings } = options
      const layers = [single(name, options), ...fallbacks.map((other) => single(other, { settings }))]
      const built = yield* Effect.forEach(layers, (layer) => Layer.build(layer))
      const names = [name, ...fallbacks]
      const [first, ...rest] = built.map((context, at): ModelPlan.Step => {
        const times = retries ?? (at === built.length - 1 ? defaultRetries : 0)
        return {
          name: names[at]!,
          model: Layer.succeedContext(context),
          ...patience,
          ...(times > 0 ? { schedule: again(times) } : undefined)
        }
      })
      const planned = yield* Layer.build(ModelPlan.layer(ModelPlan.make(first!, ...rest)))
      if (rest.length === 0) {
        Resilience.set(
          Context.get(planned, LanguageModel.LanguageModel),
          Context.get(built[0]!, LanguageModel.LanguageModel)
        )
      }
      return Context.merge(built[0]!, planned)
    })
  )

/** The `num_retries` that Line gives to LiteLLM. */
const defaultRetries = 2

/** 0.2 seconds, 0.4 seconds and so on: short, because a caller is waiting. */
const again = (times: number) => Schedule.exponential("200 millis").pipe(Schedule.upTo({ times }))

/** Layer of one model, without retries. */
const single = (name: string, { api, ...options }: Options): Layer.Layer<Provided, ModelError> => {
  const { model, provider } = parse(name)
  const fail = (reason: ModelError["reason"], description: string) =>
    Layer.effectContext(new ModelError_.ModelError({ reason, provider, description }))
  const own = ownLayers[provider]
  if (own !== undefined) {
    return model === ""
      ? fail("MissingModel", `"${name}" does not name a model: write ${provider}/<model>`)
      : own({ ...options, model })
  }
  const preset = presetOf(provider, options.baseUrl)
  if (preset === undefined) {
    return fail("UnknownProvider", `unknown provider "${provider}"; known are ${providers.join(", ")}`)
  }
  if (model === "") return fail("MissingModel", `"${name}" does not name a model: write ${provider}/<model>`)
  return Layer.unwrap(
    Effect.map(ModelError_.firstSet(preset.baseUrlVariables), (variable) => {
      const sockets = provider === "openai" && options.transport === "websocket" ? "responses" : undefined
      switch (api ?? sockets ?? apiOf({ provider, model }, options.baseUrl ?? variable)) {
        case "responses":
          return OpenAiResponses.layer({ ...options, model, preset })
        case "gemini":
          return Gemini.layer({ ...options, model })
        default:
          return OpenAi.layer({ ...options, model, preset })
      }
    })
  )
}

/** Providers with an API of their own. */
const ownLayers: {
  readonly [provider: string]: ((options: ProviderModel.Options) => Layer.Layer<Provided, ModelError>) | undefined
} = { anthropic: Anthropic.layer, bedrock: Bedrock.layer, vertex_ai: VertexAi.layer }

/** Other names of theirs. */
const ownAliases: { readonly [name: string]: string | undefined } = {
  bedrock_converse: "bedrock",
  vertex: "vertex_ai",
  vertex_ai_beta: "vertex_ai"
}

const presetOf = (provider: string, baseUrl: string | undefined): OpenAi.Preset | undefined =>
  OpenAiPresets.byName(provider) ??
  (baseUrl === undefined || provider in ownLayers ? undefined : { ...OpenAiPresets.compatible, name: provider })

/** Decides which API to use for a model at an address, or at its provider's own. */
const apiOf = ({ model, provider }: Name, address: string | undefined): Api => {
  if (provider === "anthropic" || provider === "bedrock") return "messages"
  if (provider === "vertex_ai") return ClaudeModels.isClaude(model) ? "messages" : "gemini"
  if (provider === "gemini") return address === undefined ? "gemini" : "chat"
  const isOwn = address === undefined || (URL.canParse(address) && OpenAiPresets.isOpenAi(address))
  if (provider === "openai" && isOwn && OpenAiModels.prefersResponses(model)) return "responses"
  return provider === "azure" && OpenAiModels.needsResponses(model) ? "responses" : "chat"
}

/** A description of what would be sent to a model, and why. */
export type Description = Description_.Description

/**
 * Describes what would be sent to the model with this name: the API, the body of a short request without and with a
 * tool, and the rules that apply, each with its source. Sends nothing.
 */
export const describe = (name: string, options: Pick<Options, "api" | "baseUrl" | "settings"> = {}): Description => {
  const { model, provider } = parse(name)
  const api = options.api ?? apiOf({ model, provider }, options.baseUrl)
  const preset = presetOf(api === "gemini" ? "gemini" : provider, options.baseUrl) ?? OpenAiPresets.compatible
  return Description_.make({
    name: { provider, model },
    api,
    preset: options.baseUrl === undefined ? preset : OpenAiPresets.at(preset, options.baseUrl),
    settings: options.settings ?? {}
  })
}
