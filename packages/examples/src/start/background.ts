import { Agent, Event } from "@antiphon/core"
import { Effect, Stream } from "effect"

const findTable = Effect.as(Effect.sleep("3 seconds"), "a table at eight")

/** Goes on talking while it looks something up; the result starts a turn of its own once nobody is speaking. */
export const concierge = Agent.make(
  Agent.route({
    UserTurnEnded: (_, turn) =>
      Stream.make(Event.sendText("I am looking for a table. Anything else meanwhile?")).pipe(
        Stream.concat(Stream.fromEffectDrain(turn.background("find_table", findTable)))
      ),
    BackgroundReturned: ({ result }) => Stream.make(Event.sendText(`By the way: I found ${result}.`))
  })
)
