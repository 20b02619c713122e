/**
 * Builds the body of a chat completions request.
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"
import * as Tool from "effect/ai/Tool"
import type * as Schema from "effect/Schema"
import type OpenAI from "openai"
import * as NativeWebSearch from "../../../internal/nativeWebSearch.ts"
import * as ToolSchema from "../../../internal/toolSchema.ts"
import type { ModelSettings } from "../../ModelSettings.ts"
import type * as Asking from "../asking.ts"
import * as Acceptance from "../rules/acceptance.ts"
import * as ModelRules from "../rules/modelRules.ts"
import * as Prefill from "../rules/prefill.ts"
import * as SystemNote from "../rules/systemNote.ts"
import * as ToolNames from "../rules/toolNames.ts"
import * as ToolParameters from "../rules/toolParameters.ts"
import type { Preset } from "./openAiPresets.ts"
import * as PromptOpenAi from "./promptOpenAi.ts"

/** What a request asks for. */
export type Options = Pick<LanguageModel.ProviderOptions, "prompt" | "tools" | "toolChoice" | "responseFormat"> &
  Asking.Asking

/** Builds the body. Throws if the provider's JSON Schema cannot express a schema. */
export const make = (
  preset: Preset,
  model: string,
  settings: ModelSettings,
  options: Options
): OpenAI.ChatCompletionCreateParamsStreaming => {
  const { search, tools: all } = toolsOf(options.tools, preset, model)
  const accepted = acceptanceOf(preset, model, all.length > 0)
  const tools = all.slice(0, accepted.tools).map((tool) => functionTool(tool, accepted))
  const effort = Acceptance.effortOf(accepted, settings.reasoningEffort)
  return {
    model,
    messages: messagesOf(preset, accepted, options.prompt),
    stream: true,
    ...(preset.streamOptions ? { stream_options: { include_usage: true } } : undefined),
    ...fieldsOf(preset, accepted, Acceptance.accept(accepted, effort, settings)),
    ...Acceptance.dialed(accepted.dial, effort),
    ...(tools.length === 0
      ? undefined
      : { tools, ...toolChoice(Acceptance.choiceOf(accepted, effort, options.toolChoice)) }),
    ...search,
    ...responseFormat(options.responseFormat),
    ...objectFormat(options.object, accepted),
    ...(options.cacheKey !== undefined && preset.cacheKey?.test(model) === true
      ? { prompt_cache_key: options.cacheKey }
      : undefined),
    ...(Prefill.isBegun(options.prompt) ? continued[accepted.prefill] : undefined),
    ...settings.extra
  }
}

/** What a model accepts in chat completions. */
export const acceptanceOf = (preset: Preset, model: string, tools: boolean): Acceptance.Acceptance =>
  ModelRules.acceptanceOf({ provider: preset.name, model, api: "chat", tools })

/** Whether a body contains the beginning of a message to be completed. */
export const isBegun = ({ messages }: OpenAI.ChatCompletionCreateParams): boolean => {
  const last = messages.at(-1)
  return last !== undefined && "prefix" in last
}

const messagesOf = (
  preset: Preset,
  accepted: Acceptance.Acceptance,
  prompt: Options["prompt"]
): Array<PromptOpenAi.Message> => {
  const messages = PromptOpenAi.toMessages(prompt, preset.name, preset.prompt)
  const last = messages.at(-1)
  if (last?.role !== "assistant") return messages
  if (!Prefill.isBegun(prompt)) {
    if (preset.prompt?.alternate === true) messages.push({ role: "user", content: SystemNote.goOn })
  } else if (accepted.prefill === "prefix") messages[messages.length - 1] = Object.assign({ ...last }, { prefix: true })
  return messages
}

/** The fields that request the completion of a message. Mistral's is in the message itself. */
const continued: { readonly [How in Acceptance.Acceptance["prefill"]]: object | undefined } = {
  none: undefined,
  last: undefined,
  prefix: undefined,
  continue_final_message: { continue_final_message: true, add_generation_prompt: false }
}

