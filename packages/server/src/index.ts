/**
 * Serves voice agents over the wire of a voice platform.
 *
 * @since 0.1.0
 */
export * as CallHost from "./CallHost.ts"
export * as Calls from "./Calls.ts"
export * as Ending from "./Ending.ts"
export * as Entrance from "./Entrance.ts"
export * as Health from "./Health.ts"
export * as LineApp from "./line/LineApp.ts"
export * as LineProtocol from "./line/LineProtocol.ts"
export * as Mount from "./Mount.ts"
export * as PreCall from "./PreCall.ts"
export * as Protocol from "./Protocol.ts"
export * as RecordingFile from "./node/RecordingFile.ts"
export * as Settings from "./Settings.ts"
export * as StartFailure from "./StartFailure.ts"
export * as Supervisor from "./node/Supervisor.ts"
export * as VoiceAgentApp from "./node/VoiceAgentApp.ts"
export * as WorkerPool from "./node/WorkerPool.ts"
export * as Wire from "./line/Wire.ts"
