import { Agent, Call, Event } from "@antiphon/core"
import { Effect, Stream } from "effect"

const agent = Agent.make(
  Agent.route({
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)

/** What the agent answers to one sentence. A call is a function from reports to outputs: no socket, no clock. */
export const answerTo = (sentence: string): Effect.Effect<ReadonlyArray<Event.Output>, unknown> =>
  Stream.make<ReadonlyArray<Event.Report>>(
    { _tag: "UserTurnStarted" },
    { _tag: "UserTextSent", content: sentence },
    { _tag: "UserTurnEnded" }
  ).pipe((reports) => Call.run(agent, reports), Stream.runCollect)
