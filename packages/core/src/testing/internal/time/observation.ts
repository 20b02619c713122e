/**
 * Observes an agent from outside: the decisions of its filters, the beginning and end of its turns, and the fibers they
 * leave running.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AgentSpec } from "../../../Agent.ts"
import * as ErrorText from "../../../ErrorText.ts"
import type * as Event from "../../../Event.ts"
import type * as EventFilter from "../../../EventFilter.ts"
import * as Turn from "../../../Turn.ts"
import type { Happening } from "./happening.ts"

export interface Observation {
  readonly note: (happening: Happening) => void
  /** The turn that this fiber belongs to, or 0. */
  readonly turnOf: (fiber: Fiber.Fiber<unknown, unknown>) => number
  readonly watch: <R>(spec: AgentSpec<unknown, R>) => AgentSpec<unknown, R>
}

export const make = (note: (happening: Happening) => void): Observation => {
  const turns = new WeakMap<Fiber.Fiber<unknown, unknown>, number>()

  const filter =
    <R>(
      self: EventFilter.EventFilter<R>,
      decisionOf: (accepts: boolean) => EventFilter.Decision | undefined
    ): EventFilter.EventFilter<R> =>
    (event) => {
      const decided = (accepts: boolean) => {
        const decision = decisionOf(accepts)
        if (decision !== undefined) note({ _tag: "Decided", event, decision })
        return accepts
      }
      // A failing filter declines: the event is only recorded.
      const failed = () => note({ _tag: "Decided", event, decision: "Keep" })
      let answer: ReturnType<typeof self>
      try {
        answer = self(event)
      } catch (error) {
        failed()
        throw error
      }
      if (typeof answer === "boolean") return decided(answer)
      note({ _tag: "Deciding", event })
      return Effect.onError(Effect.map(answer, decided), () => Effect.sync(failed))
    }

  const watchTurn = (turn: Turn.Turn, delivery: Turn.Delivery): Turn.Turn => ({
    ...turn,
    background: (name, work, options) => {
      const started = {
        name,
        respondingTo: turn.trigger.eventId,
        delivery: options?.delivery ?? delivery
      }
      // Work of an uncommitted turn begins once the turn is committed, or never.
      const watched = Effect.suspend(() => {
        note({ _tag: "WorkStarted", turn: turn.id, ...started, atEnd: options?.atEnd ?? "interrupt" })
        return Effect.onExit(work, (exit) =>
          Effect.sync(() => note({ _tag: "WorkEnded", ...started, outcome: outcomeOf(exit) }))
        )
      })
      return turn.background(name, watched, options)
    },
    uninterruptible: (stream) =>
      turn.uninterruptible(
        Stream.suspend(() => {
          note({ _tag: "RegionEntered", turn: turn.id })
          return Stream.onExit(stream, (exit) =>
            Effect.sync(() => note({ _tag: "RegionLeft", turn: turn.id, how: howLeft(exit) }))
          )
        })
      ),
    record: (outputs) =>
      Effect.andThen(
        Effect.sync(() => {
          for (const output of outputs) note({ _tag: "Kept", turn: turn.id, output })
        }),
        turn.record(outputs)
      ),
    updateHistory: (events, stretch) =>
      Effect.tap(turn.updateHistory(events, stretch), () => Effect.sync(() => note({ _tag: "Edited", turn: turn.id })))
  })

  return {
    note,
    turnOf: (fiber) => turns.get(fiber) ?? 0,
    watch: (spec) => ({
      ...spec,
      run: filter(spec.run, (accepts) => (accepts ? "Run" : undefined)),
      cancel: filter(spec.cancel, (accepts) => (accepts ? "Cancel" : "Keep")),
      agent: (trigger, given) => {
        note({ _tag: "TurnStarted", turn: given.id, trigger, triggers: given.triggers, history: given.history })
        const turn = watchTurn(given, spec.backgroundDelivery)
        const enter = Effect.withFiber((fiber) => {
          turns.set(fiber, turn.id)
          fiber.addObserver(() => note({ _tag: "TurnOver", turn: turn.id }))
          // Acquired first, so released last.
          return Effect.acquireRelease(Effect.void, () => Effect.sync(() => note({ _tag: "TurnLeft", turn: turn.id })))
        }) as Effect.Effect<void, never, Scope.Scope>
        const failing = (cause: Cause.Cause<unknown>) =>
          Effect.sync(() => {
            if (Cause.hasInterruptsOnly(cause)) {
              return note({ _tag: "TurnInterrupted", turn: turn.id, apology: spec.apology })
            }
            const error = Cause.squash(cause)
            const apology = error instanceof Turn.Failure ? error.apology : spec.apology
            note({ _tag: "TurnFailing", turn: turn.id, message: ErrorText.of(cause), apology })
          })
        const answer = Stream.onError(
          Stream.suspend(() => spec.agent(trigger, turn)),
          failing
        )
        // The call provides the turn's own scope.
        return Stream.concat(Stream.fromEffectDrain(enter), answer) as typeof answer
      }
    })
  }
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): Event.InputOf<"BackgroundReturned">["outcome"] =>
  Exit.isSuccess(exit) ? "Returned" : Cause.hasInterruptsOnly(exit.cause) ? "Cancelled" : "Failed"

const howLeft = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit) ? "Whole" : Cause.hasInterruptsOnly(exit.cause) ? "Cut" : "Failed"
