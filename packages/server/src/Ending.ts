/**
 * Why a call on a server ended, and what that means whatever the wire: whether the agent still handles the end, and how the
 * log takes it. What the platform is told, and with which close code, is its protocol's to say.
 *
 * @since 0.1.0
 */
import * as ErrorText from "@antiphon/core/ErrorText"
import type { CallError } from "@antiphon/core/CallError"
import * as Data from "effect/Data"

/** Why a call ended. */
export type Ending = Data.TaggedEnum<{
  /** The platform has ended the call, or is gone. */
  PeerClosed: {}
  /** The agent ended the call, and its protocol has carried that out. */
  AgentEnded: {}
  /** The first message was no start message, or did not come in time. */
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
  /** The agent broke off, and its policy says to close. */
  AgentFailed: { readonly error: CallError }
  /** The peer has not read what was sent to it. */
  Stalled: {}
  /** Nothing was received for `idleTimeout`. */
  Idle: {}
  /** The server is stopping. */
  Draining: {}
  /** The server has as many calls as it takes. */
  Full: {}
}>
export const Ending = Data.taggedEnum<Ending>()

/** Reasons that a server itself ends a call for. */
export type OfServer = "Idle" | "Draining" | "Full"

/** What an ending means on the server. */
export interface Meaning {
  /** Whether the agent handles `CallEnded`. Not after garbage: what it would do then, it might do by mistake. */
  readonly callEnded: boolean
  /** How the server's log takes it. */
  readonly level: "Debug" | "Info" | "Warn" | "Error"
  /** What went wrong inside, for the log alone. */
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
  Draining: (): Meaning => ({ ...quiet, level: "Info" })
})

/**
 * What a platform may know of what went wrong inside: the message of the failure if errors are exposed, never its stack,
 * and `internal error` if they are not.
 */
export const detail = (ending: Ending, { exposeErrors }: { readonly exposeErrors: boolean }): string => {
  const { cause } = meaning(ending)
  return exposeErrors && cause !== undefined ? ErrorText.of(cause) : "internal error"
}
