/**
 * The body of a request to Anthropic's messages.
 *
 * @since 0.1.0
 */
import type Anthropic from "@anthropic-ai/sdk"
import * as AnthropicStructuredOutput from "effect/ai/AnthropicStructuredOutput"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Tool from "effect/ai/Tool"
import type * as Schema from "effect/Schema"
import type { ModelSettings, ReasoningEffort } from "../../ModelSettings.ts"
import * as NativeWebSearch from "../../../internal/nativeWebSearch.ts"
import * as PromptAnthropic from "./promptAnthropic.ts"
import * as ToolSchema from "../../../internal/toolSchema.ts"

/** What a request asks for. */
export type Options = Pick<LanguageModel.ProviderOptions, "prompt" | "tools" | "toolChoice" | "responseFormat">

/** Builds the body. Throws where a schema can not be said in the provider's JSON Schema. */
export const make = (
  model: string,
  settings: ModelSettings,
  options: Options
): Anthropic.MessageCreateParamsStreaming => {
  const { messages, system } = PromptAnthropic.toMessages(options.prompt)
  const thinking = thinkingOf(model, settings.reasoningEffort ?? undefined, messages)
  const format = formatOf(options.responseFormat)
  const effort = thinking.effort
  return {
    model,
    max_tokens: (settings.maxTokens ?? defaultMaxTokens) + thinking.budget,
    ...(system.length === 0 ? undefined : { system }),
    messages,
    stream: true,
    ...sampling(model, settings, thinking.config),
    ...(thinking.config === undefined ? undefined : { thinking: thinking.config }),
    ...(format === undefined && effort === undefined
      ? undefined
      : { output_config: { ...(effort === undefined ? undefined : { effort }), ...(format && { format }) } }),
    ...toolsOf(options, messages, thinking.config),
    ...settings.extra
  }
}

/** Enough for minutes of speech. The provider asks for a number. */
export const defaultMaxTokens = 4096

/** Whether a model can search the web by itself. */
export const searchesNatively = (model: string): boolean => !/^claude-(3-opus|3-sonnet|3-haiku|2|instant)/.test(model)

interface Thinking {
  readonly config: Anthropic.ThinkingConfigParam | undefined
  readonly effort: "low" | "medium" | "high" | undefined
  /** Tokens to think with, on top of those of the answer. */
  readonly budget: number
}

const budgets: { readonly [Effort in Exclude<ReasoningEffort, "none">]: number } = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16384
}

// Three generations: a budget of tokens; an effort, at the model's discretion; and an effort that can not be refused.
const generationOf = (model: string): "budget" | "adaptive" | "adaptiveByDefault" | "always" => {
  if (!model.startsWith("claude-") || /^claude-(2|3|instant)|-4(-[015])?(-\d{8}|-latest)?$/.test(model)) return "budget"
  if (/^claude-(opus|sonnet)-4-[6-8]/.test(model)) return "adaptive"
  return /^claude-(opus|sonnet)-5(-\d{8})?$/.test(model) ? "adaptiveByDefault" : "always"
}

const thinkingOf = (
  model: string,
  effort: ReasoningEffort | undefined,
  messages: ReadonlyArray<Anthropic.MessageParam>
): Thinking => {
  const generation = generationOf(model)
  const nothing: Thinking = { config: undefined, effort: undefined, budget: 0 }
  if (effort === undefined || effort === "none") {
    if (generation === "adaptiveByDefault") return { ...nothing, config: { type: "disabled" } }
    return generation === "always" && effort === "none" ? { ...nothing, effort: "low" } : nothing
  }
  if (generation !== "budget") {
    return { config: { type: "adaptive" }, effort: effort === "minimal" ? "low" : effort, budget: 0 }
  }
  // Thinking can not begin between a call and its result, and the thoughts before a call that another model made are not
  // there to be sent along.
  if (continuesWithoutThoughts(messages)) return nothing
  const budget = budgets[effort]
  return { config: { type: "enabled", budget_tokens: budget }, effort: undefined, budget }
}

const continuesWithoutThoughts = (messages: ReadonlyArray<Anthropic.MessageParam>): boolean => {
  const last = messages.at(-1)
  const before = messages.at(-2)
  if (!Array.isArray(last?.content) || last.content[0]?.type !== "tool_result") return false
  const first = Array.isArray(before?.content) ? before.content[0] : undefined
  return first?.type !== "thinking" && first?.type !== "redacted_thinking"
}

