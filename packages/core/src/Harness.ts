/**
 * What a call needs of the world around it, and what it tells it.
 *
 * A harness drives a call: a voice platform over a wire, the speech pipeline, the web console, a test. It reports what happens
 * with `Call.receive`, and carries out what the agent wants.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import type * as Effect from "effect/Effect"
import type { CallError } from "./CallError.ts"
import type * as Event from "./Event.ts"
import type * as EventFilter from "./EventFilter.ts"

/**
 * What became of a turn.
 *
 * `Started` comes before the first output of the turn. One of the others comes after its last output (an apology included)
 * and before any output of the next turn. A turn that was dropped while it waited for another one to end is `Cancelled`
 * without having started, and its number is 0.
 */
export interface TurnChange {
  readonly _tag: "Started" | "Completed" | "Failed" | "Cancelled"
  readonly turn: number
  /** The event that the turn responds to: outputs name its id in `respondingTo`. */
  readonly trigger: Event.Input
}

/** What a call needs of the world around it. */
export interface Harness {
  /**
   * Carries outputs to the caller, in order. Runs in the fiber of the turn: while it waits, the agent waits, and when the
   * turn is interrupted, so is it. Each output names the event it responds to. Outputs count as sent when it is called.
   */
  readonly send: (outputs: Arr.NonEmptyReadonlyArray<Event.Output>) => Effect.Effect<void>
  /** Told of each turn, at once and in order with its outputs. It must not throw. */
  readonly turn?: ((change: TurnChange) => void) | undefined
  /** Told at most once, when the agent broke off and its policy is to close. Nothing is sent after it. */
  readonly fail: (error: CallError) => Effect.Effect<void>
}

/** What a report came to. */
export interface Receipt {
  /**
   * What the filters said: `Run` if the report started a turn, which may still wait for the one before it to end. Known at
   * once unless a filter is an Effect; nobody has to wait for it.
   */
  readonly decision: Effect.Effect<EventFilter.Decision>
}
