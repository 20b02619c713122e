import { Agent, Event } from "@antiphon/core"
import { Effect, Stream } from "effect"

const wordsOf = (events: ReadonlyArray<Event.Input | Event.CustomHistoryEntry>) =>
  events.filter(({ _tag }) => _tag === "UserTurnEnded").map(Event.text)

/** Adds a note that later turns read, and forgets what came before when the caller says "start over". */
export const clerk = Agent.make(
  Agent.route({
    CallStarted: (_, turn) =>
      Stream.fromEffectDrain(turn.addEntry(`The caller's number is ${turn.request.from}.`, { role: "system" })),
    UserTurnEnded: (event, turn) => {
      const { events } = turn.history
      if (Event.text(event) !== "start over") {
        return Stream.make(Event.sendText(`So far: ${wordsOf(events).join(", ")}.`))
      }
      const last = events.findLast(({ _tag }) => _tag === "AgentTurnEnded")
      // Ends the stretch before what the caller has just said. Without `end` that would be replaced too.
      const forget = last === undefined ? Effect.void : turn.updateHistory([], { start: events[0], end: last })
      return Stream.concat(Stream.fromEffectDrain(forget), Stream.make(Event.sendText("Forgotten.")))
    }
  })
)
