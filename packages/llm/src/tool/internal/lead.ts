/**
 * Keeps which agent has the call: a chain of links, the last of which has it.
 *
 * The first agent passes every event directly to that agent, however many there are in between.
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
  /** Undefined until it has been made. */
  agent: Agent.Agent<unknown> | undefined
  /** Where it got the call from: another link, or the first agent. */
  readonly from: Link | undefined
}

export interface Lead {
  /** Which agent has the call. Undefined while the first one does. */
  current: Link | undefined
  /** The handoffs of the latest turn that had any. */
  handoffs: { readonly turn: number; readonly count: number }
}

/** An agent's place in the call: the chain, and its own link. */
export interface Place {
  readonly lead: Lead
  readonly self: Link | undefined
}

/** The place of an agent created for a handoff. */
export const Given = Context.Reference<Place | undefined>("@antiphon/llm/tool/internal/lead", {
  defaultValue: () => undefined
})

/** The place of a call's first agent. */
export const first = (): Place => ({
  lead: { current: undefined, handoffs: { turn: 0, count: 0 } },
  self: undefined
})

/** Most handoffs in a turn. Agents that go on passing a caller between them would do so without end. */
export const mostHandoffs = 10

/** Counts a handoff. Returns whether the turn may have it. */
export const count = (lead: Lead, turn: number): boolean => {
  const count = lead.handoffs.turn === turn ? lead.handoffs.count + 1 : 1
  lead.handoffs = { turn, count }
  return count <= mostHandoffs
}

/** Whether an agent has the call. */
export const has = ({ lead, self }: Place): boolean => lead.current === self

/** Makes a link after the one that has the call. It takes the call once its agent has been made. */
export const link = ({ current }: Lead): Link => ({ agent: undefined, from: current })

export const take = (lead: Lead, link: Link): void => {
  lead.current = link
}

/** Whether a link has the call, or may get it back. */
export const holds = ({ current }: Lead, link: Link): boolean => {
  for (let at = current; at !== undefined; at = at.from) if (at === link) return true
  return false
}

/** Hands the call back to where a link got it from, past all links after it. */
export const giveBack = (lead: Lead, link: Link): void => {
  if (holds(lead, link)) lead.current = link.from
}

/**
 * Lets the agent that has the call now answer an event. If it hands the call back, the next owner answers the rest of the
 * turn. `own` makes the first agent's answer.
 */
export const pass = <E, R>(
  lead: Lead,
  event: Event.Input,
  turn: Turn.Turn,
  own: () => Stream.Stream<Event.Output, E, R>
): Stream.Stream<Event.Output, unknown, R> => {
  const link = lead.current
  if (link?.agent === undefined) return own()
  const seam = Seam.make()
  const answer = Seam.noting(seam)(link.agent(event, turn))
  if (event._tag === "CallEnded") return answer
  const rest = Stream.suspend(() => (holds(lead, link) ? Stream.empty : pass(lead, event, turn, own)))
  return Stream.concat(answer, Seam.part(seam)(rest))
}

/** The turn's own services, which must not be replaced by those from the time of the handoff. */
const ofTheTurn = [Scope.Scope, Clock.Clock, Random.Random, Scheduler.Scheduler, Tracer.ParentSpan, TurnTime.IsTaken]

/** The services that an agent keeps from when it was made. */
export const lasting = <R>(context: Context.Context<R>): Context.Context<R> =>
  Context.omit(...(ofTheTurn as unknown as ReadonlyArray<typeof Scope.Scope>))(
    context as Context.Context<R | Scope.Scope>
  ) as unknown as Context.Context<R>

/** Provides an agent with the services it was made with, which later turns may not have. */
export const bind = <E, R>(agent: Agent.Agent<E, R>, context: Context.Context<R>): Agent.Agent<E> => {
  const services = lasting(context)
  return (event, turn) =>
    Stream.updateContext(TurnTime.taken(agent(event, turn)), (now: Context.Context<never>) =>
      Context.merge(now, services)
    )
}
