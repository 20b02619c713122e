/** What can happen on a call, as data with its time. */
import type { CallError } from "../../../CallError.ts"
import type * as Event from "../../../Event.ts"
import type * as EventFilter from "../../../EventFilter.ts"
import type * as History from "../../../History.ts"
import type * as Turn from "../../../Turn.ts"
import type { Step } from "./step.ts"

/**
 * Who ended a call. `transfer`: the agent passed it on. `failure`: the agent broke off, and its policy is to close.
 * `connection`: it was lost.
 */
export type HungUpBy = "caller" | "agent" | "transfer" | "failure" | "connection"

/** Something that happened on a call, `at` milliseconds after its begin. */
export type Entry = { readonly at: number } & Happening

/** Something that happened on a call. */
export type Happening =
  /** The harness has reported something, and the call takes it. */
  | { readonly _tag: "Reported"; readonly eventId: string; readonly report: Event.Report }
  /** The call has taken the report, and reads on. */
  | { readonly _tag: "Taken"; readonly eventId: string }
  /** A filter takes its time to answer. */
  | { readonly _tag: "Deciding"; readonly event: Event.Input }
  /** The filters have said what an event does. */
  | { readonly _tag: "Decided"; readonly event: Event.Input; readonly decision: EventFilter.Decision }
  | {
      readonly _tag: "TurnStarted"
      readonly turn: number
      readonly trigger: Event.Input
      /** All events that the turn responds to, the trigger last. */
      readonly triggers: ReadonlyArray<Event.Input>
      readonly history: History.History
    }
  /** The call has told its harness what became of a turn. */
  | {
      readonly _tag: "TurnTold"
      readonly turn: number
      readonly change: "Started" | "Completed" | "Failed" | "Cancelled"
    }
  /** A turn breaks off. `apology` is what the caller is to hear of it where the call goes on. */
  | { readonly _tag: "TurnFailing"; readonly turn: number; readonly message: string; readonly apology: string }
  /** A turn ends by an interruption. `apology` is what the caller should hear if nothing has stopped the turn. */
  | { readonly _tag: "TurnInterrupted"; readonly turn: number; readonly apology: string }
  /** The agent begins to do something. Only told by agents that want to be watched. */
  | { readonly _tag: "Stepped"; readonly turn: number }
  /** What the turn's scope held is released; what it forked may still be ending. */
  | { readonly _tag: "TurnLeft"; readonly turn: number }
  /** The turn's fiber has ended, and with it all that the turn ran. */
  | { readonly _tag: "TurnOver"; readonly turn: number }
  /** The agent hands outputs to a harness that takes its time. */
  | { readonly _tag: "Sending"; readonly turn: number; readonly outputs: ReadonlyArray<Event.Output> }
  | { readonly _tag: "Sent"; readonly turn: number; readonly output: Event.Output }
  /** The agent puts an output on the record without sending it, for example the outcome of a tool that was interrupted. */
  | { readonly _tag: "Kept"; readonly turn: number; readonly output: Event.Output }
  /** The caller has heard a word that began at `from`. `reported` is what the agent was told of it, if it was. */
  | {
      readonly _tag: "Spoken"
      readonly turn: number
      readonly from: number
      readonly text: string
      readonly reported: string | undefined
    }
  /** Words that nobody heard, because the caller spoke before. */
  | { readonly _tag: "Unspoken"; readonly turn: number; readonly text: string }
  /** The caller has said something, or some of it, which began at `from`. */
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
      /** What becomes of it when the call ends. */
      readonly atEnd: Turn.AtEnd
    }
  | {
      readonly _tag: "WorkEnded"
      readonly name: string
      readonly respondingTo: string
      readonly delivery: Turn.Delivery
      readonly outcome: "Returned" | "Failed" | "Cancelled"
    }
  /** The call has written a line to its log, of this level. */
  | { readonly _tag: "Logged"; readonly level: string }
  | { readonly _tag: "CallFailed"; readonly error: CallError }
  | { readonly _tag: "HungUp"; readonly by: HungUpBy; readonly reason: string | undefined }
  /** What the caller was about to do when somebody else hung up. The first of it may have begun. */
  | { readonly _tag: "Unplayed"; readonly steps: ReadonlyArray<Step> }
  /** The agent has handled the end. `fibers` of the call are left. */
  | { readonly _tag: "Ended"; readonly fibers: number }
  /** The scope of the call has closed. */
  | { readonly _tag: "Closed"; readonly fibers: number }
  /** Something that a test wanted to see among the rest. */
  | { readonly _tag: "Noted"; readonly text: string }
