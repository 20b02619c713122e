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
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
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

const isKnown = <R>(answer: Answer<R>): answer is EventFilter.Decision => typeof answer === "string"

type Answer<R> = EventFilter.Decision | Effect.Effect<EventFilter.Decision, never, R>

/** What the decisions of a call are made with. */
export interface Options<R> {
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
}

export const make = <R>(options: Options<R>): Deciding => new Filters(options)

class Filters<R> implements Deciding {
  readonly #options: Options<R>
  #asked = 0
  /** Number of the latest events that started or cancelled a turn. */
  #acted = 0
  #undecided = 0
  /** Filters that have not answered yet. */
  #thinking: Set<Fiber.Fiber<void>> | undefined

  constructor(options: Options<R>) {
    this.#options = options
  }

  decide(events: ReadonlyArray<Event.Input>): Decided {
    const number = ++this.#asked
    const answers = events.map((event) => this.#ask(event))
    // Nearly every event comes alone, and changes nothing.
    if (answers.length === 1 && answers[0] === "Keep") return "Keep"
    return answers.every(isKnown) ? this.#act(number, events, answers) : this.#wait(number, events, answers)
  }

  takenBack(): void {
    this.#acted = this.#asked + 1
  }

  isUndecided(): boolean {
    return this.#undecided > 0
  }

  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const left = [...(this.#thinking ?? [])]
      for (const fiber of left) fiber.interruptUnsafe()
      return awaitAll(left)
    })
  }

  #fork(effect: Effect.Effect<void, never, R>): Fiber.Fiber<void> {
    const thinking = (this.#thinking ??= new Set())
    const fiber = this.#options.fork(effect)
    thinking.add(fiber)
    fiber.addObserver(() => thinking.delete(fiber))
    return fiber
  }

  #act(
    number: number,
    events: ReadonlyArray<Event.Input>,
    decisions: ReadonlyArray<EventFilter.Decision>
  ): EventFilter.Decision {
    if (number < this.#acted) return "Keep"
    const decision = decisions.includes("Run") ? "Run" : decisions.includes("Cancel") ? "Cancel" : "Keep"
    if (decision === "Keep") return "Keep"
    this.#acted = number
    this.#options.act(decision === "Run" ? events.filter((_, i) => decisions[i] === "Run") : events, decision)
    return decision
  }

  #ask(event: Event.Input): Answer<R> {
    const { failed, policy } = this.#options
    try {
      return EventFilter.decide(event, policy)
    } catch (error) {
      this.#fork(failed(Cause.die(error)))
      return "Keep"
    }
  }

  #wait(
    number: number,
    events: ReadonlyArray<Event.Input>,
    answers: ReadonlyArray<Answer<R>>
  ): Effect.Effect<EventFilter.Decision> {
    const { failed, settled } = this.#options
    const decided = Deferred.makeUnsafe<EventFilter.Decision>()
    this.#undecided++
    const one = (answer: Answer<R>): Effect.Effect<EventFilter.Decision, never, R> =>
      typeof answer === "string"
        ? Effect.succeed(answer)
        : Effect.catchCause(this.#inTime(answer), (cause) => Effect.as(failed(cause), "Keep" as const))
    this.#fork(
      Effect.forEach(answers, one, { concurrency: "unbounded" }).pipe(
        Effect.flatMap((decisions) => Deferred.succeed(decided, this.#act(number, events, decisions))),
        Effect.ensuring(
          Effect.suspend(() => {
            this.#undecided--
            settled()
            return Deferred.succeed(decided, "Keep")
          })
        ),
        Effect.asVoid
      )
    )
    return Deferred.await(decided)
  }

  /** Waits for a filter as long as it may take, even if it cannot be interrupted. */
  #inTime<E>(answer: Effect.Effect<EventFilter.Decision, E, R>): Effect.Effect<EventFilter.Decision, E, R> {
    const { late, timeout } = this.#options
    return Effect.suspend(() => {
      let answered: Exit.Exit<EventFilter.Decision, E> | undefined
      const fiber = this.#fork(
        Effect.map(Effect.exit(answer), (exit) => {
          answered = exit
        })
      )
      return Effect.flatMap(Effect.timeoutOption(awaitAll([fiber]), timeout), (ended) => {
        if (answered !== undefined) return answered
        if (Option.isSome(ended)) return Effect.succeed("Keep" as const)
        fiber.interruptUnsafe()
        return Effect.as(late, "Keep" as const)
      })
    })
  }
}
