/**
 * The interface of a voice platform's wire: a pure state machine per call.
 *
 * A machine is told what happens (a frame arrived, a turn started, the agent wants something) and returns the actions
 * it wants. It has no socket, clock or fiber, so a test can play frames through it. `CallHost` runs the call, and
 * `Mount` connects the machine to sockets and HTTP requests.
 *
 * Answers are matched by id, never by time. A protocol gives the report that asks for an answer (`UserTurnEnded`) an
 * `eventId` derived from the platform's request; the call copies that id into `trigger.eventId` and `respondingTo`.
 * Each output therefore shows whether it answers the open request, a superseded one, or none.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import type * as Arr from "effect/Array"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { Ending } from "./Ending.ts"

/** What a wire supports. */
export interface Capabilities {
  /**
   * How the platform reports what the caller heard: word by word, when speech is cut, per batch, inside the next
   * transcript, in its own words instead of ours, or not at all.
   */
  readonly heard: "words" | "onCut" | "batches" | "transcript" | "own" | "none"
  /** When the agent may speak without being asked. */
  readonly unasked: "anytime" | "whenQuiet" | "withNextTurn"
  /** Whether the platform waits until earlier speech has been spoken before it hangs up, transfers or presses keys. */
  readonly sequencesActions: boolean
  readonly dtmf: { readonly in: boolean; readonly out: boolean }
  readonly transfer: boolean
  readonly hangUp: boolean
}

/** A request as a protocol sees it: an upgrade to a WebSocket, or an HTTP request with its body. */
export interface WireRequest {
  readonly method: string
  /** Path and query, as the platform sent them. */
  readonly url: string
  /** Parameters from the route's path. */
  readonly params: { readonly [name: string]: string | undefined }
  /** Names are in lower case. */
  readonly headers: { readonly [name: string]: string }
  /** Empty for an upgrade. */
  readonly body: string
}

/** A request recognised as the platform's. */
export interface Admitted {
  readonly request: WireRequest
  /** The platform's name for the call. HTTP requests with the same key belong to one call. */
  readonly key?: string | undefined
}

/** Refuses a request before it reaches a call. The response is JSON: `{"detail": ...}`. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly status: number
  readonly detail: string
}> {}

/** Identifies an HTTP response that the platform is waiting for. */
export type ReplyId = number

/** Everything a machine can be told. */
export type Told =
  /** A frame arrived from the platform. */
  | { readonly _tag: "Frame"; readonly frame: string | Uint8Array }
  /** An HTTP request arrived for this call. Its response waits for an `Answer`, or for `Chunk`s up to the last one. */
  | { readonly _tag: "Request"; readonly request: WireRequest; readonly reply: ReplyId }
  /** The platform closed the connection before its response was complete. */
  | { readonly _tag: "ReplyClosed"; readonly reply: ReplyId }
  /** The call has started. If its start triggered a turn, `TurnStarted` came before this. */
  | { readonly _tag: "Started" }
  /**
   * The call has taken a report and decided on it. `starts` says whether it starts a turn; the turn may still wait for
   * the previous one to end. If it is false, no answer will come.
   */
  | { readonly _tag: "Reported"; readonly report: Event.Report; readonly starts: boolean }
  /** A turn has started. Comes before the turn's outputs. */
  | { readonly _tag: "TurnStarted"; readonly trigger: Event.Input }
  /** The agent sends outputs. Each names the event it answers in `respondingTo`. */
  | { readonly _tag: "Outputs"; readonly outputs: Arr.NonEmptyReadonlyArray<Event.Output> }
  /**
   * A turn is over. Comes after the turn's last output and before the outputs of the next turn. Every turn that a
   * report starts is reported as over exactly once, as `Cancelled` even if it was dropped before it began.
   */
  | {
      readonly _tag: "TurnEnded"
      readonly trigger: Event.Input
      readonly how: "Completed" | "Cancelled" | "Failed"
    }
  /** The time returned by `due` has come. */
  | { readonly _tag: "Tick" }
  /**
   * The call is over: the machine sends its last words, then nothing. `detail` is what the platform may know about an
   * internal failure (its message if errors are exposed, otherwise `internal error`); `errorId` is the id of the
   * failure in the log.
   */
  | { readonly _tag: "Ending"; readonly ending: Ending; readonly errorId: string; readonly detail: string }

/** Actions for the platform. Carried out at once, in the order of the steps. */
export type Outward =
  /** Sends a text frame. */
  | { readonly _tag: "Send"; readonly text: string }
  /** Answers an HTTP request with a complete response. `contentType` defaults to JSON. */
  | {
      readonly _tag: "Answer"
      readonly reply: ReplyId
      readonly status: number
      readonly body: string
      readonly contentType?: string | undefined
    }
  /** Sends a piece of a streamed response (`text/event-stream`). `last` completes the response. */
  | { readonly _tag: "Chunk"; readonly reply: ReplyId; readonly text: string; readonly last: boolean }
  /** Closes the socket, as part of the last words. Without it, the connection is dropped. */
  | { readonly _tag: "Close"; readonly code: number; readonly reason?: string | undefined }
  /** Does nothing: a message was dropped. `reason` is logged, so it must not quote the message. */
  | { readonly _tag: "Dropped"; readonly reason: string }

/** Actions for the call. Delivered one at a time, each once the call has taken the previous one. */
export type Inward =
  /** Creates the agent and starts the call. Wanted exactly once, before any report. */
  | { readonly _tag: "Start"; readonly request: CallRequest }
  /** Reports an event to the call. `eventId` is the id that answers will name. */
  | { readonly _tag: "Report"; readonly report: Event.Report }
  /** Ends the call, once everything before it has been delivered. */
  | { readonly _tag: "End"; readonly ending: Ending }

/**
 * Everything a machine can want. Actions for the platform never wait for the call: they are sent in order, even while
 * the call is busy, and before the reports of the same step are delivered.
 */
export type Wanted = Outward | Inward

/** The next state, and what the machine wants. */
export type Step<State> = readonly [State, ReadonlyArray<Wanted>]

/**
 * A protocol: a pure machine over states of its own. States are plain data and never mutated.
 *
 * Every protocol obeys these laws: `Start` comes before any `Report`, and once; a request that expects an answer is
 * closed exactly once, even if the agent fails or says nothing; nothing is sent for a superseded request; nothing but
 * the last words is sent after `Ending`; a keepalive is answered in the same step; unknown messages change no state;
 * after a `Tick`, `due` is later than that tick.
 */
export interface Protocol<State> {
  /** One word, used in logs. */
  readonly name: string
  readonly capabilities: Capabilities
  /** A socket must offer one of these subprotocols first. Empty if the wire has none. */
  readonly subprotocols: ReadonlyArray<string>
  /** Refuses requests that are not the platform's, before a socket opens or a call is reached. */
  readonly admit: (request: WireRequest) => Effect.Effect<Admitted, Refused>
  /** The initial state of a call. `now` is in milliseconds and never goes back. */
  readonly open: (admitted: Admitted, now: number) => Step<State>
  readonly step: (state: State, told: Told, now: number) => Step<State>
  /** When the machine wants a `Tick`, on the clock of `now`. */
  readonly due: (state: State) => number | undefined
}
