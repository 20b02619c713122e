/**
 * What the filters say of each event, in order, without anybody waiting for them.
 *
 * A filter that is a predicate is asked and obeyed at once. One that is an Effect is asked in a fiber of the call; the events
 * that come meanwhile are asked about as well. If a later event has started or cancelled a turn by the time it answers, its
 * answer is out of date: in the order of the events that turn would have been replaced already.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Event from "../../Event.ts"
import * as EventFilter from "../../EventFilter.ts"
import { awaitAll } from "./turnSlot.ts"

/** What the call decides about an event: known at once, or to be waited for. */
export type Decided = EventFilter.Decision | Effect.Effect<EventFilter.Decision>

export interface Deciding {
  /** Asks about events that came together. If any of them runs the agent, one turn responds to those that do. */
  readonly decide: (events: ReadonlyArray<Event.Input>) => Decided
  /** The turn that any event so far has asked for was taken back: answers that are still to come are out of date. */
  readonly takenBack: () => void
  /** Whether an event is not decided on yet. */
  readonly isUndecided: () => boolean
  /** Interrupts the filters that still think, and waits for them. */
  readonly close: Effect.Effect<void>
}

type Answer<R> = EventFilter.Decision | Effect.Effect<EventFilter.Decision, never, R>

export const make = <R>(options: {
  readonly policy: EventFilter.Policy<R>
  /** Longest time that a filter may take; after it the event is kept. */
  readonly timeout: Duration.Duration
  readonly fork: (effect: Effect.Effect<void, never, R>) => Fiber.Fiber<void>
  /** Does what was decided about the events that it was decided about. */
  readonly act: (events: ReadonlyArray<Event.Input>, decision: "Run" | "Cancel") => void
  /** Run when a filter threw, died, or took too long. */
  readonly failed: (cause: Cause.Cause<unknown>) => Effect.Effect<void>
  readonly late: Effect.Effect<void>
  /** Told when an event is decided on that had to be waited for. */
  readonly settled: () => void
}): Deciding => {
  let asked = 0
  /** Number of the latest events that have started or cancelled a turn. */
  let acted = 0
  let undecided = 0
  const thinking = new Set<Fiber.Fiber<void>>()

  const fork = (effect: Effect.Effect<void, never, R>) => {
    const fiber = options.fork(effect)
    thinking.add(fiber)
    fiber.addObserver(() => thinking.delete(fiber))
  }

  const act = (
    number: number,
    events: ReadonlyArray<Event.Input>,
    decisions: ReadonlyArray<EventFilter.Decision>
  ): EventFilter.Decision => {
    if (number < acted) return "Keep"
    const run = events.filter((_, i) => decisions[i] === "Run")
    const decision = run.length > 0 ? "Run" : decisions.includes("Cancel") ? "Cancel" : "Keep"
    if (decision === "Keep") return "Keep"
    acted = number
    options.act(decision === "Run" ? run : events, decision)
    return decision
  }

  const ask = (event: Event.Input): Answer<R> => {
    try {
      return EventFilter.decide(event, options.policy)
    } catch (error) {
      fork(options.failed(Cause.die(error)))
      return "Keep"
    }
  }

  const wait = (
    number: number,
    events: ReadonlyArray<Event.Input>,
    answers: ReadonlyArray<Answer<R>>
  ): Effect.Effect<EventFilter.Decision> => {
    const decided = Deferred.makeUnsafe<EventFilter.Decision>()
    undecided++
    const one = (answer: Answer<R>): Effect.Effect<EventFilter.Decision, never, R> =>
      typeof answer === "string"
        ? Effect.succeed(answer)
        : answer.pipe(
            Effect.timeoutOrElse({
              duration: options.timeout,
              orElse: () => Effect.as(options.late, "Keep" as const)
            }),
            Effect.catchCause((cause) => Effect.as(options.failed(cause), "Keep" as const))
          )
    fork(
      Effect.forEach(answers, one, { concurrency: "unbounded" }).pipe(
        Effect.flatMap((decisions) => Deferred.succeed(decided, act(number, events, decisions))),
        Effect.ensuring(
          Effect.suspend(() => {
            undecided--
            options.settled()
            return Deferred.succeed(decided, "Keep")
          })
        ),
        Effect.asVoid
      )
    )
    return Deferred.await(decided)
  }

  return {
    isUndecided: () => undecided > 0,
    takenBack: () => {
      acted = asked + 1
    },
    close: Effect.suspend(() => {
      const left = [...thinking]
      for (const fiber of left) fiber.interruptUnsafe()
      return awaitAll(left)
    }),
    decide: (events) => {
      const number = ++asked
      const answers = events.map(ask)
      const atOnce = answers.filter((answer) => typeof answer === "string")
      return atOnce.length === answers.length ? act(number, events, atOnce) : wait(number, events, answers)
    }
  }
}
