/**
 * Why a call on a server ended, on any wire. The protocol decides what the platform is told, and the close code.
 *
 * @since 0.1.0
 */
import * as ErrorText from "@antiphon/core/ErrorText"
import type { CallError } from "@antiphon/core/CallError"
import * as Data from "effect/Data"

/** Why a call ended. */
export type Ending = Data.TaggedEnum<{
  /** The platform ended the call, or disconnected. */
  PeerClosed: {}
  /** The agent ended the call, and the protocol has told the platform. */
  AgentEnded: {}
  /** The first message was not a start message, or was too late. */
  StartFailed: { readonly message: string }
  /** The agent of the call could not be created. */
  FactoryFailed: { readonly callId: string; readonly cause: unknown }
  /** A message could not be read at all. */
  Malformed: { readonly message: string }
  /** A message was binary, on a wire of text. */
  Binary: {}
  /** A message was longer than `maxFrameBytes`. */
  TooLarge: { readonly limit: number }
  /** Messages came faster than `maxFramesPerSecond`, or bytes faster than `maxBytesPerSecond`. */
  Flood: { readonly limit: number; readonly of: "messages" | "bytes" }
  /** The call has received more than `maxCallBytes`. */
  Spent: { readonly limit: number }
  /** The agent failed, and its policy is to close. */
  AgentFailed: { readonly error: CallError }
  /** The peer has not read what was sent to it. */
  Stalled: {}
  /** Nothing was received for `idleTimeout`. */
  Idle: {}
  /** The call exceeded `maxCallDuration`, and its agent did not end it. */
  Overlong: {}
  /** The server is running out of memory, and this call had received the most. */
  Starved: {}
  /** All calls must be recorded, and this one cannot be. */
  Unrecorded: {}
  /** The server is stopping. */
  Draining: {}
  /** The server has no room for another call. */
  Full: {}
}>
export const Ending = Data.taggedEnum<Ending>()

/** Reasons for which the server itself ends a call. */
export type OfServer = "Idle" | "Draining" | "Full" | "Overlong" | "Starved" | "Unrecorded"

/** Returns the failure of our own that ended the call, if there was one. For the log only: it may say anything. */
export const cause = (ending: Ending): unknown => {
  if (ending._tag === "FactoryFailed") return ending.cause
  return ending._tag === "AgentFailed" ? ending.error.cause : undefined
}

/**
 * Returns what a platform may know about an internal failure: its message if errors are exposed, otherwise `internal
 * error`. Never a stack trace.
 */
export const detail = (ending: Ending, { exposeErrors }: { readonly exposeErrors: boolean }): string => {
  const why = cause(ending)
  return exposeErrors && why !== undefined ? ErrorText.of(why) : "internal error"
}
