/** The agent of the chaos bench, which misbehaves as its caller asks, on `PORT`. */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

const block = (ms: number) => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello!")),
    UserTurnEnded: (event) => {
      const text = Event.text(event)
      const answer = Stream.make(Event.sendText(`You said: ${text}`))
      switch (text) {
        case "throw":
          setTimeout(() => {
            throw new Error("thrown in a timer")
          }, 5)
          return answer
        case "block":
          block(8000)
          return answer
        case "talk":
          return Stream.forever(Stream.make(Event.sendText("x".repeat(1000))))
        default:
          return answer
      }
    }
  })
)

NodeRuntime.runMain(
  VoiceAgentApp.serve(() => Effect.succeed(agent), { settings: { maxCallsPerSecond: 0 } }),
  { teardown: VoiceAgentApp.teardown }
)
