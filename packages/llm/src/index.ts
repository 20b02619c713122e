/**
 * Voice agents that answer with a language model.
 *
 * @since 0.1.0
 */
export * as Anthropic from "./model/Anthropic.ts"
export * as ContextPolicy from "./agent/ContextPolicy.ts"
export * as DefaultModel from "./demo/DefaultModel.ts"
export * as DemoModel from "./demo/DemoModel.ts"
export * as Document from "./knowledge/Document.ts"
export * as Embeddings from "./model/Embeddings.ts"
export * as Gemini from "./model/Gemini.ts"
export * as Knowledge from "./knowledge/Knowledge.ts"
export * as LlmAgent from "./agent/LlmAgent.ts"
export * as ModelFailure from "./model/ModelFailure.ts"
export * as ModelPlan from "./model/ModelPlan.ts"
export * as Models from "./model/Models.ts"
export * as ModelSettings from "./model/ModelSettings.ts"
export * as OpenAi from "./model/OpenAi.ts"
export * as OpenAiResponses from "./model/OpenAiResponses.ts"
export * as Passages from "./knowledge/Passages.ts"
export * as Patience from "./model/Patience.ts"
export * as Prefetch from "./knowledge/Prefetch.ts"
export * as Prices from "./model/Prices.ts"
export * as SpeechLeakGuard from "./agent/SpeechLeakGuard.ts"
export * as Transcript from "./Transcript.ts"
export * as Usage from "./model/Usage.ts"
export * as VoiceTool from "./tool/VoiceTool.ts"
export * as WarmUp from "./model/WarmUp.ts"
