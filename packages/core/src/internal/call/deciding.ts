/**
 * Asks the filters about each event, in order, without waiting for them.
 *
 * A predicate is asked and obeyed at once. An Effect runs in a fiber of the call, and meanwhile the filters are asked
 * about later events too. If a later event has started or cancelled a turn by the time the Effect decides, its decision
 * is ignored: in the order of the events, its turn would have been replaced already.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Event from "../../Event.ts"
import * as EventFilter from "../../EventFilter.ts"
import { awaitAll } from "./turnSlot.ts"

/** The decision about an event: known at once, or an Effect to wait for. */
export type Decided = EventFilter.Decision | Effect.Effect<EventFilter.Decision>

export interface Deciding {
  /** Asks about events that came together. One turn responds to all of them that run the agent. */
  readonly decide: (events: ReadonlyArray<Event.Input>) => Decided
  /** All turns so far were taken back: pending decisions are ignored. */
  readonly takenBack: () => void
  /** Whether a decision is still pending. */
  readonly isUndecided: () => boolean
  /** Interrupts pending filters, and waits for them. */
  readonly close: Effect.Effect<void>
}

type Answer<R> = EventFilter.Decision | Effect.Effect<EventFilter.Decision, never, R>

export const make = <R>(options: {
  readonly policy: EventFilter.Policy<R>
  /** Maximum time a filter may take. After that, the event is only recorded. */
  readonly timeout: Duration.Duration
  readonly fork: (effect: Effect.Effect<void, never, R>) => Fiber.Fiber<void>
  /** Carries out a decision about events. */
  readonly act: (events: ReadonlyArray<Event.Input>, decision: "Run" | "Cancel") => void
  /** Runs if a filter threw, died, or took too long. */
  readonly failed: (cause: Cause.Cause<unknown>) => Effect.Effect<void>
  readonly late: Effect.Effect<void>
  /** Called when a pending decision has been made. */
  readonly settled: () => void
}): Deciding => {
  let asked = 0
  /** Number of the latest events that started or cancelled a turn. */
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
