/** A server whose agent asks the provider at `PROVIDER_URL`. With `ANTIPHON_RECORD_DIR` its calls are recorded. */
import * as LlmAgent from "@antiphon/llm/agent/LlmAgent"
import * as OpenAi from "@antiphon/llm/model/OpenAi"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const factory = LlmAgent.make({ systemPrompt: "Be brief.", introduction: "Welcome.", onModelFailure: "fail" })
const model = OpenAi.layer({
  model: process.env["MODEL"] ?? "quick",
  baseUrl: process.env["PROVIDER_URL"]!,
  apiKey: Redacted.make("none")
})

// The client plays turns as fast as it can, so the message limit for strangers is off.
const server = VoiceAgentApp.layerServer(factory, {
  settings: {
    maxFramesPerSecond: 0,
    maxBytesPerSecond: 0,
    maxCallBytes: 0,
    maxHistoryBytes: 0,
    maxCallsPerSecond: 0,
    maxTurns: 0
  }
}).pipe(Layer.provide(model))

NodeRuntime.runMain(Layer.launch(server) as Effect.Effect<never, unknown>, { teardown: VoiceAgentApp.teardown })
