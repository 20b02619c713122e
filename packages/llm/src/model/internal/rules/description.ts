/**
 * Describes what would be sent to a model.
 *
 * @since 0.1.0
 */
import * as Prompt from "effect/ai/Prompt"
import * as Tool from "effect/ai/Tool"
import * as Schema from "effect/Schema"
import type { ModelSettings } from "../../ModelSettings.ts"
import * as AnthropicRequest from "../anthropic/anthropicRequest.ts"
import * as ClaudeVersions from "../anthropic/claudeVersions.ts"
import * as GeminiRequest from "../gemini/geminiRequest.ts"
import type { Preset } from "../openAi/openAiPresets.ts"
import * as OpenAiRequest from "../openAi/openAiRequest.ts"
import * as ResponsesRequest from "../responses/responsesRequest.ts"
import * as Acceptance from "./acceptance.ts"
import * as ClaudeModels from "./claudeModels.ts"
import * as ModelRules from "./modelRules.ts"

/** What would be sent, and why. */
export interface Description {
  readonly provider: string
  readonly model: string
  readonly api: Acceptance.Api
  /** The body of a request without tools. */
  readonly request: unknown
  /** The body of the same request with a tool. */
  readonly requestWithTool: unknown
  /** The sources of the rules applied. */
  readonly sources: ReadonlyArray<string>
}

interface Asked {
  readonly name: { readonly provider: string; readonly model: string }
  readonly api: Acceptance.Api
  readonly preset: Preset
  readonly settings: ModelSettings
}

const prompt = Prompt.make([
  { role: "system", content: "Be brief." },
  { role: "assistant", content: [{ type: "text", text: "Hello!" }] },
  { role: "user", content: [{ type: "text", text: "Hi." }] }
])

const tool = Tool.make("weather", {
  description: "Looks up the weather.",
  parameters: Schema.Struct({ city: Schema.String })
})

/** Describes it. */
export const make = (asked: Asked): Description => {
  const { api, name } = asked
  const rules = Acceptance.holding(ModelRules.all, { ...name, provider: asked.preset.name, api, tools: true })
  return {
    ...name,
    api,
    request: body(asked, []),
    requestWithTool: body(asked, [tool]),
    sources: api === "messages" ? ClaudeModels.sourcesOf(name.model) : rules.map(({ source }) => source)
  }
}

const body = ({ api, name, preset, settings }: Asked, tools: ReadonlyArray<Tool.Any>): unknown => {
  const options = { prompt, tools, toolChoice: "auto", responseFormat: { type: "text" } } as const
  switch (api) {
    case "messages":
      return servedBy(name.provider, AnthropicRequest.make(name.model, settings, options))
    case "responses":
      return ResponsesRequest.make(name.model, settings, options)
    case "gemini":
      return GeminiRequest.make(name.model, settings, options)
    case "chat":
      return OpenAiRequest.make(preset, name.model, settings, options)
  }
}

/** The body as sent to the cloud that serves Claude: Bedrock and Vertex have the model in the address. */
const servedBy = (provider: string, body: ReturnType<typeof AnthropicRequest.make>): unknown => {
  const { model: _, stream: __, ...rest } = body
  switch (provider) {
    case "bedrock":
      return { anthropic_version: ClaudeVersions.bedrock, ...rest }
    case "vertex_ai":
      return { anthropic_version: ClaudeVersions.vertex, ...rest, stream: true }
    default:
      return body
  }
}
