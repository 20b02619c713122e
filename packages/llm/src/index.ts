/**
 * Voice agents that answer with a language model.
 *
 * @since 0.1.0
 */
export * as Anthropic from "./Anthropic.ts"
export * as DemoModel from "./DemoModel.ts"
export * as LlmAgent from "./LlmAgent.ts"
export * as ModelPlan from "./ModelPlan.ts"
export * as Models from "./Models.ts"
export * as ModelSettings from "./ModelSettings.ts"
export * as OpenAi from "./OpenAi.ts"
export * as SpeechLeakGuard from "./SpeechLeakGuard.ts"
export * as Transcript from "./Transcript.ts"
export * as VoiceTool from "./VoiceTool.ts"
export * as WarmUp from "./WarmUp.ts"
