/**
 * Voice calls on virtual time: scripted and simulated callers with voices, noisy and late lines, and checks for the
 * rules of a call and the laws of the floor.
 *
 * @since 0.1.0
 */
export * as Caller from "./testing/Caller.ts"
export * as CallerVoice from "./testing/CallerVoice.ts"
export * as FloorLaws from "./testing/FloorLaws.ts"
export type * as Network from "./testing/Network.ts"
export * as SimulatedCaller from "./testing/SimulatedCaller.ts"
export * as SpokenRules from "./testing/SpokenRules.ts"
export * as TestCall from "./testing/TestCall.ts"
export * as TestLine from "./testing/TestLine.ts"
export * as TestVoice from "./testing/TestVoice.ts"
