/**
 * Who has the call, of the agents that were handed it: a chain of links, of which the last one has it.
 *
 * The agent that the call began with passes every event straight to the one that has the call, however many have had it
 * in between.
 */
import type * as Agent from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import * as Seam from "./seam.ts"
import * as TurnTime from "./turnTime.ts"

/** An agent that was handed the call. */
export interface Link {
  /** Missing until it was made. */
  agent: Agent.Agent<unknown> | undefined
  /** Who handed it the call: another link, or the agent that the call began with. */
  readonly from: Link | undefined
}

export interface Lead {
  /** Who has the call. Missing while it is the agent that the call began with. */
  current: Link | undefined
}

/** An agent's place in the call: the agents that it is one of, and its own link. */
export interface Place {
  readonly lead: Lead
  readonly self: Link | undefined
}

/** The place of an agent that is made because the call is handed to it. */
export const Given = Context.Reference<Place | undefined>("@antiphon/llm/tool/internal/lead", {
  defaultValue: () => undefined
})

/** The place of the agent that a call begins with. */
export const first = (): Place => ({ lead: { current: undefined }, self: undefined })

/** Whether an agent has the call. */
export const has = ({ lead, self }: Place): boolean => lead.current === self

/** A link behind the one that has the call. It takes the call when its agent is made. */
export const link = ({ current }: Lead): Link => ({ agent: undefined, from: current })

export const take = (lead: Lead, link: Link): void => {
  lead.current = link
}

/** Whether a link has the call, or has handed it on and may be given it back. */
export const holds = ({ current }: Lead, link: Link): boolean => {
  for (let at = current; at !== undefined; at = at.from) if (at === link) return true
  return false
}

/** Gives the call back to whom a link had it from, together with all that it was handed on to. */
export const giveBack = (lead: Lead, link: Link): void => {
  if (holds(lead, link)) lead.current = link.from
}

/**
 * Lets whoever has the call answer an event. One that gives the call back leaves the rest of the turn to the one that has
 * it then. `own` is what the agent does that the call began with.
 */
export const pass = <E, R>(
  lead: Lead,
  event: Event.Input,
  turn: Turn.Turn,
  own: Stream.Stream<Event.Output, E, R>
): Stream.Stream<Event.Output, unknown, R> =>
  Stream.suspend((): Stream.Stream<Event.Output, unknown, R> => {
    const link = lead.current
    if (link?.agent === undefined) return own
    const seam = Seam.make()
    const answer = Seam.noting(seam)(link.agent(event, turn))
    if (event._tag === "CallEnded") return answer
    const rest = Stream.suspend(() => (holds(lead, link) ? Stream.empty : pass(lead, event, turn, own)))
    return Stream.concat(answer, Seam.part(seam)(rest))
  })

/** What a turn brings itself: an agent must not run on what was in force when it was handed the call. */
const ofTheTurn = [Scope.Scope, Clock.Clock, Random.Random, Scheduler.Scheduler, Tracer.ParentSpan, TurnTime.IsTaken]

/** An agent with the services that it was made with, which later turns do not have to bring. */
export const bind = <E, R>(agent: Agent.Agent<E, R>, context: Context.Context<R>): Agent.Agent<E> => {
  const services = Context.omit(...(ofTheTurn as unknown as ReadonlyArray<typeof Scope.Scope>))(
    context as Context.Context<R | Scope.Scope>
  ) as unknown as Context.Context<R>
  return (event, turn) =>
    Stream.updateContext(TurnTime.taken(agent(event, turn)), (now: Context.Context<never>) =>
      Context.merge(now, services)
    )
}
