/** Hands the call to another agent, and takes it back. */
import * as Event from "@antiphon/core/Event"
import * as EventId from "@antiphon/core/EventId"
import * as History from "@antiphon/core/History"
import type * as Turn from "@antiphon/core/Turn"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Backlog from "./backlog.ts"
import type { Background } from "./background.ts"
import * as BeforeTool from "./beforeTool.ts"
import * as Job from "./job.ts"
import * as Lead from "./lead.ts"
import * as Outcomes from "./outcomes.ts"
import * as Seam from "./seam.ts"
import * as ToolFailure from "./toolFailure.ts"
import * as ToolTrace from "./toolTrace.ts"

/**
 * Makes the other agent, within the tool's timeout, and lets it greet. It has the call from then on, unless it hands it back or
 * fails. An agent that no longer has the call cannot hand it over.
 */
export const start = <R>(
  { backlog, scope, style }: Background,
  place: Lead.Place,
  nextId: EventId.EventId,
  job: Job.Job<R>
): Job.Running<R> => {
  const { lead } = place
  const { outcome, params, round, tool, turn } = job
  const event: Event.Input = { _tag: "AgentHandedOff", eventId: nextId() }
  const link = Lead.link(lead)
  const giveBack = Effect.sync(() => Lead.giveBack(lead, link))
  const settle = (outputs: Outcomes.Outputs) => {
    job.given.push(...outputs)
    return Stream.fromIterable(outputs)
  }
  let timedOut = false
  const target = Effect.suspend(() => tool.target!(params, { turn, toolCallId: outcome.call.id, giveBack }))
  const made = Effect.andThen(BeforeTool.run(tool.name), target).pipe(
    Effect.timeoutOrElse({
      duration: tool.timeout,
      orElse: () => {
        timedOut = true
        return Effect.fail(Job.timeUp(tool))
      }
    }),
    Effect.provideService(Scope.Scope, scope),
    Effect.provideService(Backlog.Shared, style === "antiphon" ? backlog : undefined),
    Effect.provideService(Lead.Given, { lead, self: link })
  )
  const takingOver = Stream.unwrap(
    Effect.gen(function* () {
      yield* Job.mayRun(job)
      if (style === "antiphon" && !Lead.has(place)) return yield* Effect.fail("another agent has the call already")
      if (!Lead.count(lead, turn.id))
        return yield* Effect.fail("too many handoffs in a turn; answer the caller yourself")
      const agent = Lead.bind(yield* made, yield* Effect.context<R>())
      link.agent = agent
      Lead.take(lead, link)
      const greeting = agent(event, handedTurn(turn, event)).pipe(Seam.part(round.seam))
      const end = Stream.suspend(() => {
        round.seam.turned = true
        if (!Lead.holds(lead, link)) round.asked = true
        return settle(Outcomes.ended(outcome))
      })
      return Stream.concat(greeting, end)
    })
  )
  const stream = ToolTrace.traced(job, () => (timedOut ? "timed_out" : undefined), takingOver).pipe(
    Stream.catchCause((cause) => {
      Lead.giveBack(lead, link)
      // No other agent is there to answer. Line leaves the caller without an answer here.
      if (style === "antiphon") round.asked = true
      return settle(Outcomes.failed(outcome, ToolFailure.fromCause(cause)))
    }),
    Stream.onExit((exit) => (Exit.isFailure(exit) ? giveBack : Effect.void))
  )
  return { stream, left: () => Job.leave(job) }
}

/** The turn as the other agent sees it: the handoff has started it. */
const handedTurn = (turn: Turn.Turn, event: Event.Input): Turn.Turn => ({
  ...turn,
  trigger: event,
  history: History.make(() => [...turn.history.entries, { key: -1, turn: 0, item: event }])
})
