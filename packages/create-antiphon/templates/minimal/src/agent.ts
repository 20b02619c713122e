import { Agent, Event } from "@antiphon/core"
import { Stream } from "effect"

/** Greets, repeats what it has heard, and names the keys that are pressed. It needs no model. */
export default Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello! Say something, or press a key.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`)),
    UserDtmfSent: ({ button }) => Stream.make(Event.sendText(`You pressed ${button}.`))
  }),
  { run: ["CallStarted", "UserTurnEnded", "UserDtmfSent"] }
)