const toolsOf = (tools: ReadonlyArray<Tool.Any>, preset: Preset, model: string) => {
  const functions: Array<Tool.Any> = []
  let search: { readonly [field: string]: unknown } | undefined
  for (const tool of tools) {
    const searching = NativeWebSearch.optionsOf(tool)
    if (searching !== undefined) search = preset.webSearch?.(model, searching.contextSize)
    else if (!Tool.isProviderDefined(tool)) functions.push(tool)
  }
  return { tools: functions, search }
}

const fieldsOf = (preset: Preset, accepted: Acceptance.Acceptance, settings: ModelSettings): object => {
  const limit = accepted.tokenLimit === "max_completion_tokens" ? accepted.tokenLimit : preset.maxTokensField
  const fields: { readonly [field: string]: keyof ModelSettings } = {
    temperature: "temperature",
    [limit]: "maxTokens",
    top_p: "topP",
    stop: "stop",
    [preset.seedField ?? "seed"]: "seed",
    presence_penalty: "presencePenalty",
    frequency_penalty: "frequencyPenalty"
  }
  const body: Record<string, unknown> = {}
  for (const [field, setting] of Object.entries(fields)) {
    const value = settings[setting]
    if (value != null) body[field] = value
  }
  return body
}

/** How a tool is written: in the dialect of its schema, and marked as strict or never. */
type Form = Acceptance.Acceptance["schema"] | "loose"

const functionTools: { readonly [Of in Form]: WeakMap<Tool.Any, FunctionTool> } = {
  json: new WeakMap(),
  gemini: new WeakMap(),
  plain: new WeakMap(),
  loose: new WeakMap()
}

type FunctionTool = OpenAI.ChatCompletionFunctionTool

const functionTool = (tool: Tool.Any, accepted: Acceptance.Acceptance): FunctionTool => {
  const made = wholeTool(tool, accepted)
  const { description = "" } = made.function
  if (description.length <= accepted.description) return made
  // The beginning of a description says what a tool is for.
  const short = `${description.slice(0, accepted.description - 1).toWellFormed()}…`
  return { ...made, function: { ...made.function, description: short } }
}

const wholeTool = (tool: Tool.Any, { schema, strictTools }: Acceptance.Acceptance): FunctionTool => {
  const form: Form = schema === "json" && !strictTools ? "loose" : schema
  const known = functionTools[form].get(tool)
  if (known !== undefined) return known
  const description = Tool.getDescription(tool)
  const made: FunctionTool = {
    type: "function",
    function: {
      name: ToolNames.toWire(tool.name),
      ...(description === undefined ? undefined : { description }),
      parameters: { properties: {}, ...ToolParameters.fit(ToolSchema.ofTool(tool), schema) },
      ...(Tool.getStrictMode(tool) === true && form === "json" ? { strict: true } : undefined)
    }
  }
  functionTools[form].set(tool, made)
  return made
}

const toolChoice = (
  choice: LanguageModel.ToolChoice<string>
): { readonly tool_choice?: OpenAI.ChatCompletionToolChoiceOption } => {
  if (choice === "auto") return {}
  if (typeof choice === "string") return { tool_choice: choice }
  if ("tool" in choice) return { tool_choice: { type: "function", function: { name: ToolNames.toWire(choice.tool) } } }
  return choice.mode === "required" ? { tool_choice: "required" } : {}
}

const objectFormat = (object: Tool.Any | undefined, { schema }: Acceptance.Acceptance): object | undefined =>
  object === undefined
    ? undefined
    : {
        response_format: {
          type: "json_schema",
          json_schema: {
            name: object.name,
            strict: Tool.getStrictMode(object) === true,
            schema: ToolParameters.fit(ToolSchema.ofTool(object), schema)
          }
        }
      }

const responseFormat = (format: Options["responseFormat"]): object | undefined =>
  format.type === "text"
    ? undefined
    : {
        response_format: {
          type: "json_schema",
          json_schema: {
            name: format.objectName,
            strict: true,
            schema: OpenAiStructuredOutput.toCodecOpenAI(format.schema as Schema.Codec<unknown, unknown>).jsonSchema
          }
        }
      }
