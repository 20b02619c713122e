/**
 * Builds the body of a request to Gemini's own API (`generateContent`).
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"
import * as Tool from "effect/ai/Tool"
import type * as Schema from "effect/Schema"
import * as NativeWebSearch from "../../../internal/nativeWebSearch.ts"
import * as ToolSchema from "../../../internal/toolSchema.ts"
import type { ModelSettings, ReasoningEffort } from "../../ModelSettings.ts"
import type * as Asking from "../asking.ts"
import * as Acceptance from "../rules/acceptance.ts"
import * as ModelRules from "../rules/modelRules.ts"
import * as ToolNames from "../rules/toolNames.ts"
import * as ToolParameters from "../rules/toolParameters.ts"
import * as PromptGemini from "./promptGemini.ts"

/** What a request asks for. */
export type Options = Pick<LanguageModel.ProviderOptions, "prompt" | "tools" | "toolChoice" | "responseFormat"> &
  Pick<Asking.Asking, "object">

/** How much of one kind of harmful content to let through, in Google's words. */
export interface SafetySetting {
  readonly category: string
  readonly threshold: string
}

/** A body, as JSON. */
export interface Body {
  readonly [field: string]: unknown
}

/** Builds the body. Throws if the provider's JSON Schema cannot express a schema. */
export const make = (
  model: string,
  settings: ModelSettings,
  options: Options,
  safety: ReadonlyArray<SafetySetting> = []
): Body => {
  const search = options.tools.some((tool) => NativeWebSearch.optionsOf(tool) !== undefined)
  const all = options.tools.filter((tool) => !Tool.isProviderDefined(tool))
  const accepted = ModelRules.acceptanceOf({ provider: "gemini", model, api: "gemini", tools: all.length > 0 })
  const functions = all.slice(0, accepted.tools)
  const said = PromptGemini.toContents(options.prompt, generationOf(model) >= 3)
  const { contents, systemInstruction } = accepted.systemPrompt ? said : PromptGemini.together(said)
  const effort = Acceptance.effortOf(accepted, settings.reasoningEffort)
  const tools = [
    ...(functions.length === 0 ? [] : [{ functionDeclarations: functions.map(declaration) }]),
    ...(search ? [{ googleSearch: {} }] : [])
  ]
  return {
    ...(systemInstruction === undefined ? undefined : { systemInstruction }),
    contents,
    ...(tools.length === 0 ? undefined : { tools }),
    ...(functions.length === 0 ? undefined : toolConfig(options.toolChoice)),
    generationConfig: {
      ...fieldsOf(Acceptance.accept(accepted, effort, settings)),
      ...thinking(model, effort),
      ...formatOf(options.responseFormat),
      ...objectFormat(options.object)
    },
    ...(safety.length === 0 ? undefined : { safetySettings: safety }),
    ...settings.extra
  }
}

const fieldsOf = (settings: ModelSettings): Body => {
  const { frequencyPenalty, maxTokens, presencePenalty, seed, stop, temperature, topP } = settings
  const fields: Body = {
    temperature,
    topP,
    maxOutputTokens: maxTokens,
    stopSequences: typeof stop === "string" ? [stop] : stop,
    seed,
    presencePenalty,
    frequencyPenalty
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null))
}

/** The number in a name. A name that follows the newest model, such as `gemini-flash-latest`, has reached the third generation. */
const generationOf = (model: string): number =>
  /^gemini-[a-z-]+-latest$/.test(model) ? 3 : Number(/gemini-(\d+(?:\.\d+)?)/.exec(model)?.[1])

/** Thinking budget in tokens, for Gemini 2.5. */
const budgets: { readonly [Effort in ReasoningEffort]: number } = {
  none: 0,
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: 24576,
  xhigh: 24576,
  max: 24576
}

/** Gemini 2.5 takes a budget, Gemini 3 a level: https://ai.google.dev/gemini-api/docs/thinking */
const thinking = (model: string, effort: ReasoningEffort | undefined): Body | undefined => {
  const generation = generationOf(model)
  if (effort === undefined || !(generation >= 2.5)) return undefined
  return {
    thinkingConfig: generation >= 3 ? { thinkingLevel: effort } : { thinkingBudget: budgets[effort] }
  }
}

const declarations = new WeakMap<Tool.Any, Body>()

const declaration = (tool: Tool.Any): Body => {
  const known = declarations.get(tool)
  if (known !== undefined) return known
  const description = Tool.getDescription(tool)
  const parameters = ToolParameters.fit(ToolSchema.ofTool(tool), "gemini")
  const made: Body = {
    name: ToolNames.toWire(tool.name),
    ...(description === undefined ? undefined : { description }),
    // Gemini rejects an object without properties.
    ...(parameters["properties"] === undefined ? undefined : { parameters })
  }
  declarations.set(tool, made)
  return made
}

const toolConfig = (choice: LanguageModel.ToolChoice<string>): Body | undefined => {
  const config = (mode: string, names?: ReadonlyArray<string>) => ({
    toolConfig: {
      functionCallingConfig: {
        mode,
        ...(names === undefined ? undefined : { allowedFunctionNames: names.map(ToolNames.toWire) })
      }
    }
  })
  if (choice === "auto") return undefined
  if (choice === "none") return config("NONE")
  if (choice === "required") return config("ANY")
  if ("tool" in choice) return config("ANY", [choice.tool])
  return choice.mode === "required" ? config("ANY", choice.oneOf) : undefined
}

/** Whether the provider can enforce a schema for the reply. */
export const holdsTo = (model: string, tools: boolean): boolean =>
  ModelRules.acceptanceOf({ provider: "gemini", model, api: "gemini", tools }).objects

const objectFormat = (object: Tool.Any | undefined): Body | undefined =>
  object === undefined
    ? undefined
    : {
        responseMimeType: "application/json",
        responseJsonSchema: ToolParameters.fit(ToolSchema.ofTool(object), "json")
      }

const formatOf = (format: Options["responseFormat"]): Body | undefined =>
  format.type === "text"
    ? undefined
    : {
        responseMimeType: "application/json",
        responseJsonSchema: OpenAiStructuredOutput.toCodecOpenAI(format.schema as Schema.Codec<unknown, unknown>)
          .jsonSchema
      }
