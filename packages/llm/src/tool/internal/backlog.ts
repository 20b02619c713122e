/**
 * Results of background tools that have come and that no turn has read yet.
 *
 * The agents of a call share it, because a result may come when another agent has the call than the one that asked for it:
 * whoever has the call reads it.
 */
import type * as Turn from "@antiphon/core/Turn"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Transcript from "../../Transcript.ts"
import * as Outcomes from "./outcomes.ts"

/** Something that a tool gave. */
export interface Result {
  /** The agent whose model has called the tool. */
  readonly owner: Outcomes.OwnCalls
  readonly outputs: Outcomes.Outputs
  /** The turn in which it was called. */
  readonly turn: Turn.Turn
}

export interface Backlog {
  readonly add: (result: Result) => void
  readonly isEmpty: () => boolean
  /** Takes all that is there. */
  readonly take: () => ReadonlyArray<Result>
}

/** That of the agent which hands the call over, for the one that takes over. */
export const Shared = Context.Reference<Backlog | undefined>("@antiphon/llm/internal/toolBacklog", {
  defaultValue: () => undefined
})

/** Makes a backlog. What nobody came to read is on the record all the same when the scope closes. */
export const make: Effect.Effect<Backlog, never, Scope.Scope> = Effect.gen(function* () {
  let results: Array<Result> = []
  yield* Effect.addFinalizer(() =>
    Effect.forEach(results, ({ outputs, turn }) => turn.record(outputs.filter(Transcript.isToolItem)), {
      discard: true
    })
  )
  return {
    add: (result) => void results.push(result),
    isEmpty: () => results.length === 0,
    take: () => {
      const taken = results
      results = []
      return taken
    }
  }
})
