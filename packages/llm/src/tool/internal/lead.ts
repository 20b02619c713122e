/** Hands the call to another agent, and takes it back. */
import type * as Agent from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import * as EventId from "@antiphon/core/EventId"
import * as History from "@antiphon/core/History"
import type * as Turn from "@antiphon/core/Turn"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Backlog from "./backlog.ts"
import type * as ToolValues from "./toolValues.ts"
import type * as Outcomes from "./outcomes.ts"

export interface Lead<in out R> {
  readonly start: (invocation: ToolValues.Invocation<R>) => ToolValues.Running<R>
  /** The agent that has taken over, if one has and did not give the call back. */
  readonly target: () => Agent.Agent<unknown, R> | undefined
}

/** Agents that take over live in the scope, which is the call's. */
export const make = <R>(
  record: Outcomes.OwnCalls,
  backlog: Backlog.Backlog,
  scope: Scope.Scope
): Effect.Effect<Lead<R>> =>
  Effect.map(EventId.make, (nextId) => {
    let target: Agent.Agent<unknown, R> | undefined

    const start: Lead<R>["start"] = ({ call, loop, params, tool, turn }) => {
      const event: Event.Input = { _tag: "AgentHandedOff", eventId: nextId() }
      const outcome = record.outcomes(call, "handoff")
      const given: Array<Event.Output> = []
      let taken: Agent.Agent<unknown, R> | undefined
      let wasGivenBack = false
      const giveBack = Effect.sync(() => {
        wasGivenBack = true
        if (target === taken) target = undefined
      })
      const told = History.make(() => [...turn.history.entries, { key: -1, turn: 0, item: event }])
      const handedTurn: Turn.Turn = { ...turn, trigger: event, history: told }
      const settle = (outputs: Outcomes.Outputs) => {
        given.push(...outputs)
        return Stream.fromIterable(outputs)
      }
      const made = tool.target!(params, { turn, toolCallId: call.id, giveBack }).pipe(
        Effect.provideService(Scope.Scope, scope),
        Effect.provideService(Backlog.Shared, record.style === "antiphon" ? backlog : undefined)
      )
      const stream = Stream.unwrap(
        Effect.map(made, (agent) =>
          Stream.concat(
            agent(event, handedTurn),
            Stream.suspend(() => {
              if (wasGivenBack) loop.asked = true
              else target = taken = agent
              return settle(outcome.ended())
            })
          )
        )
      ).pipe(
        Stream.catchCause((cause) => {
          if (Cause.hasInterruptsOnly(cause)) return Stream.failCause(cause as Cause.Cause<never>)
          // Nobody else is there to answer. Line leaves the caller without an answer.
          if (record.style === "antiphon") loop.asked = true
          return settle(outcome.failed(cause))
        })
      )
      return { stream, left: () => [...given, ...outcome.cancelled()] }
    }

    return { start, target: () => target }
  })
