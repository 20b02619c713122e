/**
 * The runtime of a voice call.
 *
 * @since 0.1.0
 */
export * as Agent from "./Agent.ts"
export * as AsyncAgent from "./agent/AsyncAgent.ts"
export * as Call from "./Call.ts"
export * as CallError from "./CallError.ts"
export * as CallRequest from "./CallRequest.ts"
export * as ErrorText from "./ErrorText.ts"
export * as Event from "./Event.ts"
export * as EventFilter from "./EventFilter.ts"
export * as EventId from "./EventId.ts"
export * as Filler from "./agent/Filler.ts"
export * as Guard from "./agent/Guard.ts"
export * as Keypad from "./agent/Keypad.ts"
export * as Harness from "./Harness.ts"
export * as History from "./History.ts"
export * as JsonText from "./JsonText.ts"
export type * as Privacy from "./Privacy.ts"
export * as Recorder from "./recording/Recorder.ts"
export * as Recording from "./recording/Recording.ts"
export * as Redaction from "./recording/Redaction.ts"
export * as Script from "./Script.ts"
export * as Trace from "./Trace.ts"
export * as Turn from "./Turn.ts"
export * as WordBuffer from "./agent/WordBuffer.ts"
