/**
 * Finds out from outside which turns a call runs: which reports start one, when it begins, and how it ends.
 *
 * A turn counts as failed when its agent's stream does, so an apology comes after `TurnEnded`.
 */
import type * as Agent from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"

export interface TurnChange {
  readonly _tag: "Started" | "Completed" | "Failed" | "Cancelled"
  readonly turn: number
  readonly trigger: Event.Input
}

export interface TurnWatch {
  /** The same agent, watched. */
  readonly agent: <E, R>(spec: Agent.AgentSpec<E, R>) => Agent.AgentSpec<E, R>
  /** How many events have started a turn, counting turns that are still to begin. */
  readonly accepted: () => number
}

/** Watches the turns of one call. */
export const make = (onChange: (change: TurnChange) => Effect.Effect<void>): TurnWatch => {
  let accepted = 0
  const note = (runs: boolean) => {
    if (runs) accepted++
    return runs
  }
  return {
    accepted: () => accepted,
    agent: (spec) => {
      const { agent, run } = spec
      return {
        ...spec,
        run: (event) => {
          const runs = run(event)
          return typeof runs === "boolean" ? note(runs) : Effect.map(runs, note)
        },
        agent: (trigger, turn) =>
          Stream.unwrap(
            Effect.as(
              onChange({ _tag: "Started", turn: turn.id, trigger }),
              Stream.onExit(
                Stream.suspend(() => agent(trigger, turn)),
                (exit) => onChange({ _tag: outcome(exit), turn: turn.id, trigger })
              )
            )
          )
      }
    }
  }
}

const outcome = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit) ? "Completed" : Exit.hasInterrupts(exit) ? "Cancelled" : "Failed"
