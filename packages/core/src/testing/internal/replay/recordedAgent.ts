/**
 * The agent of a recorded call, played from the recording. Up to a given turn it repeats its recorded behaviour,
 * without its code, model or tools; from that turn on another agent takes over.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AgentSpec } from "../../../Agent.ts"
import type * as Event from "../../../Event.ts"
import type * as EventFilter from "../../../EventFilter.ts"
import type * as Recording from "../../../recording/Recording.ts"
import type { Pace } from "./pace.ts"
import * as Turn from "../../../Turn.ts"
import * as RecordedTurns from "./recordedTurns.ts"

/** Makes the agent. Outputs that were recorded outside its turns are recorded again until the scope closes. */
export const make = <R>(
  lines: ReadonlyArray<Recording.Line>,
  pace: Pace,
  from: number,
  next: AgentSpec<unknown, R>
): Effect.Effect<AgentSpec<unknown, R>, never, Scope.Scope> => {
  const { late, spec } = wire(lines, pace, from, next)
  return Effect.as(Effect.forkScoped(late), spec)
}

const wire = <R>(
  lines: ReadonlyArray<Recording.Line>,
  pace: Pace,
  from: number,
  next: AgentSpec<unknown, R>
): { readonly spec: AgentSpec<unknown, R>; readonly late: Effect.Effect<void> } => {
  const turns = RecordedTurns.of(lines)
  const returned = RecordedTurns.returned(lines)
  const fork = turns.get(from)?.place ?? lines.length
  const decisions = decisionsOf(lines.slice(0, fork + 1))
  const nameOf = names(lines.slice(0, fork + 1))
  // The first turn of the fork replaces the last recorded turn.
  let isOver = false

  const filter =
    (self: EventFilter.EventFilter<R>, decision: EventFilter.Decision): EventFilter.EventFilter<R> =>
    (event) => {
      if (isOver || event._tag === "CallEnded") return self(event)
      return decisions.get(nameOf(event)) === decision
    }

  const repeat = (turn: Turn.Turn): Stream.Stream<Event.Output, unknown> => {
    const recorded = turns.get(turn.id)
    if (recorded === undefined) return Stream.empty
    const { apology, end, outputs, trigger } = recorded
    const works = (returned.get(trigger) ?? []).map(({ event, line }) =>
      turn.background(
        event.name,
        Effect.andThen(pace.exactly(line), outcomeOf(event)),
        lines.indexOf(line) < fork ? { delivery: "immediate" } : {}
      )
    )
    const steps = outputs.map((line): Stream.Stream<Event.Output> => {
      const output = renamed(line.output, trigger)
      return line._tag === "Sent"
        ? Stream.fromEffect(Effect.as(pace.exactly(line), output))
        : Stream.fromEffectDrain(Effect.andThen(pace.exactly(line), turn.record([output])))
    })
    const ending = end === undefined ? Stream.never : Stream.fromEffectDrain(pace.exactly(end))
    const failure = () => Stream.fail(new Turn.Failure({ apology, cause: new Error("the turn failed then") }))
    return [
      Stream.fromEffectDrain(Effect.all(works, { discard: true })),
      ...steps,
      ending,
      ...(end?.outcome === "Failed" ? [failure()] : [])
    ].reduce<Stream.Stream<Event.Output, unknown>>((before, after) => Stream.concat(before, after), Stream.empty)
  }

  const begun = new Map<number, Turn.Turn>()
  const late = lines.slice(0, fork).flatMap((line) => {
    if (line._tag !== "Kept") return []
    const recorded = turns.get(line.turn)
    if (recorded === undefined || !recorded.late.includes(line)) return []
    const record = Effect.suspend(
      () => begun.get(line.turn)?.record([renamed(line.output, recorded.trigger)]) ?? Effect.void
    )
    return [Effect.andThen(pace.exactly(line), record)]
  })

  const spec: AgentSpec<unknown, R> = {
    ...next,
    run: filter(next.run, "Run"),
    cancel: filter(next.cancel, "Cancel"),
    agent: (trigger, turn) => {
      begun.set(turn.id, turn)
      if (turn.id < from) return repeat(turn)
      isOver = true
      return next.agent(trigger, turn)
    }
  }
  return { spec, late: Effect.all(late, { discard: true }) }
}

/** Events that the call has named now have different ids. */
const renamed = ({ respondingTo, ...rest }: Event.Output, trigger: string): Event.Output =>
  (respondingTo === trigger || respondingTo === undefined ? rest : { ...rest, respondingTo }) as Event.Output

const outcomeOf = (event: Event.InputOf<"BackgroundReturned">): Effect.Effect<unknown, unknown> => {
  if (event.outcome === "Returned") return Effect.succeed(event.result)
  return event.outcome === "Failed" ? Effect.fail(new Error(String(event.result))) : Effect.interrupt
}

/** The recorded decisions of the filters, by the id of the event, inferred from what followed. */
const decisionsOf = (lines: ReadonlyArray<Recording.Line>): ReadonlyMap<string, EventFilter.Decision> => {
  const decisions = new Map<string, EventFilter.Decision>()
  let event: string | undefined
  for (const line of lines) {
    if (line._tag === "Reported") event = line.eventId ?? line.report.eventId
    if (line._tag === "Happened") event = line.event.eventId
    if (line._tag === "TurnStarted") decisions.set(line.trigger, "Run")
    if (line._tag === "TurnEnded" && line.outcome === "Interrupted" && event !== undefined && !decisions.has(event)) {
      decisions.set(event, "Cancel")
    }
  }
  return decisions
}

/**
 * The recorded ids of events. Events of the harness have the same ids again; events of the call occur in the same
 * order.
 */
const names = (lines: ReadonlyArray<Recording.Line>) => {
  const made = lines.flatMap((line) => (line._tag === "Happened" ? [line.event] : []))
  const known = new WeakMap<Event.Input, string>()
  return (event: Event.Input): string => {
    const name = known.get(event) ?? made.find(({ _tag }) => _tag === event._tag)?.eventId
    if (name === undefined) return event.eventId
    if (!known.has(event)) {
      known.set(event, name)
      made.splice(
        made.findIndex(({ eventId }) => eventId === name),
        1
      )
    }
    return name
  }
}
