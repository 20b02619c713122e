/**
 * What a model accepts in a request, as a table: each row has the requests it applies to, its content, and its source.
 *
 * A row may depend on the provider, the model, the API, and whether there are tools. All matching rows are merged in
 * order, so special rows follow general ones; refusals add up.
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type { ModelSettings, ReasoningEffort } from "../../ModelSettings.ts"

/** The ways in which models are asked. */
export type Api = "chat" | "responses" | "messages" | "gemini"

/** The properties of a request that rows depend on. */
export interface Request {
  readonly provider: string
  readonly model: string
  readonly api: Api
  readonly tools: boolean
}

/** The field or fields that tell a provider how much to think. */
export type Dial =
  | "none"
  | "reasoning_effort"
  | "reasoning"
  | "reasoning.enabled"
  | "thinking"
  | "thinking adaptive"
  | "thinking+reasoning_effort"
  | "enable_thinking"
  | "chat_template_kwargs"
  | "disable_reasoning"

/** What a model accepts. */
export interface Acceptance {
  /** Unsupported settings. */
  readonly refuses: ReadonlyArray<keyof ModelSettings>
  /** Settings that are not supported with thinking. */
  readonly refusesThinking: ReadonlyArray<keyof ModelSettings>
  /** Whether temperature and topP are refused together. The temperature is kept. */
  readonly oneOfSampling: boolean
  readonly highestTemperature: number
  /** Maximum number of stop sequences. */
  readonly stops: number
  readonly tokenLimit: "max_tokens" | "max_completion_tokens"
  /** Supported efforts, from lowest to highest. Undefined if unknown; empty if none is supported. */
  readonly efforts: ReadonlyArray<ReasoningEffort> | undefined
  /** The effort to send by default: the lowest, if the model would otherwise think. */
  readonly unasked: ReasoningEffort | undefined
  /** Whether `unasked` must be sent, whatever the settings say. */
  readonly needsEffort: boolean
  /** Whether the model thinks if no effort is sent. */
  readonly thinksUnasked: boolean
  readonly dial: Dial
  /** Whether the API has a place for the system prompt. If not, it stands in the user's first message. */
  readonly systemPrompt: boolean
  /** Longest list of tools. */
  readonly tools: number
  /** Longest description of a tool, in characters. */
  readonly description: number
  /** Whether a tool may be marked as strict, beside others that are not. */
  readonly strictTools: boolean
  /** When a tool call may be required: always, unless the model thinks, or never. */
  readonly forcedCalls: "always" | "unthinking" | "never"
  /** How to continue a prefilled reply: the field that marks it, or simply its position as the last message. */
  readonly prefill: "none" | "last" | "prefix" | "continue_final_message"
  /** Whether the template may have opened a thought before the reply begins. */
  readonly mayBeginInThought: boolean
  /** Whether there is a WebSocket that takes only the new messages of a conversation. */
  readonly websocket: boolean
  /** The supported features of parameter schemas. */
  readonly schema: "json" | "plain" | "gemini"
  /** Whether a reply can be held to a schema while it is streamed. If not, the object is the arguments of a tool. */
  readonly objects: boolean
  /** Tokens of prompt and reply together. Undefined if unknown. */
  readonly contextWindow: number | undefined
}

/** A row of the table. */
export interface Rule {
  /** Providers for which it holds. All by default. */
  readonly of?: ReadonlyArray<string> | undefined
  /** Names of models for which it holds, in lower case and without what stands before the last slash. */
  readonly models?: RegExp | undefined
  readonly api?: Api | undefined
  readonly tools?: boolean | undefined
  readonly says: Partial<Acceptance>
  /** The source: documentation or observation. */
  readonly source: string
}

