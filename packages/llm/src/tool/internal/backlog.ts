/**
 * Keeps results of background tools from their arrival until a model has answered them.
 *
 * The agents of a call share it, because another agent may have the call by the time a result comes; that agent reads
 * it. A result also comes as an event; a model that has already read it in another turn is not asked about it again.
 */
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Transcript from "../../internal/transcript.ts"
import type * as Outcomes from "./outcomes.ts"
import type * as ToolCall from "./toolCall.ts"

/** A value from a tool. */
export interface Given {
  /** The tool calls of the agent whose model called the tool. */
  readonly owner: ToolCall.OwnCalls
  readonly outputs: Outcomes.Outputs
  /** The turn in which it was called. */
  readonly turn: Turn.Turn
}

export interface Backlog {
  /** Results that no turn has taken yet. */
  waiting: ReadonlyArray<Given>
  /** Ids of results that a turn has taken, but that no reply has completely answered. */
  readonly unanswered: Set<string>
  /** Names of the tools that have run in the background. */
  readonly names: Set<string>
  /** Work that continues after the hang-up. Each latch opens when its work is done. */
  readonly finishing: Set<Latch.Latch>
}

/** The backlog of the agent that hands the call over, for the agent that takes over. */
export const Shared = Context.Reference<Backlog | undefined>("@antiphon/llm/tool/internal/backlog", {
  defaultValue: () => undefined
})

/** Makes a backlog. When the scope closes, unread results are recorded as well. */
export const make: Effect.Effect<Backlog, never, Scope.Scope> = Effect.gen(function* () {
  const backlog: Backlog = { waiting: [], unanswered: new Set(), names: new Set(), finishing: new Set() }
  yield* Effect.addFinalizer(() =>
    Effect.forEach(
      backlog.waiting,
      ({ outputs, turn }) => turn.record(outputs.filter((output) => Transcript.isToolItem(output))),
      { discard: true }
    )
  )
  return backlog
})

export const add = (backlog: Backlog, given: Given): void => {
  backlog.waiting = [...backlog.waiting, given]
}

/** Whether a result is waiting for a model to read it. */
export const hasResult = ({ waiting }: Backlog): boolean =>
  waiting.some(({ outputs }) => outputs.some((output) => output._tag === "AgentToolReturned"))

/** Takes all waiting results. */
export const take = (backlog: Backlog): ReadonlyArray<Given> => {
  const taken = backlog.waiting
  backlog.waiting = []
  for (const { outputs } of taken)
    for (const output of outputs) if (output._tag === "AgentToolReturned") backlog.unanswered.add(output.toolCallId)
  return taken
}

/** Notes that a reply has answered results. */
export const answered = ({ unanswered }: Backlog, ids: Iterable<string>): void => {
  for (const id of ids) unanswered.delete(id)
}

/** Whether events are only about results that a model has answered in an earlier turn. */
export const isSettled = (backlog: Backlog, events: ReadonlyArray<Event.Input>): boolean =>
  events.every((event) => event._tag === "BackgroundReturned" && backlog.names.has(event.name)) &&
  backlog.unanswered.size === 0 &&
  !hasResult(backlog)

/** Waits for work that continues after the hang-up. */
export const finish = ({ finishing }: Backlog): Effect.Effect<void> =>
  Effect.suspend(() => Effect.forEach([...finishing], (done) => done.await, { discard: true }))
