/**
 * Calls on virtual time: scripted and simulated callers, expectations, the rules of a call as checks, replay.
 *
 * @since 0.1.0
 */
export * as Caller from "./testing/Caller.ts"
export * as Chance from "./testing/Chance.ts"
export * as Comparison from "./testing/Comparison.ts"
export * as Expect from "./testing/Expect.ts"
export * as Pace from "./testing/Pace.ts"
export type * as Pattern from "./testing/Pattern.ts"
export * as Played from "./testing/Played.ts"
export * as Property from "./testing/Property.ts"
export * as RandomAgent from "./testing/RandomAgent.ts"
export * as RecordedScript from "./testing/RecordedScript.ts"
export * as Replay from "./testing/Replay.ts"
export * as Rules from "./testing/Rules.ts"
export * as SimulatedCaller from "./testing/SimulatedCaller.ts"
export * as Spans from "./testing/Spans.ts"
export * as TestCall from "./testing/TestCall.ts"
export * as Timeline from "./testing/Timeline.ts"
export * as VirtualTime from "./testing/VirtualTime.ts"
export * as Watch from "./testing/Watch.ts"