/** The defaults. */
const unknown: Acceptance = {
  refuses: [],
  refusesThinking: [],
  oneOfSampling: false,
  highestTemperature: 2,
  stops: Number.POSITIVE_INFINITY,
  tokenLimit: "max_tokens",
  efforts: undefined,
  unasked: undefined,
  needsEffort: false,
  thinksUnasked: false,
  dial: "reasoning_effort",
  systemPrompt: true,
  tools: 128,
  description: Number.POSITIVE_INFINITY,
  strictTools: true,
  forcedCalls: "always",
  prefill: "none",
  mayBeginInThought: false,
  websocket: false,
  schema: "json",
  objects: false,
  contextWindow: undefined
}

/** The name of a model as used in rows. */
export const bareName = (model: string): string =>
  model
    .toLowerCase()
    .replace(/^.*\//, "")
    // As Bedrock calls Claude, with the region of an inference profile.
    .replace(/^(?:[a-z-]+\.)?anthropic\./, "")
    .replace(/^databricks-/, "")
    // How OpenRouter is told to choose among those who serve a model.
    .replace(/:(?:beta|exacto|extended|floor|free|nitro|online)$/, "")
    // A model that OpenAI has tuned for an organization: `ft:gpt-4.1-mini-2025-04-14:acme::id`.
    .replace(/^ft:([^:]+).*$/, "$1")
    // Fireworks writes `glm-4p6` for GLM 4.6.
    .replace(/(\d)p(?=\d)/g, "$1.")

/** Returns the rows of a table that apply to a request. */
export const holding = (rules: ReadonlyArray<Rule>, request: Request): ReadonlyArray<Rule> => {
  const name = bareName(request.model)
  return rules.filter(
    ({ api, models, of, tools }) =>
      (of === undefined || of.includes(request.provider)) &&
      (models === undefined || models.test(name)) &&
      (api === undefined || api === request.api) &&
      (tools === undefined || tools === request.tools)
  )
}

/** Merges rows. */
export const fold = (rules: ReadonlyArray<Rule>): Acceptance => {
  let accepted = unknown
  for (const { says } of rules) {
    accepted = {
      ...accepted,
      ...says,
      refuses: [...accepted.refuses, ...(says.refuses ?? [])],
      refusesThinking: says.refusesThinking ?? accepted.refusesThinking
    }
  }
  return accepted
}

const order: ReadonlyArray<ReasoningEffort> = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]

/**
 * Returns the effort to send, or undefined to send none. An unsupported effort becomes the next higher one, or else the
 * next lower one; if thinking cannot be turned off, "none" becomes the default effort. Null leaves the choice to the
 * provider.
 */
export const effortOf = (
  { dial, efforts, needsEffort, unasked }: Acceptance,
  asked: ReasoningEffort | null | undefined
): ReasoningEffort | undefined => {
  if (dial === "none" || efforts?.length === 0) return undefined
  if (asked === null) return needsEffort ? unasked : undefined
  if (asked === undefined) return unasked
  // An unknown model may not support turning thinking off.
  if (efforts === undefined) return asked === "none" && !turnsOffAny.has(dial) ? unasked : asked
  if (efforts.includes(asked)) return asked
  if (asked === "none") return unasked
  // If none is left, thinking is on by default, and can only be turned off.
  return (
    nearest(
      efforts.filter((effort) => effort !== "none"),
      asked
    ) ?? (needsEffort ? unasked : undefined)
  )
}

/** The effort itself if it is one of these, or else the next higher one, or else the highest. */
export const nearest = (
  efforts: ReadonlyArray<ReasoningEffort>,
  asked: ReasoningEffort
): ReasoningEffort | undefined => {
  const at = order.indexOf(asked)
  const ordered = order.filter((effort) => efforts.includes(effort))
  return ordered.find((effort) => order.indexOf(effort) >= at) ?? ordered.at(-1)
}

/** Fields that a model without thinking ignores. */
const turnsOffAny: ReadonlySet<Dial> = new Set<Dial>(["thinking", "enable_thinking", "chat_template_kwargs"])

