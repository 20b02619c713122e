/**
 * Slows an agent down to the pace of a recorded call: its outputs, and the ends of its turns and background work, come
 * no earlier than they did then.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AgentSpec } from "../../../Agent.ts"
import type * as Recording from "../../../recording/Recording.ts"
import type { Pace } from "./pace.ts"
import type * as Turn from "../../../Turn.ts"
import * as RecordedTurns from "./recordedTurns.ts"

export const make = (lines: ReadonlyArray<Recording.Line>, pace: Pace) => {
  const turns = RecordedTurns.of(lines)
  const returned = RecordedTurns.returned(lines)
  const until = (line: Recording.Line | undefined) => (line === undefined ? Effect.void : pace.until(line))

  const paced = (turn: Turn.Turn): Turn.Turn => {
    const left = [...(returned.get(turn.trigger.eventId) ?? [])]
    return {
      ...turn,
      background: (name, work, options) =>
        Effect.suspend(() => {
          const at = left.findIndex(({ event }) => event.name === name)
          const [found] = at < 0 ? [] : left.splice(at, 1)
          const hold = until(found?.line)
          return turn.background(
            name,
            work.pipe(
              Effect.tap(() => hold),
              Effect.tapCause(() => hold)
            ),
            options
          )
        })
    }
  }

  return <R>(spec: AgentSpec<unknown, R>): AgentSpec<unknown, R> => ({
    ...spec,
    agent: (trigger, turn) => {
      const { end, eventAt, sent = [] } = turns.get(turn.id) ?? {}
      let place = 0
      const isCut = end?.outcome === "Interrupted"
      // If the turn was interrupted, its next output would have come after the interruption.
      const cut = isCut ? pace.until(end, eventAt) : Effect.void
      // Acquired first, so that it is released after everything else in the turn.
      const enter = Effect.acquireRelease(Effect.void, (_, exit) =>
        isCut && Exit.isSuccess(exit) ? cut : until(end)
      ) as Effect.Effect<void, never, Scope.Scope>
      const answer = Stream.suspend(() => spec.agent(trigger, paced(turn))).pipe(
        Stream.mapArrayEffect((outputs) => {
          const line = sent[place]
          place += outputs.length
          return Effect.as(line === undefined ? cut : pace.until(line), outputs)
        }),
        Stream.concat(Stream.fromEffectDrain(cut))
      )
      // The call provides the turn's own scope.
      return Stream.concat(Stream.fromEffectDrain(enter), answer) as typeof answer
    }
  })
}
