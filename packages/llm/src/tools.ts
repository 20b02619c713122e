/**
 * The tools that an agent can be given, in one list: `import { EndCall, TransferCall } from "@antiphon/llm/tools"`.
 *
 * @since 0.1.0
 */
export * as AgentAsHandoff from "./tool/AgentAsHandoff.ts"
export * as EndCall from "./tool/EndCall.ts"
export * as HttpTool from "./tool/HttpTool.ts"
export * as KnowledgeBase from "./tool/KnowledgeBase.ts"
export * as McpTools from "./tool/McpTools.ts"
export * as SendDtmf from "./tool/SendDtmf.ts"
export * as TransferCall from "./tool/TransferCall.ts"
export * as Voicemail from "./tool/Voicemail.ts"
export * as VoiceTool from "./tool/VoiceTool.ts"
export * as WebSearch from "./tool/WebSearch.ts"
