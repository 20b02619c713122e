/**
 * Which input events start a turn, and which interrupt the turn in progress.
 *
 * A filter keeps no state and cannot fail. Most are predicates, and compose with `Predicate.or`, `and` and `not`. A
 * filter that has to look something up (the time, a database) is an Effect. The call goes on meanwhile; if a later
 * event has started or cancelled a turn by the time it answers, its answer is ignored.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Predicate from "effect/Predicate"
import type * as Event from "./Event.ts"

/** Accepts or declines an event. */
export interface EventFilter<out R = never> {
  (event: Event.Input): boolean | Effect.Effect<boolean, never, R>
}

/** Anything that can be given as a filter: a filter, or the tags of the events it accepts. */
export type Source<R = never> = EventFilter<R> | ReadonlyArray<Event.Input["_tag"]>

/** The two filters of an agent. */
export interface Policy<out R = never> {
  /** Events that start a turn, and replace the one in progress. */
  readonly run: EventFilter<R>
  /** Events that end the turn in progress and start none. Asked only when `run` declines. */
  readonly cancel: EventFilter<R>
}

/** What an event does to the turn in progress: replace it, cancel it, or leave it alone. */
export type Decision = "Run" | "Cancel" | "Keep"

/**
 * Accepts the events with one of these tags, and narrows to them.
 *
 * With no tag it accepts nothing, so an agent that must never be interrupted cancels on `tags()`.
 */
export const tags = <const Tag extends Event.Input["_tag"]>(
  ...accepted: ReadonlyArray<Tag>
): Predicate.Refinement<Event.Input, Event.InputOf<Tag>> => {
  const lookup: ReadonlySet<string> = new Set(accepted)
  return (event): event is Event.InputOf<Tag> => lookup.has(event._tag)
}

/** Makes a filter from what was given. */
export const from = <R>(source: Source<R>): EventFilter<R> => (typeof source === "function" ? source : tags(...source))

/**
 * Line's filters: the agent runs at the start and the end of the call, after each user turn, and when background work
 * reports back; a user who starts to speak cancels.
 */
export const standard: Policy = {
  run: tags("CallStarted", "UserTurnEnded", "CallEnded", "BackgroundReturned"),
  cancel: tags("UserTurnStarted")
}

/** Decides what an event does to the turn in progress. Asks `run` first. Returns an Effect only if a filter does. */
export const decide: {
  <R>(policy: Policy<R>): (event: Event.Input) => Decision | Effect.Effect<Decision, never, R>
  <R>(event: Event.Input, policy: Policy<R>): Decision | Effect.Effect<Decision, never, R>
} = dual(2, <R>(event: Event.Input, policy: Policy<R>): Decision | Effect.Effect<Decision, never, R> => {
  const run = policy.run(event)
  if (run === true) return "Run"
  if (run === false) return cancelOrKeep(event, policy)
  return Effect.flatMap(run, (run): Effect.Effect<Decision, never, R> => {
    if (run) return Effect.succeed("Run")
    const decision = cancelOrKeep(event, policy)
    return typeof decision === "string" ? Effect.succeed(decision) : decision
  })
})

const cancelOrKeep = <R>(event: Event.Input, policy: Policy<R>): Decision | Effect.Effect<Decision, never, R> => {
  const cancel = policy.cancel(event)
  if (typeof cancel !== "boolean") return Effect.map(cancel, (cancel) => (cancel ? "Cancel" : "Keep"))
  return cancel ? "Cancel" : "Keep"
}
