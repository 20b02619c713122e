import { Agent, Event } from "@antiphon/core"
import { Stream } from "effect"

/**
 * A stream that lives as long as the call, beside its turns. A speech-to-speech model plugs in here; this one only tells
 * the page beside the call when the caller begins to speak.
 */
export const watched = Agent.make(Agent.route({ CallStarted: () => Stream.make(Event.sendText("Hello!")) }), {
  session: ({ events }) =>
    events.pipe(
      Stream.filter(({ _tag }) => _tag === "UserTurnStarted"),
      Stream.map(() => Event.sendCustom({ listening: true }))
    )
})
