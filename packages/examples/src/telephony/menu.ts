import { Agent, Event } from "@antiphon/core"
import { Stream } from "effect"

/** Finds its way through the menu of somebody else, as long as one talks to it. */
export const navigator = Agent.make(
  Agent.route({
    UserTurnEnded: (event) => {
      const option = /press (\d) (?:for|to) (?:speak|talk|an agent|a person)/i.exec(Event.text(event))?.[1]
      return option === undefined
        ? Stream.make(Event.sendText("I would like to speak to somebody, please."))
        : Stream.make(Event.sendDtmf(option))
    }
  })
)
