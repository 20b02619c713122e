/**
 * The agent with which Line was measured, see `line.ts`: greets, echoes, and streams one message a millisecond on
 * request.
 */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"

const tokens = Stream.fromSchedule(Schedule.spaced("1 millis")).pipe(Stream.map((i) => Event.sendText(`tok${i} `)))

export const echo = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Welcome.")),
    UserTurnEnded: (event) => {
      const text = Event.text(event)
      return text === "stream" ? tokens : Stream.make(Event.sendText(`You said: ${text}`))
    }
  }),
  { turnFailure: "close" }
)

export const factory = () => Effect.succeed(echo)
