/**
 * The interface between a call and whatever drives it.
 *
 * A harness drives a call: a voice platform over a wire, the speech pipeline, the web console, a test. It reports what
 * happens with `Call.receive`, and carries out what the agent wants.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import type * as Effect from "effect/Effect"
import type { CallError } from "./CallError.ts"
import type * as Event from "./Event.ts"
import type * as EventFilter from "./EventFilter.ts"

/**
 * A change in the life of a turn.
 *
 * `Started` comes before the first output of the turn. Exactly one of the others comes after its last output (including
 * an apology) and before any output of the next turn. A turn that was dropped while it waited for another to end is
 * `Cancelled` without having started, and its number is 0.
 */
export interface TurnChange {
  readonly _tag: "Started" | "Completed" | "Failed" | "Cancelled"
  readonly turn: number
  /** The event that the turn responds to: outputs name its id in `respondingTo`. */
  readonly trigger: Event.Input
}

/** What a call needs from its surroundings. */
export interface Harness {
  /**
   * Carries outputs to the caller, in order. Runs in the fiber of the turn: while it waits, the agent waits, and it is
   * interrupted with the turn. Each output names the event it responds to. Outputs count as sent as soon as this is
   * called. A defect fails the turn.
   */
  readonly send: (outputs: Arr.NonEmptyReadonlyArray<Event.Output>) => Effect.Effect<void>
  /**
   * Called for each change of a turn, at once and in order with its outputs. If it throws, the error is logged, and the
   * turn and the call go on as if it had not.
   */
  readonly turn?: ((change: TurnChange) => void) | undefined
  /** Called at most once, if the agent failed and its policy is to close. Nothing is sent after it. */
  readonly fail: (error: CallError) => Effect.Effect<void>
}

/** What a report led to. */
export interface Receipt {
  /**
   * The decision of the filters: `Run` if the report started a turn, which may still wait for the previous one to end.
   * Known at once unless a filter is an Effect. Waiting for it is optional.
   */
  readonly decision: Effect.Effect<EventFilter.Decision>
}
