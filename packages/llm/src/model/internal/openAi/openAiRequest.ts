/**
 * The body of a chat completions request.
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"
import * as Tool from "effect/ai/Tool"
import type * as Schema from "effect/Schema"
import type OpenAI from "openai"
import type { ModelSettings } from "../../ModelSettings.ts"
import * as NativeWebSearch from "../../../internal/nativeWebSearch.ts"
import type { Preset } from "./openAiPresets.ts"
import * as PromptOpenAi from "./promptOpenAi.ts"
import * as ToolSchema from "../../../internal/toolSchema.ts"

/** What a request asks for. */
export type Options = Pick<LanguageModel.ProviderOptions, "prompt" | "tools" | "toolChoice" | "responseFormat">

/** Builds the body. Throws where a schema can not be said in the provider's JSON Schema. */
export const make = (
  preset: Preset,
  model: string,
  settings: ModelSettings,
  options: Options
): OpenAI.ChatCompletionCreateParamsStreaming => {
  const tools: Array<OpenAI.ChatCompletionFunctionTool> = []
  let search: { readonly [field: string]: unknown } | undefined
  for (const tool of options.tools) {
    const searching = NativeWebSearch.optionsOf(tool)
    if (searching !== undefined) search = preset.webSearch?.(model, searching.contextSize)
    else if (!Tool.isProviderDefined(tool)) tools.push(functionTool(tool))
  }
  return {
    model,
    messages: PromptOpenAi.toMessages(options.prompt, preset.name, preset.prompt),
    stream: true,
    ...(preset.streamOptions ? { stream_options: { include_usage: true } } : undefined),
    ...sampling(preset, settings),
    ...preset.effort(model, settings.reasoningEffort ?? undefined),
    ...(tools.length === 0 ? undefined : { tools, ...toolChoice(options.toolChoice) }),
    ...search,
    ...responseFormat(options.responseFormat),
    ...settings.extra
  }
}

const sampling = (preset: Preset, settings: ModelSettings): object => {
  const fields: { readonly [field: string]: keyof ModelSettings } = {
    temperature: "temperature",
    [preset.maxTokensField]: "maxTokens",
    top_p: "topP",
    stop: "stop",
    [preset.seedField ?? "seed"]: "seed",
    presence_penalty: "presencePenalty",
    frequency_penalty: "frequencyPenalty"
  }
  const body: Record<string, unknown> = {}
  for (const [field, setting] of Object.entries(fields)) {
    const value = settings[setting]
    if (value != null && !preset.refuses?.includes(setting)) body[field] = value
  }
  return body
}

const functionTools = new WeakMap<Tool.Any, OpenAI.ChatCompletionFunctionTool>()

const functionTool = (tool: Tool.Any): OpenAI.ChatCompletionFunctionTool => {
  let made = functionTools.get(tool)
  if (made === undefined) {
    const description = Tool.getDescription(tool)
    made = {
      type: "function",
      function: {
        name: tool.name,
        ...(description === undefined ? undefined : { description }),
        parameters: { ...ToolSchema.ofTool(tool) },
        ...(Tool.getStrictMode(tool) === true ? { strict: true } : undefined)
      }
    }
    functionTools.set(tool, made)
  }
  return made
}

const toolChoice = (
  choice: LanguageModel.ToolChoice<string>
): { readonly tool_choice?: OpenAI.ChatCompletionToolChoiceOption } => {
  if (choice === "auto") return {}
  if (typeof choice === "string") return { tool_choice: choice }
  if ("tool" in choice) return { tool_choice: { type: "function", function: { name: choice.tool } } }
  return choice.mode === "required" ? { tool_choice: "required" } : {}
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
