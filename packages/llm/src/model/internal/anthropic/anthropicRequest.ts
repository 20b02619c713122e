/**
 * Builds the body of a request to Anthropic's Messages API.
 *
 * @since 0.1.0
 */
import type Anthropic from "@anthropic-ai/sdk"
import * as AnthropicStructuredOutput from "effect/ai/AnthropicStructuredOutput"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Tool from "effect/ai/Tool"
import type * as Schema from "effect/Schema"
import * as NativeWebSearch from "../../../internal/nativeWebSearch.ts"
import * as ToolSchema from "../../../internal/toolSchema.ts"
import type { ModelSettings } from "../../ModelSettings.ts"
import type * as Asking from "../asking.ts"
import * as ClaudeModels from "../rules/claudeModels.ts"
import * as SystemNote from "../rules/systemNote.ts"
import * as ToolNames from "../rules/toolNames.ts"
import * as ToolParameters from "../rules/toolParameters.ts"
import * as ClaudeThinking from "./claudeThinking.ts"
import * as PromptAnthropic from "./promptAnthropic.ts"

/** What a request asks for. */
export type Options = Pick<LanguageModel.ProviderOptions, "prompt" | "tools" | "toolChoice" | "responseFormat"> &
  Pick<Asking.Asking, "object">

/** Builds the body. Throws if the provider's JSON Schema cannot express a schema. */
export const make = (
  model: string,
  settings: ModelSettings,
  options: Options
): Anthropic.MessageCreateParamsStreaming => {
  const claude = ClaudeModels.of(model)
  const { messages, system } = PromptAnthropic.toMessages(options.prompt)
  if (messages.at(-1)?.role === "assistant" && !claude.prefill) {
    messages.push({ role: "user", content: [{ type: "text", text: SystemNote.goOn }] })
  }
  cache(messages, notesBehind(options.prompt))
  const thinking = ClaudeThinking.of(claude, settings.reasoningEffort, messages)
  const format = formatOf(options.responseFormat) ?? objectFormat(options.object)
  return {
    model,
    max_tokens: (settings.maxTokens ?? defaultMaxTokens) + thinking.room,
    ...(system.length === 0 ? undefined : { system }),
    messages,
    stream: true,
    ...sampling(claude, settings, thinking),
    ...(thinking.config === undefined ? undefined : { thinking: thinking.config }),
    ...(format === undefined && thinking.effort === undefined
      ? undefined
      : {
          output_config: {
            ...(thinking.effort === undefined ? undefined : { effort: thinking.effort }),
            ...(format && { format })
          }
        }),
    ...toolsOf(options, messages, claude, thinking, system.length === 0),
    ...settings.extra
  }
}

/** Counts the system notes at the end of the prompt: they apply to this request only, and the next one has others. */
const notesBehind = ({ content }: Options["prompt"]): number => {
  let notes = 0
  for (let at = content.length - 1; at >= 0; at--) {
    const message = content[at]!
    if (message.role !== "system") return notes
    if (message.content.trim() !== "") notes++
  }
  return 0
}

/**
 * Marks the end of a long conversation for caching, so that only the newer text of the next request has to be
 * processed. Shorter conversations cannot be cached: the minimum is 1024 tokens, or 4096 for a small model
 * (https://platform.claude.com/docs/en/build-with-claude/prompt-caching).
 */
const cache = (messages: ReadonlyArray<Anthropic.MessageParam>, notes: number): void => {
  const last = messages.at(-1)
  const block = Array.isArray(last?.content) ? last.content.at(-1 - notes) : undefined
  if (last?.role !== "user" || (block?.type !== "text" && block?.type !== "tool_result")) return
  let length = 0
  for (const { content } of messages) {
    if (typeof content === "string") length += content.length
    else for (const { type, ...rest } of content) length += type === "text" && "text" in rest ? rest.text.length : 200
    if (length >= longEnough) {
      block.cache_control = { type: "ephemeral" }
      return
    }
  }
}

/** Characters in about a thousand tokens. */
const longEnough = 4000

/** Enough for minutes of speech. The provider requires a limit. */
export const defaultMaxTokens = 4096

/** Whether a model can search the web itself. */
export const searchesNatively = (model: string): boolean => !/^claude-(3-opus|3-sonnet|3-haiku|2|instant)/.test(model)

