/**
 * The ways a call ends on the wire: what its peer is told, with which code the socket closes, and whether the agent still
 * handles the end of the call.
 *
 * @since 0.1.0
 */
import { describe } from "@antiphon/core/CallError"
import type { CallError } from "@antiphon/core/CallError"
import * as Data from "effect/Data"

/** Why a call ended. */
export type Ending = Data.TaggedEnum<{
  /** The peer has closed the socket, or is gone. */
  PeerClosed: {}
  /** The first message was no start message, or did not come in time. */
  StartFailed: { readonly message: string }
  /** The agent of the call could not be made. */
  FactoryFailed: { readonly callId: string; readonly cause: unknown }
  /** A message was no JSON. */
  Malformed: { readonly message: string }
  /** A message was binary. */
  Binary: {}
  /** A message was longer than `maxFrameBytes`. */
  TooLarge: { readonly limit: number }
  /** Messages came faster than `maxFramesPerSecond`. */
  Flood: { readonly limit: number }
  /** The agent broke off, and its policy is to close. */
  AgentFailed: { readonly error: CallError }
  /** The peer has not read what was sent to it. */
  Stalled: {}
  /** Nothing was received for `idleTimeout`. */
  Idle: {}
  /** The server is stopping. */
  Draining: {}
}>
export const Ending = Data.taggedEnum<Ending>()

/** What is done about an ending. */
export interface Answer {
  /** Content of the error message that the peer gets, if it gets one. */
  readonly error: string | undefined
  readonly closeCode: number
  /** Whether the agent handles `CallEnded`. Not after garbage: what it would do then, it might do by mistake. */
  readonly callEnded: boolean
  /** How the server's log takes it. */
  readonly level: "Debug" | "Info" | "Warn" | "Error"
  /** What went wrong inside, for the log alone. */
  readonly cause: unknown
}

const loop = "Error in websocket loop (likely message processing)"

/**
 * The answer to an ending. What failed inside is named to the peer only where errors are exposed; always by the id under
 * which the log has it. Prefixes and close codes are Line's where Line has the case.
 */
export const answer = (
  ending: Ending,
  { errorId, exposeErrors }: { readonly errorId: string; readonly exposeErrors: boolean }
): Answer => {
  const failed = (prefix: string, cause: unknown): Answer => ({
    error: `${prefix}: ${exposeErrors ? describe(cause) : "internal error"} (error id ${errorId})`,
    closeCode: 1000,
    callEnded: true,
    level: "Error",
    cause
  })
  const refused = (error: string, closeCode = 1000, callEnded = false): Answer => ({
    error: `${error} (error id ${errorId})`,
    closeCode,
    callEnded,
    level: "Warn",
    cause: undefined
  })
  const quiet = { error: undefined, callEnded: true, cause: undefined } as const
  return Ending.$match(ending, {
    PeerClosed: (): Answer => ({ ...quiet, closeCode: 1000, level: "Debug" }),
    StartFailed: ({ message }) => refused(`Failed to receive/parse start message: ${message}`),
    FactoryFailed: ({ callId, cause }) => failed(`Error in get_agent for ${callId}`, cause),
    Malformed: ({ message }) => refused(`Failed to parse JSON message: ${message}`),
    Binary: () => refused(`${loop}: binary messages are not supported`),
    TooLarge: ({ limit }) => refused(`Message too long: the limit is ${limit} bytes`, 1009, true),
    Flood: ({ limit }) => refused(`Too many messages: the limit is ${limit} a second`, 1008, true),
    AgentFailed: ({ error }) => failed(error.reason === "Turn" ? "Error in agent.process" : loop, error.cause),
    Stalled: (): Answer => ({ ...quiet, closeCode: 1008, level: "Warn" }),
    Idle: () => refused("Nothing was received for too long", 1000, true),
    Draining: (): Answer => ({ ...quiet, closeCode: 1001, level: "Info" })
  })
}
