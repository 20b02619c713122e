/**
 * One run of an agent, for the one event that started it.
 *
 * A turn is a scope: what its stream acquires or forks ends with it. Use `background` for work that must outlive it.
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
 * - `immediate`: at once, so it replaces the turn in progress if the agent's filter runs on it.
 * - `nextTurn`, as in Line: with the next turn, whatever starts it. The result itself starts no turn.
 */
export const Delivery = Schema.Literals(["whenIdle", "immediate", "nextTurn"])
/** When the result of background work comes back as an event. */
export type Delivery = typeof Delivery.Type

/** What happens to background work when the call ends: it is interrupted, or gets the rest of `endGrace` to finish. */
export type AtEnd = "interrupt" | "finish"

/**
 * A failure of a turn with its own apology. If the call goes on, the caller hears `apology` instead of the agent's
 * general one.
 */
export class Failure extends Data.TaggedError("TurnFailure")<{ readonly apology: string; readonly cause: unknown }> {
  override get message() {
    return ErrorText.of(this.cause)
  }
}

/**
 * Number of the first turn that this agent runs itself. Greater than 1 only in a fork: the turns before it were
 * replayed from a recording, and count as the agent's own.
 */
export const First: Context.Reference<number> = Context.Reference("@antiphon/core/Turn/First", {
  defaultValue: () => 1
})

/** What an agent gets in addition to the event. */
export interface Turn {
  /** Number of the turn within its call, from 1. */
  readonly id: number
  /** The event that started the turn. */
  readonly trigger: Event.Input
  /**
   * All events that the turn responds to, oldest first and the trigger last. More than one only if several background
   * results waited for silence together.
   */
  readonly triggers: readonly [...ReadonlyArray<Event.Input>, Event.Input]
  readonly request: CallRequest
  /** The call up to the start of the turn. */
  readonly history: History.History
  /** The call up to now, with what this turn has sent. */
  readonly currentHistory: Effect.Effect<History.History>
  /**
   * Waits until the event that started the turn is certain. Returns at once unless the caller has only probably
   * finished; if the caller goes on, the turn is interrupted here. Do nothing irreversible before this.
   */
  readonly committed: Effect.Effect<void>
  /**
   * Runs work that outlives the turn and ends with the call. Its outcome (returned, failed or cancelled) comes back as
   * `BackgroundReturned`, exactly once. Work that still runs when the call ends is interrupted without a report; with
   * `atEnd: "finish"` it gets the rest of `endGrace` first. Work of a tentative turn starts once the turn is committed.
   */
  readonly background: <A, E, R>(
    name: string,
    work: Effect.Effect<A, E, R>,
    options?: { readonly delivery?: Delivery | undefined; readonly atEnd?: AtEnd | undefined }
  ) => Effect.Effect<void, never, R>
  /**
   * Lets part of the agent's stream run to its end even if the caller speaks; the interruption takes effect right after
   * it. The end of the call waits for it no longer than its grace.
   */
  readonly uninterruptible: <A, E, R>(stream: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
  /**
   * Records outputs without sending them. Also works once the turn is interrupted, for finalizers that record an
   * outcome.
   */
  readonly record: (outputs: ReadonlyArray<Event.Output>) => Effect.Effect<void>
  /** Adds a line to the history that agents see: after the last event so far, or at an anchor. */
  readonly addEntry: (
    content: string,
    options?: {
      readonly role?: "user" | "system" | undefined
      readonly before?: History.Anchor | undefined
      readonly after?: History.Anchor | undefined
    }
  ) => Effect.Effect<Event.CustomHistoryEntry, History.AnchorError>
  /**
   * Replaces a stretch of the history that agents see, including both ends; without `start` and `end` it inserts events
   * at the beginning. Without `end` the stretch reaches to the last event so far.
   */
  readonly updateHistory: (
    events: ReadonlyArray<History.GivenEvent>,
    stretch?: { readonly start?: History.Anchor | undefined; readonly end?: History.Anchor | undefined }
  ) => Effect.Effect<void, History.AnchorError>
}