/** Returns the fields for an effort. */
export const dialed = (dial: Dial, effort: ReasoningEffort | undefined): { readonly [field: string]: unknown } => {
  if (effort === undefined) return {}
  const off = effort === "none"
  switch (dial) {
    case "none":
      return {}
    case "reasoning_effort":
      return { reasoning_effort: effort }
    case "reasoning":
      return { reasoning: { effort } }
    case "reasoning.enabled":
      return { reasoning: { enabled: !off } }
    case "thinking":
      return { thinking: { type: off ? "disabled" : "enabled" } }
    case "thinking adaptive":
      return { thinking: { type: off ? "disabled" : "adaptive" } }
    case "thinking+reasoning_effort":
      return off ? { thinking: { type: "disabled" } } : { thinking: { type: "enabled" }, reasoning_effort: effort }
    case "enable_thinking":
      return { enable_thinking: !off }
    case "chat_template_kwargs":
      return off ? { chat_template_kwargs: { enable_thinking: false, thinking: false } } : { reasoning_effort: effort }
    case "disable_reasoning":
      return { disable_reasoning: off }
  }
}

/** Whether a model thinks when it is sent this effort. */
export const thinks = ({ thinksUnasked }: Acceptance, effort: ReasoningEffort | undefined): boolean =>
  effort === undefined ? thinksUnasked : effort !== "none"

/** The choice of a tool to send: one that is forced is left to a model that would refuse it. */
export const choiceOf = (accepted: Acceptance, effort: ReasoningEffort | undefined, choice: ToolChoice): ToolChoice => {
  const { forcedCalls } = accepted
  const may = forcedCalls === "always" || (forcedCalls === "unthinking" && !thinks(accepted, effort))
  return may || !isForced(choice) ? choice : "auto"
}

type ToolChoice = LanguageModel.ToolChoice<string>

/** Whether a choice requires a call. */
export const isForced = (choice: ToolChoice): boolean =>
  choice === "required" || (typeof choice === "object" && ("tool" in choice || choice.mode === "required"))

/**
 * Room for thoughts beside those of the answer, in tokens: most providers count both against one limit, and a limit meant for
 * a spoken answer would leave nothing to say.
 */
export const room: { readonly [Effort in ReasoningEffort]: number } = {
  none: 0,
  minimal: 0,
  low: 2048,
  medium: 8192,
  high: 16384,
  xhigh: 24576,
  max: 32768
}

const samplingSettings: ReadonlyArray<keyof ModelSettings> = ["temperature", "topP"]

/**
 * Removes unsupported settings. Lowers a temperature that is too high, drops empty stop sequences, and makes room for
 * thoughts in a token limit.
 */
export const accept = (
  accepted: Acceptance,
  effort: ReasoningEffort | undefined,
  settings: ModelSettings
): ModelSettings => {
  const refused = new Set([...accepted.refuses, ...(thinks(accepted, effort) ? accepted.refusesThinking : [])])
  const kept: Record<string, unknown> = { ...settings }
  for (const setting of refused) delete kept[setting]
  const { maxTokens, stop, temperature, topP } = kept as ModelSettings
  if (maxTokens != null && thinks(accepted, effort)) kept["maxTokens"] = maxTokens + room[effort ?? "medium"]
  if (temperature != null) kept["temperature"] = Math.min(Math.max(0, temperature), accepted.highestTemperature)
  if (accepted.oneOfSampling && samplingSettings.every((setting) => kept[setting] != null)) delete kept["topP"]
  if (topP != null && kept["topP"] !== undefined) kept["topP"] = Math.min(Math.max(0, topP), 1)
  if (stop != null) {
    const stops = (typeof stop === "string" ? [stop] : stop).filter((text) => text !== "").slice(0, accepted.stops)
    if (stops.length === 0) delete kept["stop"]
    else kept["stop"] = typeof stop === "string" ? stop : stops
  }
  return kept
}