/** Beta features used by a body, as the value of `anthropic-beta`. */
export const betaOf = ({ thinking }: Anthropic.MessageCreateParams): string | undefined =>
  thinking != null && "block_binding" in thinking ? "thinking-binding-controls-2026-08-01" : undefined

/** Whether a model can continue a reply from its beginning. Models that think first cannot. */
export const prefills = (model: string, settings: ModelSettings): boolean =>
  ClaudeModels.of(model).prefill && (settings.reasoningEffort ?? "none") === "none"

const sampling = (claude: ClaudeModels.Claude, settings: ModelSettings, thinking: ClaudeThinking.Thinking): object => {
  const body: Record<string, unknown> = {}
  if (claude.sampling && !thinking.thinks) {
    const { temperature, topP } = settings
    // Anthropic's range is 0 to 1; other providers go up to 2.
    if (temperature != null) body["temperature"] = Math.min(Math.max(0, temperature), 1)
    if (topP != null && (temperature == null || claude.bothSampling)) body["top_p"] = Math.min(Math.max(0, topP), 1)
  }
  const stop = typeof settings.stop === "string" ? [settings.stop] : settings.stop
  const sequences = stop?.filter((sequence) => sequence.trim() !== "")
  if (sequences !== undefined && sequences.length > 0) body["stop_sequences"] = sequences
  return body
}

const toolsOf = (
  options: Options,
  messages: ReadonlyArray<Anthropic.MessageParam>,
  claude: ClaudeModels.Claude,
  thinking: ClaudeThinking.Thinking,
  isCached: boolean
): { readonly tools?: Array<Anthropic.ToolUnion>; readonly tool_choice?: Anthropic.ToolChoice } => {
  const tools: Array<Anthropic.ToolUnion> = []
  for (const tool of options.tools) {
    const searching = NativeWebSearch.optionsOf(tool)
    if (searching !== undefined) tools.push(webSearch(searching))
    else if (!Tool.isProviderDefined(tool)) tools.push(clientTool(tool))
  }
  if (tools.length > 0) {
    // A mark on the system prompt also covers the tools, which come before it.
    const last = tools.at(-1)!
    if (isCached && "input_schema" in last) tools[tools.length - 1] = { ...last, cache_control: { type: "ephemeral" } }
    const choice = toolChoice(options.toolChoice)
    // A thinking model rejects a forced tool choice.
    const forced = choice !== undefined && choice.type !== "none" && (thinking.thinks || !claude.forcedCalls)
    return choice === undefined || forced ? { tools } : { tools, tool_choice: choice }
  }
  // A conversation with tool calls must declare the tools.
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
      name: ToolNames.toWire(tool.name),
      ...(description === undefined ? undefined : { description }),
      input_schema: { type: "object", ...ToolParameters.fit(ToolSchema.ofTool(tool), "json") }
    }
    clientTools.set(tool, made)
  }
  return made
}

const webSearch = (options: NativeWebSearch.Options): Anthropic.WebSearchTool20250305 => ({
  type: "web_search_20250305",
  name: "web_search",
  ...(options.maxUses === undefined ? undefined : { max_uses: options.maxUses }),
  // The two lists exclude each other.
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
  if ("tool" in choice) return { type: "tool", name: ToolNames.toWire(choice.tool) }
  return choice.mode === "required" ? { type: "any" } : undefined
}

/** Whether the provider can enforce the schema of this object. */
export const holdsTo = (model: string, object: Tool.Any): boolean =>
  ClaudeModels.of(model).objects && Tool.getStrictMode(object) === true

const objectFormat = (object: Tool.Any | undefined): Anthropic.JSONOutputFormat | undefined =>
  object === undefined
    ? undefined
    : { type: "json_schema", schema: { ...ToolParameters.fit(ToolSchema.ofTool(object), "json") } }

const formatOf = (format: Options["responseFormat"]): Anthropic.JSONOutputFormat | undefined =>
  format.type === "text"
    ? undefined
    : {
        type: "json_schema",
        schema: AnthropicStructuredOutput.toCodecAnthropic(format.schema as Schema.Codec<unknown, unknown>).jsonSchema
      }
