/** A server as the main program of its process. With `MODEL`, something it requires cannot be made. */
import * as Agent from "@antiphon/core/Agent"
import { NodeRuntime } from "@effect/platform-node"
import { Data, Effect, Layer, Stream } from "effect"
import * as Supervisor from "../../src/node/Supervisor.ts"
import * as VoiceAgentApp from "../../src/node/VoiceAgentApp.ts"

class ModelError extends Data.TaggedError("ModelError")<{ readonly message: string }> {}

const Model =
  process.env["MODEL"] === "missing"
    ? Layer.effectDiscard(Effect.fail(new ModelError({ message: "openai needs a key: set OPENAI_API_KEY" })))
    : process.env["MODEL"] === "defect"
      ? Layer.effectDiscard(Effect.die(new ModelError({ message: "twilio: set TWILIO_AUTH_TOKEN" })))
      : Layer.empty

const server = VoiceAgentApp.serve(Agent.make(() => Stream.empty)).pipe(Effect.provide(Model))

Supervisor.run(server, { adminPort: 0 }).pipe(
  VoiceAgentApp.explained,
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
