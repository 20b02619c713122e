/**
 * The providers of chat completions, their addresses, and how their requests differ in form from OpenAI's.
 *
 * What a model accepts is in `rules`, because it also depends on the model and the request.
 *
 * @since 0.1.0
 */
import * as CompatibleProviders from "./compatibleProviders.ts"

/** A provider of chat completions. */
export interface Preset {
  /** The part of a model's name before the slash. */
  readonly name: string
  readonly aliases?: ReadonlyArray<string> | undefined
  /** Undefined if every customer has their own address. */
  readonly baseUrl: string | undefined
  /** Environment variables that replace the address; the first one set is used. */
  readonly baseUrlVariables: ReadonlyArray<string>
  /** Environment variables of the key; the first one set is used. */
  readonly keyVariables: ReadonlyArray<string>
  /** Whether requests may be sent without a key. */
  readonly keyless?: boolean | undefined
  readonly maxTokensField: "max_completion_tokens" | "max_tokens"
  readonly seedField?: "seed" | "random_seed" | undefined
  /** Whether usage must be requested. */
  readonly streamOptions: boolean
  /** The models for which the provider supports `prompt_cache_key`. */
  readonly cacheKey?: RegExp | undefined
  /** The fields that let a model search the web, if it can. */
  readonly webSearch?:
    | ((
        model: string,
        size: "low" | "medium" | "high" | undefined
      ) => { readonly [field: string]: unknown } | undefined)
    | undefined
  /** The form that prompts must have. */
  readonly prompt?: PromptRules | undefined
  /** Address for continuing a partial reply, if it differs from the usual one. */
  readonly prefixUrl?: ((baseUrl: string) => string) | undefined
}

/** Rules for messages that only some providers have. */
export interface PromptRules {
  /** Ids of tool calls must be exactly nine letters and digits. */
  readonly shortToolCallIds?: boolean | undefined
  /** An assistant message must follow tool results, never a user message. */
  readonly assistantAfterTool?: boolean | undefined
  /** System messages must come first. Those within the conversation become marked text of the user. */
  readonly systemFirst?: boolean | undefined
  /**
   * User and assistant must alternate, starting with the user: the templates of many open models reject anything else.
   */
  readonly alternate?: boolean | undefined
  /** The field in which thoughts go back with their tool calls. */
  readonly reasoning?: "reasoning_content" | "reasoning_details" | undefined
  /** What stands there for a call without thoughts, if that must not be empty. */
  readonly thoughtless?: string | undefined
  /** Whether the field is required of replies without calls, too. */
  readonly thoughtsAlways?: boolean | undefined
  /** Whether every message must have content, even one with calls only. */
  readonly contentAlways?: boolean | undefined
  /** Whether a tool call goes back with `extra_content`, or with a placeholder if another provider made the call. */
  readonly signatures?: boolean | undefined
}

/** The form that the strictest templates of open models require. Every model understands it. */
export const strictPrompt: PromptRules = { systemFirst: true, alternate: true, assistantAfterTool: true }

const openAi: Preset = {
  name: "openai",
  aliases: ["chatgpt"],
  baseUrl: "https://api.openai.com/v1",
  baseUrlVariables: ["OPENAI_BASE_URL"],
  keyVariables: ["OPENAI_API_KEY"],
  maxTokensField: "max_completion_tokens",
  streamOptions: true,
  // https://developers.openai.com/api/docs/guides/prompt-caching; Azure supports it through OpenAI's v1 API.
  cacheKey: /./,
  webSearch: (model, size) =>
    /-search(-|$)/.test(model)
      ? { web_search_options: size === undefined ? {} : { search_context_size: size } }
      : undefined
}

/** An unknown server. Its models may have strict templates. */
export const compatible: Preset = {
  name: "openai",
  baseUrl: undefined,
  baseUrlVariables: [],
  keyVariables: [],
  keyless: true,
  maxTokensField: "max_tokens",
  streamOptions: true,
  prompt: strictPrompt
}

/** A hosted provider of many models. */
const hosted: Preset = { ...compatible, keyless: false }
/** A provider whose own models accept messages in any order. */
const lenient: Preset = { ...hosted, prompt: { systemFirst: true } }

