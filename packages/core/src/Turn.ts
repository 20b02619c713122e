/**
 * One run of an agent, for the one event that started it.
 *
 * A turn is a scope: what its stream acquires or forks ends with it. What shall outlive it goes through `background`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { CallRequest } from "./CallRequest.ts"
import * as ErrorText from "./ErrorText.ts"
import type * as Event from "./Event.ts"
import type * as History from "./History.ts"

/**
 * Schema for when the result of background work comes back as an event.
 *
 * - `whenIdle`: once neither the caller nor the agent is speaking and no turn runs; it then starts a turn.
 * - `immediate`: at once, so it replaces the turn in progress where the agent's filter runs on it.
 * - `nextTurn`: with the next turn, whatever starts it. It starts none by itself. Line's way.
 */
export const Delivery = Schema.Literals(["whenIdle", "immediate", "nextTurn"])
/** When the result of background work comes back as an event. */
export type Delivery = typeof Delivery.Type

/** What becomes of background work when the call ends: it is interrupted, or gets the rest of `endGrace` to finish. */
export type AtEnd = "interrupt" | "finish"

/**
 * A failure of a turn whose agent knows what the caller should hear about it. Where the call goes on, the caller hears
 * `apology` in place of the agent's general one.
 */
export class Failure extends Data.TaggedError("TurnFailure")<{ readonly apology: string; readonly cause: unknown }> {
  override get message() {
    return ErrorText.of(this.cause)
  }
}

/**
 * The first turn of a call that its agent has run. What was sent in the turns before is the agent's own too, though it does
 * not remember it: it goes on with a call that was played from a recording. 1 on any other call.
 */
export const First: Context.Reference<number> = Context.Reference("@antiphon/core/Turn/First", {
  defaultValue: () => 1
})

/** What an agent is handed beside the event. */
export interface Turn {
  /** Counts the turns of a call from 1. */
  readonly id: number
  /** The event that started the turn. */
  readonly trigger: Event.Input
  /**
   * All events that the turn responds to, oldest first and the trigger last. More than one only if several results of
   * background work waited for silence together.
   */
  readonly triggers: readonly [...ReadonlyArray<Event.Input>, Event.Input]
  readonly request: CallRequest
  /** The call up to the start of the turn. */
  readonly history: History.History
  /** The call up to now, with what this turn has sent. */
  readonly currentHistory: Effect.Effect<History.History>
  /**
   * Waits until the event that started the turn counts for sure: at once, unless the caller has only probably finished. If
   * they go on, the turn is interrupted here. Do nothing before it that cannot be undone.
   */
  readonly committed: Effect.Effect<void>
  /**
   * Runs work that outlives the turn and ends with the call. Its one outcome (returned, failed or cancelled) comes back
   * as `BackgroundReturned`, exactly once. Work that still runs when the call ends is interrupted, and nobody is told; with
   * `atEnd: "finish"` it gets the rest of `endGrace` first. Work of a turn that is not committed yet waits for that.
   */
  readonly background: <A, E, R>(
    name: string,
    work: Effect.Effect<A, E, R>,
    options?: { readonly delivery?: Delivery | undefined; readonly atEnd?: AtEnd | undefined }
  ) => Effect.Effect<void, never, R>
  /**
   * Lets a stretch of the agent's stream run to its end even when the caller speaks; what was to interrupt it takes
   * effect right after. The end of the call waits for it no longer than its grace.
   */
  readonly uninterruptible: <A, E, R>(stream: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
  /**
   * Puts outputs on the record without sending them, also when the turn is interrupted already: for finalizers that have
   * an outcome to leave behind.
   */
  readonly record: (outputs: ReadonlyArray<Event.Output>) => Effect.Effect<void>
  /** Adds a line to what agents see of the history: after the event that is last now, or at an anchor. */
  readonly addEntry: (
    content: string,
    options?: {
      readonly role?: "user" | "system" | undefined
      readonly before?: History.Anchor | undefined
      readonly after?: History.Anchor | undefined
    }
  ) => Effect.Effect<Event.CustomHistoryEntry, History.AnchorError>
  /**
   * Replaces a stretch of what agents see of the history, both ends included; without a stretch it puts events first. Without
   * `end` the stretch goes to what is last now, which is the event that started the turn if nothing has happened since.
   */
  readonly updateHistory: (
    events: ReadonlyArray<History.GivenEvent>,
    stretch?: { readonly start?: History.Anchor | undefined; readonly end?: History.Anchor | undefined }
  ) => Effect.Effect<void, History.AnchorError>
}
