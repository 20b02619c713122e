/**
 * Why a call on a server ended, and what follows on any wire: whether the agent still handles the end, and at which
 * level it is logged. The protocol decides what the platform is told, and the close code.
 *
 * @since 0.1.0
 */
import * as ErrorText from "@antiphon/core/ErrorText"
import type { CallError } from "@antiphon/core/CallError"
import * as Data from "effect/Data"

/** Why a call ended. */
export type Ending = Data.TaggedEnum<{
  /** The platform ended the call, or is gone. */
  PeerClosed: {}
  /** The agent ended the call, and the protocol has told the platform. */
  AgentEnded: {}
  /** The first message was not a start message, or was too late. */
  StartFailed: { readonly message: string }
  /** The agent of the call could not be made. */
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
  /** The call has lasted longer than `maxCallDuration`, and its agent did not end it. */
  Overlong: {}
  /** The memory of the server is nearly used up, and this call had received the most. */
  Starved: {}
  /** The calls are recorded without exception, and this one cannot be. */
  Unrecorded: {}
  /** The server is stopping. */
  Draining: {}
  /** The server has no room for another call. */
  Full: {}
}>
export const Ending = Data.taggedEnum<Ending>()

/** Reasons for which the server itself ends a call. */
export type OfServer = "Idle" | "Draining" | "Full" | "Overlong" | "Starved" | "Unrecorded"

/** What follows from an ending on the server. */
export interface Meaning {
  /**
   * Whether the agent handles `CallEnded`. Not after garbage: the agent would act on a call that may never have
   * existed.
   */
  readonly callEnded: boolean
  /** At which level it is logged. */
  readonly level: "Debug" | "Info" | "Warn" | "Error"
  /** The internal failure. Only the log gets it. */
  readonly cause: unknown
}

const quiet: Meaning = { callEnded: true, level: "Debug", cause: undefined }
const refused: Meaning = { callEnded: false, level: "Warn", cause: undefined }
const cut: Meaning = { callEnded: true, level: "Warn", cause: undefined }
const failed = (cause: unknown): Meaning => ({ callEnded: true, level: "Error", cause })

/** States what an ending means. */
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
 * States what a platform may know about an internal failure: its message if errors are exposed, otherwise `internal
 * error`. Never a stack trace.
 */
export const detail = (ending: Ending, { exposeErrors }: { readonly exposeErrors: boolean }): string => {
  const { cause } = meaning(ending)
  return exposeErrors && cause !== undefined ? ErrorText.of(cause) : "internal error"
}
