/**
 * Why a call on a server ended, and the consequences on any wire: whether the agent still handles the end, and at which
 * level it is logged. The protocol decides what the platform is told, and the close code.
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

/** The consequences of an ending on the server. */
export interface Meaning {
  /**
   * Whether the agent handles `CallEnded`. Not after garbage, because the agent would act on a call that may never have
   * existed.
   */
  readonly callEnded: boolean
  /** At which level it is logged. */
  readonly level: "Debug" | "Info" | "Warn" | "Error"
  /** The internal failure, for the log only. */
  readonly cause: unknown
}

const quiet: Meaning = { callEnded: true, level: "Debug", cause: undefined }
const refused: Meaning = { callEnded: false, level: "Warn", cause: undefined }
const cut: Meaning = { callEnded: true, level: "Warn", cause: undefined }
const failed = (cause: unknown): Meaning => ({ callEnded: true, level: "Error", cause })

/** Returns the consequences of an ending. */
export const meaning: (ending: Ending) => Meaning = Ending.$match({
  PeerClosed: () => quiet,
  AgentEnded: () => quiet,
  StartFailed: () => refused,
  FactoryFailed: ({ cause }) => failed(cause),
  Malformed: () => refused,
  Binary: () => refused,
  TooLarge: () => cut,
  Flood: () => cut,
  Spent: () => cut,
  AgentFailed: ({ error }) => failed(error.cause),
  Stalled: () => cut,
  Idle: () => cut,
  Full: () => cut,
  Overlong: () => cut,
  Starved: () => cut,
  Unrecorded: (): Meaning => ({ ...cut, level: "Error" }),
  Draining: (): Meaning => ({ ...quiet, level: "Info" })
})

/**
 * Returns what a platform may know about an internal failure: its message if errors are exposed, otherwise `internal
 * error`. Never a stack trace.
 */
export const detail = (ending: Ending, { exposeErrors }: { readonly exposeErrors: boolean }): string => {
  const { cause } = meaning(ending)
  return exposeErrors && cause !== undefined ? ErrorText.of(cause) : "internal error"
}
