/**
 * Who speaks chat completions, where, and how each departs from OpenAI's own.
 *
 * Only what a provider documents, or is known to refuse, is in the table.
 *
 * @since 0.1.0
 */
import type { ModelSettings, ReasoningEffort } from "../../ModelSettings.ts"

/** A provider of chat completions. */
export interface Preset {
  /** What stands before the slash in the name of a model. */
  readonly name: string
  readonly aliases?: ReadonlyArray<string> | undefined
  /** Undefined where every customer has an own address. */
  readonly baseUrl: string | undefined
  /** Environment variables that replace the address; the first that is set counts. */
  readonly baseUrlVariables: ReadonlyArray<string>
  /** Environment variables of the key; the first that is set counts. */
  readonly keyVariables: ReadonlyArray<string>
  /** Whether the provider's own address may be asked without a key. */
  readonly keyless?: boolean | undefined
  readonly maxTokensField: "max_completion_tokens" | "max_tokens"
  readonly seedField?: "seed" | "random_seed" | undefined
  /** Whether usage has to be asked for. */
  readonly streamOptions: boolean
  /** Settings that are left out, because the provider refuses requests that have them. */
  readonly refuses?: ReadonlyArray<keyof ModelSettings> | undefined
  /** The fields that ask a model for an effort, or for none in particular. */
  readonly effort: (model: string, effort: ReasoningEffort | undefined) => { readonly [field: string]: unknown }
  /** The fields that let a model search the web, if it can. */
  readonly webSearch?:
    | ((
        model: string,
        size: "low" | "medium" | "high" | undefined
      ) => { readonly [field: string]: unknown } | undefined)
    | undefined
  /** What the prompt has to look like. */
  readonly prompt?: PromptRules | undefined
}

/** Rules for messages that not all providers have. */
export interface PromptRules {
  /** Ids of tool calls are exactly nine letters and digits. */
  readonly shortToolCallIds?: boolean | undefined
  /** After tool results comes an assistant message, never a user message. */
  readonly assistantAfterTool?: boolean | undefined
  /** The field in which what the model thought goes back with its tool calls. */
  readonly reasoning?: "reasoning_content" | "reasoning_details" | undefined
  /** A tool call goes back with `extra_content`, or with a word that stands for it where another provider made the call. */
  readonly signatures?: boolean | undefined
}

const none = () => ({})
const asTold = (_model: string, effort: ReasoningEffort | undefined) =>
  effort === undefined || effort === "none" ? {} : { reasoning_effort: effort }

const openAi: Preset = {
  name: "openai",
  aliases: ["chatgpt"],
  baseUrl: "https://api.openai.com/v1",
  baseUrlVariables: ["OPENAI_BASE_URL"],
  keyVariables: ["OPENAI_API_KEY"],
  maxTokensField: "max_completion_tokens",
  streamOptions: true,
  effort: (model, effort) => openAiEffort(model, effort),
  webSearch: (model, size) =>
    /-search(-|$)/.test(model)
      ? { web_search_options: size === undefined ? {} : { search_context_size: size } }
      : undefined
}

/** A server that speaks chat completions and of which nothing else is known. */
export const compatible: Preset = {
  name: "openai",
  baseUrl: undefined,
  baseUrlVariables: [],
  keyVariables: [],
  keyless: true,
  maxTokensField: "max_tokens",
  streamOptions: true,
  effort: asTold
}

