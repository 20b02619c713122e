import { ConsoleApp, Studio } from "@antiphon/console"
import { LlmAgent, Models } from "@antiphon/llm"
import { VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"

const agent = LlmAgent.make({ systemPrompt: "Be brief.", introduction: "Good morning!" })

Layer.unwrap(
  Effect.map(Studio.make({ agent, model: Models.fromString("openai/gpt-4.1-mini") }), (studio) =>
    VoiceAgentApp.layerServer(studio.agent, {
      routes: Layer.orDie(ConsoleApp.layerStudio(studio)),
      record: studio.record
    }).pipe(Layer.provide(Layer.merge(studio.model, studio.tools)))
  )
).pipe(Layer.provide(NodeServices.layer), Layer.launch, NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown }))
