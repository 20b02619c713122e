/**
 * What a voice platform's wire has to give, so that a call can be held on it: a pure machine for each call.
 *
 * A machine is told what happens (a frame came, a turn started, the agent wants something) and answers with what it wants
 * done. It has no socket, no clock and no fiber, so a protocol is tested by playing frames through it. `CallHost` holds the
 * call, and `Mount` brings the machine to sockets and HTTP requests.
 *
 * Answers are bound by id, never by time. A protocol names the report that asks for an answer (`UserTurnEnded`) after the
 * platform's request; the call copies that name into `trigger.eventId` and `respondingTo`. So each output tells whether it
 * answers the open request, one that was superseded, or none.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import type * as Arr from "effect/Array"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { Ending } from "./Ending.ts"

/** What a wire can do. */
export interface Capabilities {
  /**
   * How the platform reports what the caller heard: word by word, at the cut of the speech, per batch, inside the next
   * transcript, in its own words instead of ours, or not at all.
   */
  readonly heard: "words" | "onCut" | "batches" | "transcript" | "own" | "none"
  /** When the agent may speak without having been asked. */
  readonly unasked: "anytime" | "whenQuiet" | "withNextTurn"
  /** Whether the platform itself hangs up, transfers and presses keys only after what was said before. */
  readonly sequencesActions: boolean
  readonly dtmf: { readonly in: boolean; readonly out: boolean }
  readonly transfer: boolean
  readonly hangUp: boolean
}

/** A request as a protocol sees it: that of an upgrade, or one over HTTP with its body. */
export interface WireRequest {
  readonly method: string
  /** Path and query as the platform sent them. */
  readonly url: string
  /** Parameters of the route. */
  readonly params: { readonly [name: string]: string | undefined }
  /** Names are in lower case. */
  readonly headers: { readonly [name: string]: string }
  /** Empty for an upgrade. */
  readonly body: string
}

/** A request that is the platform's. */
export interface Admitted {
  readonly request: WireRequest
  /** Name of the call at the platform. Requests without a socket that have the same key belong to one call. */
  readonly key?: string | undefined
}

/** A request that is refused before it can touch a call. The answer is JSON: `{"detail": ...}`. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly status: number
  readonly detail: string
}> {}

/** Number of an HTTP response that is awaited on the call. */
export type ReplyId = number

/** What a machine is told. */
export type Told =
  /** A frame came from the platform. */
  | { readonly _tag: "Frame"; readonly frame: string | Uint8Array }
  /** An HTTP request came, about this call. Its response waits for an `Answer`, or for a `Chunk` that is the last. */
  | { readonly _tag: "Request"; readonly request: WireRequest; readonly reply: ReplyId }
  /** The platform went away from a response that was not complete. */
  | { readonly _tag: "ReplyClosed"; readonly reply: ReplyId }
  /** The call has started. The turn that its start begins, if there is one, was told before this. */
  | { readonly _tag: "Started" }
  /**
   * The call has taken a report and decided on it. `starts` says whether it starts a turn, which may still wait for the one
   * before it to end. If it starts none, nobody answers it.
   */
  | { readonly _tag: "Reported"; readonly report: Event.Report; readonly starts: boolean }
  /** A turn has started. Comes before its outputs. */
  | { readonly _tag: "TurnStarted"; readonly trigger: Event.Input }
  /** The agent wants something. Each output names the event it answers in `respondingTo`. */
  | { readonly _tag: "Outputs"; readonly outputs: Arr.NonEmptyReadonlyArray<Event.Output> }
  /**
   * A turn is over. Comes after its last output, and before the outputs of the next turn. A turn that was dropped before it
   * began was cancelled too: every turn that a report starts is told to be over once.
   */
  | {
      readonly _tag: "TurnEnded"
      readonly trigger: Event.Input
      readonly how: "Completed" | "Cancelled" | "Failed"
    }
  /** The time that `due` named has come. */
  | { readonly _tag: "Tick" }
  /**
   * The call is over: the last words, then nothing. `detail` is what the platform may know of a failure inside (its message
   * if errors are exposed, else `internal error`), and `errorId` the id under which the log has it.
   */
  | { readonly _tag: "Ending"; readonly ending: Ending; readonly errorId: string; readonly detail: string }

/** What goes to the platform. Carried out at once, in the order of the steps. */
export type Outward =
  /** Sends a text frame. */
  | { readonly _tag: "Send"; readonly text: string }
  /** Answers an HTTP request as a whole. The content is JSON unless another type is named. */
  | {
      readonly _tag: "Answer"
      readonly reply: ReplyId
      readonly status: number
      readonly body: string
      readonly contentType?: string | undefined
    }
  /** Sends a piece of a streamed answer (`text/event-stream`), and completes it with the last. */
  | { readonly _tag: "Chunk"; readonly reply: ReplyId; readonly text: string; readonly last: boolean }
  /** Closes the socket. Belongs to the last words; what they leave open is closed without a word. */
  | { readonly _tag: "Close"; readonly code: number; readonly reason?: string | undefined }
  /** Nothing: something that came was of no use. Logged within bounds, so `reason` must not quote what came. */
  | { readonly _tag: "Dropped"; readonly reason: string }

/** What goes to the call. Delivered one after the other, each when the one before has been taken. */
export type Inward =
  /** Makes the agent and starts the call. Wanted once, before any report. */
  | { readonly _tag: "Start"; readonly request: CallRequest }
  /** Tells the call what happened. `eventId` is the id by which answers are bound. */
  | { readonly _tag: "Report"; readonly report: Event.Report }
  /** Ends the call, once everything wanted before was delivered. */
  | { readonly _tag: "End"; readonly ending: Ending }

/**
 * What a machine wants. What is wanted for the platform never waits for the call: it leaves in the order in which it was
 * wanted, whatever the call is busy with, and before the reports of the same step are delivered.
 */
export type Wanted = Outward | Inward

/** A state and what is wanted in it. */
export type Step<State> = readonly [State, ReadonlyArray<Wanted>]

/**
 * A protocol: a machine over states of its own, which are plain data and never changed in place.
 *
 * Every protocol keeps these laws: `Start` comes before any `Report`, and once; a request that wants an answer is closed
 * exactly once, also if the agent fails or says nothing; nothing is sent for a request that was superseded; nothing but the
 * last words is sent after `Ending`; a keepalive is answered in the same step; what is not understood changes no state;
 * after a `Tick`, `due` is later than that tick.
 */
export interface Protocol<State> {
  /** One word, for logs. */
  readonly name: string
  readonly capabilities: Capabilities
  /** Subprotocols, one of which a socket has to offer first. Empty if the wire has none. */
  readonly subprotocols: ReadonlyArray<string>
  /** Refuses what is not the platform, before a socket opens or a request reaches a call. */
  readonly admit: (request: WireRequest) => Effect.Effect<Admitted, Refused>
  /** State of a call that was just reached. `now` counts milliseconds and never goes back. */
  readonly open: (admitted: Admitted, now: number) => Step<State>
  readonly step: (state: State, told: Told, now: number) => Step<State>
  /** When a `Tick` is wanted, on the clock of `now`. */
  readonly due: (state: State) => number | undefined
}
