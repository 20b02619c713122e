import { Agent, Event, Keypad } from "@antiphon/core"
import { Stream } from "effect"

const bank = Agent.route({
  CallStarted: () => Stream.make(Event.sendText("Key in your account number, then hash.")),
  UserTurnEnded: ({ content }) => {
    const keys = content.flatMap((part) => (part._tag === "UserDtmfSent" ? [part.button] : [])).join("")
    return Stream.make(Event.sendText(keys === "" ? "Please use the keys." : `Your account is ${keys}.`))
  }
})

/** Gets what the caller keys in as one answer: after six keys, after #, or when no key follows for two seconds. */
export const keyed = Agent.make(Keypad.agent(bank, { length: 6 }), { run: Keypad.run })