/** The table. */
export const all: ReadonlyArray<Preset> = [
  openAi,
  {
    ...lenient,
    name: "gemini",
    aliases: ["google"],
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    baseUrlVariables: ["GEMINI_BASE_URL"],
    keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    prompt: { systemFirst: true, signatures: true }
  },
  {
    ...openAi,
    name: "azure",
    aliases: [],
    baseUrl: undefined,
    baseUrlVariables: ["AZURE_OPENAI_ENDPOINT", "AZURE_API_BASE"],
    keyVariables: ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
    // earendil-works/pi#9645: models of others, such as DeepSeek's, answer "unrecognized_request_argument".
    cacheKey: /gpt|\bo\d/i,
    webSearch: undefined
  },
  {
    ...hosted,
    name: "openrouter",
    baseUrl: "https://openrouter.ai/api/v1",
    baseUrlVariables: ["OPENROUTER_BASE_URL"],
    keyVariables: ["OPENROUTER_API_KEY"],
    webSearch: (_model, size) => ({
      plugins: [{ id: "web" }],
      ...(size === undefined ? {} : { web_search_options: { search_context_size: size } })
    }),
    prompt: { ...strictPrompt, reasoning: "reasoning_details" }
  },
  {
    ...lenient,
    name: "groq",
    baseUrl: "https://api.groq.com/openai/v1",
    baseUrlVariables: ["GROQ_BASE_URL"],
    keyVariables: ["GROQ_API_KEY"],
    maxTokensField: "max_completion_tokens"
  },
  {
    ...hosted,
    name: "together",
    aliases: ["together_ai"],
    baseUrl: "https://api.together.xyz/v1",
    baseUrlVariables: ["TOGETHER_BASE_URL"],
    keyVariables: ["TOGETHER_API_KEY", "TOGETHERAI_API_KEY"]
  },
  {
    ...hosted,
    name: "mistral",
    baseUrl: "https://api.mistral.ai/v1",
    baseUrlVariables: ["MISTRAL_BASE_URL"],
    keyVariables: ["MISTRAL_API_KEY"],
    seedField: "random_seed",
    // Usage is always sent, and unknown fields are errors.
    streamOptions: false,
    // https://docs.mistral.ai/studio-api/conversations/advanced/prompt-caching
    cacheKey: /./,
    prompt: { ...strictPrompt, shortToolCallIds: true }
  },
  {
    ...lenient,
    name: "deepseek",
    baseUrl: "https://api.deepseek.com/v1",
    baseUrlVariables: ["DEEPSEEK_BASE_URL"],
    keyVariables: ["DEEPSEEK_API_KEY"],
    // vercel/ai#13203: "to be present in all assistant messages within the current thinking chain, even if empty"
    prompt: { systemFirst: true, reasoning: "reasoning_content", thoughtsAlways: true },
    // https://api-docs.deepseek.com/guides/chat_prefix_completion
    prefixUrl: (baseUrl) => `${baseUrl.replace(/\/v1$/, "")}/beta`
  },
  {
    ...lenient,
    name: "xai",
    aliases: ["grok"],
    baseUrl: "https://api.x.ai/v1",
    baseUrlVariables: ["XAI_BASE_URL"],
    keyVariables: ["XAI_API_KEY"],
    // langchain-ai/langchain#34140: "Each message must have at least one content element."
    prompt: { systemFirst: true, contentAlways: true }
  },
  {
    ...hosted,
    name: "fireworks",
    aliases: ["fireworks_ai"],
    baseUrl: "https://api.fireworks.ai/inference/v1",
    baseUrlVariables: ["FIREWORKS_BASE_URL"],
    keyVariables: ["FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"]
  },
  {
    ...lenient,
    name: "cerebras",
    baseUrl: "https://api.cerebras.ai/v1",
    baseUrlVariables: ["CEREBRAS_BASE_URL"],
    keyVariables: ["CEREBRAS_API_KEY"],
    maxTokensField: "max_completion_tokens"
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
  },
  ...CompatibleProviders.rows.map((row): Preset => {
    const { address, aliases, keys, lenient: isLenient, name, own, thoughts } = row
    const variable = name.toUpperCase()
    const base = isLenient === true ? lenient : hosted
    return {
      ...base,
      ...(thoughts === true
        ? { prompt: { ...base.prompt, reasoning: "reasoning_content", thoughtless: " " } as const }
        : undefined),
      name,
      ...(aliases === undefined ? undefined : { aliases }),
      baseUrl: address,
      baseUrlVariables: [`${variable}_BASE_URL`, `${variable}_API_BASE`],
      keyVariables: keys,
      keyless: own === true
    }
  })
]

/** Finds a preset by its name or an alias. */
export const byName = (name: string): Preset | undefined =>
  all.find((preset) => preset.name === name || preset.aliases?.includes(name))

/** OpenAI's own preset. */
export const standard = openAi

/** Chooses the preset for an address: rules for OpenAI's server apply only at OpenAI's addresses. */
export const at = (preset: Preset, baseUrl: string): Preset =>
  preset !== openAi || isOpenAi(baseUrl) ? preset : compatible

/** Whether this is an address of OpenAI itself. */
export const isOpenAi = (baseUrl: string): boolean => /(^|\.)openai\.com$/.test(new URL(baseUrl).hostname)
