import { LlmAgent, Models } from "@antiphon/llm"
import { WebSearch } from "@antiphon/llm/tools"
import { VoiceAgentApp } from "@antiphon/server"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"

/** Talks about anything, and searches the web. Uses the prompt and the greeting that the call asks for, if there are any. */
export const agent = LlmAgent.make((request) => ({
  ...LlmAgent.fromCallRequest(request, {
    systemPrompt: "You are a friendly voice assistant.",
    introduction: "Hey! I'm a voice assistant. What would you like to talk about?"
  }),
  tools: [WebSearch.make()]
}))

if (import.meta.main) {
  VoiceAgentApp.layerServer(agent).pipe(
    Layer.provide(Models.fromString("anthropic/claude-haiku-4-5")),
    Layer.provide(WebSearch.layerDuckDuckGo()),
    Layer.provide(NodeHttpClient.layerUndici),
    Layer.launch,
    NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
  )
}
