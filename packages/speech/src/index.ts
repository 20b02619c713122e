/**
 * Audio of a voice call.
 *
 * @since 0.1.0
 */
export * as AudioError from "./AudioError.ts"
export * as AudioFormat from "./AudioFormat.ts"
export * as AudioFrame from "./AudioFrame.ts"
export * as AudioTime from "./AudioTime.ts"
