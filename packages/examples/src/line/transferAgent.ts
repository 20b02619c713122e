import { LlmAgent } from "@antiphon/llm"
import { AgentAsHandoff } from "@antiphon/llm/tools"

const spanish = LlmAgent.make({
  systemPrompt: "Eres un asistente amable y servicial. Habla sólo en español.",
  introduction: "¡Hola! ¿Cómo puedo ayudarte hoy?"
})

/** Passes callers who want to speak Spanish on to an agent that does, with the voice for it. */
export const agent = LlmAgent.make({
  systemPrompt: "You are a friendly assistant. If the user asks for Spanish, use transfer_to_spanish.",
  introduction: "Hello! I'm your AI assistant. How can I help you today?",
  tools: [
    AgentAsHandoff.make(spanish, {
      name: "transfer_to_spanish",
      description: "Transfers the call to an agent who speaks Spanish.",
      handoffMessage: "Transferring you to our Spanish-speaking agent now. ",
      updateCall: { language: "es" }
    })
  ]
})
