import { Agent, Event, EventFilter } from "@antiphon/core"
import { Schedule, Stream } from "effect"

const words = (text: string, interruptible = true) =>
  Stream.fromIterable(text.split(/(?<= )/)).pipe(
    Stream.map((word) => Event.sendText(word, { interruptible })),
    Stream.schedule(Schedule.spaced("50 millis"))
  )

/** Says and speaks the notice to its end whatever the caller does, and stops at once in the rest; answers keys too. */
export const clerk = Agent.make(
  Agent.route({
    CallStarted: (_, turn) =>
      turn
        .uninterruptible(words("This call is recorded. ", false))
        .pipe(Stream.concat(words("We have three offers for you today, and I will tell you all about them."))),
    UserDtmfSent: ({ button }) => Stream.make(Event.sendText(`You pressed ${button}.`)),
    UserTurnEnded: (_, turn) => {
      const heard = turn.history.events.findLast((event) => event._tag === "AgentTextSent")
      return Stream.make(Event.sendText(heard === undefined ? "Go on." : `I had got to: ${heard.content}`))
    }
  }),
  {
    run: ["CallStarted", "UserTurnEnded", "UserDtmfSent"],
    cancel: EventFilter.tags("UserTurnStarted")
  }
)