// With thoughts, and from Opus 4.7 on, how words are drawn is the model's own affair.
const sampling = (
  model: string,
  settings: ModelSettings,
  thinking: Anthropic.ThinkingConfigParam | undefined
): object => {
  const body: Record<string, unknown> = {}
  const fixed =
    (thinking !== undefined && thinking.type !== "disabled") ||
    /^claude-opus-4-[78]/.test(model) ||
    !["budget", "adaptive"].includes(generationOf(model))
  if (!fixed && settings.temperature != null) body["temperature"] = settings.temperature
  if (!fixed && settings.topP != null) body["top_p"] = settings.topP
  const stop = typeof settings.stop === "string" ? [settings.stop] : settings.stop
  const sequences = stop?.filter((sequence) => sequence.trim() !== "")
  if (sequences !== undefined && sequences.length > 0) body["stop_sequences"] = sequences
  return body
}

const toolsOf = (
  options: Options,
  messages: ReadonlyArray<Anthropic.MessageParam>,
  thinking: Anthropic.ThinkingConfigParam | undefined
): { readonly tools?: Array<Anthropic.ToolUnion>; readonly tool_choice?: Anthropic.ToolChoice } => {
  const tools: Array<Anthropic.ToolUnion> = []
  for (const tool of options.tools) {
    const searching = NativeWebSearch.optionsOf(tool)
    if (searching !== undefined) tools.push(webSearch(searching))
    else if (!Tool.isProviderDefined(tool)) tools.push(clientTool(tool))
  }
  if (tools.length > 0) {
    const choice = toolChoice(options.toolChoice)
    // A choice can not be forced on a model that thinks.
    const forced =
      choice !== undefined && choice.type !== "none" && thinking !== undefined && thinking.type !== "disabled"
    return choice === undefined || forced ? { tools } : { tools, tool_choice: choice }
  }
  // A conversation that has calls in it must say which tools there were.
  const names = usedNames(messages)
  if (names.length === 0) return {}
  return {
    tools: names.map((name) => ({ name, input_schema: { type: "object" as const } })),
    tool_choice: { type: "none" }
  }
}

const usedNames = (messages: ReadonlyArray<Anthropic.MessageParam>): ReadonlyArray<string> => {
  const names = new Set<string>()
  for (const { content } of messages) {
    if (typeof content === "string") continue
    for (const block of content) if (block.type === "tool_use") names.add(block.name)
  }
  return [...names]
}

const clientTools = new WeakMap<Tool.Any, Anthropic.Tool>()

const clientTool = (tool: Tool.Any): Anthropic.Tool => {
  let made = clientTools.get(tool)
  if (made === undefined) {
    const description = Tool.getDescription(tool)
    made = {
      name: tool.name,
      ...(description === undefined ? undefined : { description }),
      input_schema: { type: "object", ...ToolSchema.ofTool(tool) }
    }
    clientTools.set(tool, made)
  }
  return made
}

const webSearch = (options: NativeWebSearch.Options): Anthropic.WebSearchTool20250305 => ({
  type: "web_search_20250305",
  name: "web_search",
  ...(options.maxUses === undefined ? undefined : { max_uses: options.maxUses }),
  // One of the two, never both.
  ...(options.allowedDomains !== undefined
    ? { allowed_domains: [...options.allowedDomains] }
    : options.blockedDomains !== undefined && { blocked_domains: [...options.blockedDomains] }),
  ...(options.country === undefined && options.city === undefined
    ? undefined
    : { user_location: { type: "approximate", country: options.country ?? null, city: options.city ?? null } })
})

const toolChoice = (choice: LanguageModel.ToolChoice<string>): Anthropic.ToolChoice | undefined => {
  if (choice === "auto") return undefined
  if (choice === "none") return { type: "none" }
  if (choice === "required") return { type: "any" }
  if ("tool" in choice) return { type: "tool", name: choice.tool }
  return choice.mode === "required" ? { type: "any" } : undefined
}

const formatOf = (format: Options["responseFormat"]): Anthropic.JSONOutputFormat | undefined =>
  format.type === "text"
    ? undefined
    : {
        type: "json_schema",
        schema: AnthropicStructuredOutput.toCodecAnthropic(format.schema as Schema.Codec<unknown, unknown>).jsonSchema
      }
