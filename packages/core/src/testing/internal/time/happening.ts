/** What can happen on a call, as data with its time. */
import type { CallError } from "../../../CallError.ts"
import type * as Event from "../../../Event.ts"
import type * as EventFilter from "../../../EventFilter.ts"
import type * as History from "../../../History.ts"
import type * as Turn from "../../../Turn.ts"
import type { Step } from "./step.ts"

/**
 * Who ended a call. `transfer`: the agent transferred it. `failure`: the agent failed, and its policy is to close.
 * `connection`: the connection was lost.
 */
export type HungUpBy = "caller" | "agent" | "transfer" | "failure" | "connection"

/** Something that happened on a call, `at` milliseconds after its beginning. */
export type Entry = { readonly at: number } & Happening

/** Something that happened on a call. */
export type Happening =
  /** The call begins to read a report of the harness. */
  | { readonly _tag: "Reported"; readonly eventId: string; readonly report: Event.Report }
  /** The call has read the report, and reads on. */
  | { readonly _tag: "Taken"; readonly eventId: string }
  /** A filter has not answered immediately. */
  | { readonly _tag: "Deciding"; readonly event: Event.Input }
  /** The filters have decided what an event does. */
  | { readonly _tag: "Decided"; readonly event: Event.Input; readonly decision: EventFilter.Decision }
  | {
      readonly _tag: "TurnStarted"
      readonly turn: number
      readonly trigger: Event.Input
      /** All events that the turn responds to, the trigger last. */
      readonly triggers: ReadonlyArray<Event.Input>
      readonly history: History.History
    }
  /** The call has told its harness about the outcome of a turn. */
  | {
      readonly _tag: "TurnTold"
      readonly turn: number
      readonly change: "Started" | "Completed" | "Failed" | "Cancelled"
    }
  /** A turn fails. `apology` is what the caller should hear if the call continues. */
  | { readonly _tag: "TurnFailing"; readonly turn: number; readonly message: string; readonly apology: string }
  /** A turn ends by an interruption. `apology` is what the caller should hear if nothing has stopped the turn. */
  | { readonly _tag: "TurnInterrupted"; readonly turn: number; readonly apology: string }
  /** The agent begins an activity. Only agents that support being watched report this. */
  | { readonly _tag: "Stepped"; readonly turn: number }
  /** The turn's scope is closed; fibers that it forked may still be ending. */
  | { readonly _tag: "TurnLeft"; readonly turn: number }
  /** The turn's fiber has ended, and so has everything the turn ran. */
  | { readonly _tag: "TurnOver"; readonly turn: number }
  /** The agent hands outputs to a slow harness. */
  | { readonly _tag: "Sending"; readonly turn: number; readonly outputs: ReadonlyArray<Event.Output> }
  | { readonly _tag: "Sent"; readonly turn: number; readonly output: Event.Output }
  /** The agent records an output without sending it, for example the outcome of an interrupted tool. */
  | { readonly _tag: "Kept"; readonly turn: number; readonly output: Event.Output }
  /** The caller has heard a word that began at `from`. `reported` is the text reported to the agent, if any. */
  | {
      readonly _tag: "Spoken"
      readonly turn: number
      readonly from: number
      readonly text: string
      readonly reported: string | undefined
    }
  /** Words that were dropped because the caller spoke first. */
  | { readonly _tag: "Unspoken"; readonly turn: number; readonly text: string }
  /** The caller has said something, or part of it, beginning at `from`. */
  | { readonly _tag: "Said"; readonly from: number; readonly text: string }
  | { readonly _tag: "RegionEntered"; readonly turn: number }
  /** `Cut`: it was interrupted. */
  | { readonly _tag: "RegionLeft"; readonly turn: number; readonly how: "Whole" | "Failed" | "Cut" }
  /** The agent has changed what it sees of the history. */
  | { readonly _tag: "Edited"; readonly turn: number }
  | {
      readonly _tag: "WorkStarted"
      readonly turn: number
      readonly name: string
      readonly respondingTo: string
      readonly delivery: Turn.Delivery
      /** What happens to the work when the call ends. */
      readonly atEnd: Turn.AtEnd
    }
  | {
      readonly _tag: "WorkEnded"
      readonly name: string
      readonly respondingTo: string
      readonly delivery: Turn.Delivery
      readonly outcome: "Returned" | "Failed" | "Cancelled"
    }
  /** The call has logged a line at this level. */
  | { readonly _tag: "Logged"; readonly level: string }
  | { readonly _tag: "CallFailed"; readonly error: CallError }
  | { readonly _tag: "HungUp"; readonly by: HungUpBy; readonly reason: string | undefined }
  /** The steps the caller had left when the call was ended from the other side. The first one may have begun. */
  | { readonly _tag: "Unplayed"; readonly steps: ReadonlyArray<Step> }
  /** The agent has handled the end of the call. `fibers` of the call are still running. */
  | { readonly _tag: "Ended"; readonly fibers: number }
  /** The scope of the call has closed. */
  | { readonly _tag: "Closed"; readonly fibers: number }
  /** A note that a test added. */
  | { readonly _tag: "Noted"; readonly text: string }
