/** A server in its own process, whose agent fails in the way its caller names. */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Stream } from "effect"
import { HttpServer } from "effect/http"
import { execFileSync } from "node:child_process"
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
  escapes: () => fail("\u001b]52;c;aGk=\u0007 \u202e and \u009b2J"),
  exit: () => process.exit(3),
  child: () => void execFileSync("sleep", ["30"]),
  block: () => block(7000),
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
        // A while into the turn, as user code would.
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

const { AS_LAYER, HELD_UP } = process.env

/** The server as part of an application, which prints its own address. */
const part = Layer.effectDiscard(
  Effect.flatMap(HttpServer.HttpServer, ({ address }) =>
    Effect.log(`Listening on ${HttpServer.formatAddress(address)}`)
  )
).pipe(Layer.provide(VoiceAgentApp.layerServer(agent)))

/** Another part of the application, which takes a while to release. */
const rest = Layer.effectDiscard(
  Effect.addFinalizer(() =>
    HELD_UP === undefined
      ? Effect.void
      : Effect.delay(
          Effect.sync(() => process.stdout.write("Released\n")),
          Number(HELD_UP)
        )
  )
)

// In as many processes as the environment says, by default one.
const server = AS_LAYER === undefined ? VoiceAgentApp.serve(() => Effect.succeed(agent)) : Layer.launch(part)
NodeRuntime.runMain(Effect.provide(Supervisor.run(server), rest), { teardown: VoiceAgentApp.teardown })
