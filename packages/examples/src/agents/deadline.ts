import { Agent, Event } from "@antiphon/core"
import { Effect, Stream } from "effect"

/** Callers wait at most four seconds in silence: then `AnswerOverdue` is recorded, and `holding` is said. */
export const slow = Agent.make(
  Agent.route({
    UserTurnEnded: () => Stream.fromEffect(Effect.as(Effect.sleep("9 seconds"), Event.sendText("It is in Lyon.")))
  }),
  { answerDeadline: "4 seconds", holding: "I am still looking." }
)