/** The table. */
export const all: ReadonlyArray<Preset> = [
  openAi,
  {
    ...compatible,
    name: "gemini",
    aliases: ["google"],
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    baseUrlVariables: ["GEMINI_BASE_URL"],
    keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    keyless: false,
    // Unknown names in a request are errors there.
    refuses: ["seed", "presencePenalty", "frequencyPenalty"],
    effort: (_model, effort) => (effort === undefined ? {} : { reasoning_effort: effort }),
    prompt: { signatures: true }
  },
  {
    ...openAi,
    name: "azure",
    aliases: [],
    baseUrl: undefined,
    baseUrlVariables: ["AZURE_OPENAI_ENDPOINT", "AZURE_API_BASE"],
    keyVariables: ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
    // A deployment may have any name.
    effort: asTold,
    webSearch: undefined
  },
  {
    ...compatible,
    name: "openrouter",
    baseUrl: "https://openrouter.ai/api/v1",
    baseUrlVariables: ["OPENROUTER_BASE_URL"],
    keyVariables: ["OPENROUTER_API_KEY"],
    keyless: false,
    effort: (_model, effort) => (effort === undefined ? {} : { reasoning: { effort } }),
    webSearch: (_model, size) => ({
      plugins: [{ id: "web" }],
      ...(size === undefined ? {} : { web_search_options: { search_context_size: size } })
    }),
    prompt: { reasoning: "reasoning_details" }
  },
  {
    ...compatible,
    name: "groq",
    baseUrl: "https://api.groq.com/openai/v1",
    baseUrlVariables: ["GROQ_BASE_URL"],
    keyVariables: ["GROQ_API_KEY"],
    keyless: false,
    maxTokensField: "max_completion_tokens"
  },
  {
    ...compatible,
    name: "together",
    aliases: ["together_ai"],
    baseUrl: "https://api.together.xyz/v1",
    baseUrlVariables: ["TOGETHER_BASE_URL"],
    keyVariables: ["TOGETHER_API_KEY", "TOGETHERAI_API_KEY"],
    keyless: false
  },
  {
    ...compatible,
    name: "mistral",
    baseUrl: "https://api.mistral.ai/v1",
    baseUrlVariables: ["MISTRAL_BASE_URL"],
    keyVariables: ["MISTRAL_API_KEY"],
    keyless: false,
    seedField: "random_seed",
    // Usage comes unasked, and unknown fields are errors.
    streamOptions: false,
    prompt: { shortToolCallIds: true, assistantAfterTool: true }
  },
  {
    ...compatible,
    name: "deepseek",
    baseUrl: "https://api.deepseek.com/v1",
    baseUrlVariables: ["DEEPSEEK_BASE_URL"],
    keyVariables: ["DEEPSEEK_API_KEY"],
    keyless: false,
    effort: none,
    prompt: { reasoning: "reasoning_content" }
  },
  {
    ...compatible,
    name: "xai",
    aliases: ["grok"],
    baseUrl: "https://api.x.ai/v1",
    baseUrlVariables: ["XAI_BASE_URL"],
    keyVariables: ["XAI_API_KEY"],
    keyless: false
  },
  {
    ...compatible,
    name: "fireworks",
    aliases: ["fireworks_ai"],
    baseUrl: "https://api.fireworks.ai/inference/v1",
    baseUrlVariables: ["FIREWORKS_BASE_URL"],
    keyVariables: ["FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"],
    keyless: false
  },
  {
    ...compatible,
    name: "cerebras",
    baseUrl: "https://api.cerebras.ai/v1",
    baseUrlVariables: ["CEREBRAS_BASE_URL"],
    keyVariables: ["CEREBRAS_API_KEY"],
    keyless: false,
    maxTokensField: "max_completion_tokens",
    refuses: ["presencePenalty", "frequencyPenalty"]
  },
  {
    ...compatible,
    name: "ollama",
    aliases: ["ollama_chat"],
    baseUrl: "http://localhost:11434/v1",
    baseUrlVariables: ["OLLAMA_BASE_URL"],
    keyVariables: ["OLLAMA_API_KEY"]
  },
  {
    ...compatible,
    name: "vllm",
    aliases: ["hosted_vllm"],
    baseUrl: "http://localhost:8000/v1",
    baseUrlVariables: ["VLLM_BASE_URL", "HOSTED_VLLM_API_BASE"],
    keyVariables: ["VLLM_API_KEY", "HOSTED_VLLM_API_KEY"]
  },
  {
    ...compatible,
    name: "lmstudio",
    aliases: ["lm_studio"],
    baseUrl: "http://localhost:1234/v1",
    baseUrlVariables: ["LMSTUDIO_BASE_URL", "LM_STUDIO_API_BASE"],
    keyVariables: ["LMSTUDIO_API_KEY", "LM_STUDIO_API_KEY"]
  }
]

/** Finds a preset by its name or another name of it. */
export const byName = (name: string): Preset | undefined =>
  all.find((preset) => preset.name === name || preset.aliases?.includes(name))

/** OpenAI's own preset. */
export const standard = openAi

/** The preset for an address: what is known of OpenAI holds at OpenAI's addresses only. */
export const at = (preset: Preset, baseUrl: string): Preset =>
  preset.name !== openAi.name || /(^|\.)openai\.com$/.test(new URL(baseUrl).hostname) ? preset : compatible

// Who speaks waits for the first word: a model that can answer without thinking is asked to, where its generation lets us.
const openAiEffort = (model: string, effort: ReasoningEffort | undefined): { readonly [field: string]: unknown } => {
  if (/^o\d/.test(model)) return asTold(model, effort)
  const [, major, minor = "0", name = ""] = /^gpt-(\d+)(?:\.(\d+))?(-.*)?$/.exec(model) ?? []
  const version = Number(major) + Number(minor) / 10
  if (!(version >= 5) || /-(chat|search|audio|realtime)/.test(name)) return {}
  if (effort !== undefined && effort !== "none") return { reasoning_effort: effort }
  if (/-(pro|codex)/.test(name)) return {}
  return { reasoning_effort: version < 5.1 ? "minimal" : "none" }
}
