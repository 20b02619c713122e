/**
 * Builds the body of a request to OpenAI's Responses API.
 *
 * OpenAI stores nothing: each request contains the whole conversation, and thoughts are exchanged encrypted.
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
import * as ToolNames from "../rules/toolNames.ts"
import * as ToolParameters from "../rules/toolParameters.ts"
import * as PromptResponses from "./promptResponses.ts"

/** What a request asks for. */
export type Options = Pick<LanguageModel.ProviderOptions, "prompt" | "tools" | "toolChoice" | "responseFormat"> &
  Asking.Asking

type Body = OpenAI.Responses.ResponseCreateParamsStreaming

/** Builds the body. Throws if the provider's JSON Schema cannot express a schema. */
export const make = (model: string, settings: ModelSettings, options: Options): Body => {
  const tools = options.tools.flatMap(toolOf)
  const accepted = ModelRules.acceptanceOf({ provider: "openai", model, api: "responses", tools: tools.length > 0 })
  const effort = Acceptance.effortOf(accepted, settings.reasoningEffort)
  const { maxTokens, temperature, topP } = Acceptance.accept(accepted, effort, settings)
  const { input, instructions } = PromptResponses.toInput(options.prompt)
  const thinks = Acceptance.thinks(accepted, effort)
  return {
    model,
    ...(instructions === "" ? undefined : { instructions }),
    input,
    stream: true,
    store: false,
    ...(temperature == null ? undefined : { temperature }),
    ...(topP == null ? undefined : { top_p: topP }),
    ...(maxTokens == null ? undefined : { max_output_tokens: maxTokens }),
    ...(effort === undefined ? undefined : { reasoning: { effort } }),
    // Without thinking there is nothing to send back.
    ...(thinks ? { include: ["reasoning.encrypted_content" as const] } : undefined),
    ...(tools.length === 0 ? undefined : { tools: tools.slice(0, accepted.tools), ...toolChoice(options.toolChoice) }),
    ...format(options.responseFormat),
    ...objectFormat(options.object),
    ...(options.cacheKey === undefined ? undefined : { prompt_cache_key: options.cacheKey }),
    ...settings.extra
  }
}

const functionTools = new WeakMap<Tool.Any, OpenAI.Responses.FunctionTool>()

const toolOf = (tool: Tool.Any): ReadonlyArray<OpenAI.Responses.Tool> => {
  const searching = NativeWebSearch.optionsOf(tool)
  if (searching !== undefined) {
    const { contextSize } = searching
    return [{ type: "web_search", ...(contextSize === undefined ? undefined : { search_context_size: contextSize }) }]
  }
  return Tool.isProviderDefined(tool) ? [] : [functionTool(tool)]
}

const functionTool = (tool: Tool.Any): OpenAI.Responses.FunctionTool => {
  const known = functionTools.get(tool)
  if (known !== undefined) return known
  const description = Tool.getDescription(tool)
  const made: OpenAI.Responses.FunctionTool = {
    type: "function",
    name: ToolNames.toWire(tool.name),
    ...(description === undefined ? undefined : { description }),
    parameters: { ...ToolParameters.fit(ToolSchema.ofTool(tool), "json") },
    // The default is strict, which rejects a schema that is not.
    strict: Tool.getStrictMode(tool) === true
  }
  functionTools.set(tool, made)
  return made
}

const toolChoice = (choice: LanguageModel.ToolChoice<string>): Pick<Body, "tool_choice"> => {
  if (choice === "auto") return {}
  if (typeof choice === "string") return { tool_choice: choice }
  if ("tool" in choice) return { tool_choice: { type: "function", name: ToolNames.toWire(choice.tool) } }
  return choice.mode === "required" ? { tool_choice: "required" } : {}
}

const objectFormat = (object: Tool.Any | undefined): Pick<Body, "text"> | undefined =>
  object === undefined
    ? undefined
    : {
        text: {
          format: {
            type: "json_schema",
            name: object.name,
            strict: Tool.getStrictMode(object) === true,
            schema: { ...ToolParameters.fit(ToolSchema.ofTool(object), "json") }
          }
        }
      }

const format = (format: Options["responseFormat"]): Pick<Body, "text"> | undefined =>
  format.type === "text"
    ? undefined
    : {
        text: {
          format: {
            type: "json_schema",
            name: format.objectName,
            strict: true,
            schema: OpenAiStructuredOutput.toCodecOpenAI(format.schema as Schema.Codec<unknown, unknown>)
              .jsonSchema as Record<string, unknown>
          }
        }
      }
