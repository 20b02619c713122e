import { Agent, Event } from "@antiphon/core"
import { Stream } from "effect"

/** Answers words, keys, messages of a web page, and silence. It runs on what its run filter lists. */
export const host = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Good evening. Press zero for a colleague.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`)),
    UserDtmfSent: ({ button }) =>
      button === "0"
        ? Stream.make(Event.sendText("One moment. "), Event.transferCall("+33140000000"))
        : Stream.make(Event.sendText(`Nobody is at ${button}.`)),
    UserCustomSent: ({ metadata }) =>
      Stream.make(Event.sendText("I see your order."), Event.sendCustom({ show: metadata.order })),
    UserSilent: ({ seconds }) =>
      seconds < 20
        ? Stream.make(Event.sendText("Are you still there?"))
        : Stream.make(Event.sendText("Goodbye."), Event.endCall({ reason: "silence" }))
  }),
  {
    run: ["CallStarted", "UserTurnEnded", "UserDtmfSent", "UserCustomSent", "UserSilent"],
    cancel: ["UserTurnStarted", "UserDtmfSent"]
  }
)
