/** A server in a process of its own, whose agent fails in the way that its caller names.  */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Stream } from "effect"
import { EventEmitter } from "node:events"
import * as Supervisor from "../../src/node/Supervisor.ts"
import * as VoiceAgentApp from "../../src/node/VoiceAgentApp.ts"

const block = (ms: number) => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const faults: { readonly [text: string]: () => void } = {
  reject: () => void Promise.reject(new Error("nobody awaits me")),
  timer: () => void setTimeout(() => fail("thrown in a timer"), 5),
  emitter: () => void setTimeout(() => new EventEmitter().emit("error", new Error("nobody listens to me")), 5),
  exit: () => process.exit(3),
  block: () => block(5000),
  loop: () => block(Number.POSITIVE_INFINITY)
}
const fail = (message: string): never => {
  throw new Error(message)
}

const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Welcome.")),
    UserTurnEnded: (event) =>
      Stream.fromEffect(
        // A while into the turn, as somebody's code would.
        Effect.delay(
          Effect.sync(() => {
            faults[Event.text(event)]?.()
            return Event.sendText(`You said: ${Event.text(event)}`)
          }),
          "10 millis"
        )
      ),
    CallEnded: () => Stream.fromEffectDrain(Effect.sync(() => process.stdout.write("CallEnded\n")))
  })
)

// In as many processes as the environment says; one by default.
NodeRuntime.runMain(Supervisor.run(VoiceAgentApp.serve(() => Effect.succeed(agent))), {
  teardown: VoiceAgentApp.teardown
})
