/**
 * Test kit for agents that answer with a language model: models that follow a script or fail on purpose, judges, and
 * evaluations.
 *
 * @since 0.1.0
 */
export * as Conversation from "./testing/Conversation.ts"
export * as Evaluation from "./testing/Evaluation.ts"
export * as EvaluationReport from "./testing/EvaluationReport.ts"
export * as FaultyModel from "./testing/FaultyModel.ts"
export * as HashEmbeddings from "./testing/HashEmbeddings.ts"
export * as Judge from "./testing/Judge.ts"
export * as Persona from "./testing/Persona.ts"
export * as PromptedModel from "./testing/PromptedModel.ts"
export * as PromptRules from "./testing/PromptRules.ts"
export * as RealModel from "./testing/RealModel.ts"
export * as RecordedModel from "./testing/RecordedModel.ts"
export * as ScriptedModel from "./testing/ScriptedModel.ts"
export * as SwitchedModel from "./testing/SwitchedModel.ts"
