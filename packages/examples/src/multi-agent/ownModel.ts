import { Agent } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { AgentAsHandoff } from "@antiphon/llm/tools"

/** An agent of its own service: its Layer is given a model, and the agents around it keep theirs. */
export class Lawyer extends Agent.Service<Lawyer>()("app/Lawyer") {
  /** `Lawyer.layer.pipe(Layer.provide(Models.fromString("anthropic/claude-opus-4-5")))` */
  static readonly layer = Agent.layer(Lawyer, LlmAgent.make({ systemPrompt: "You know the law." }))
}

/** Hands the call to the lawyer for good, who reads a summary of it. The tool is called `transfer_to_lawyer`. */
export const assistant = LlmAgent.make({
  systemPrompt: "You answer the phone of a law firm.",
  tools: [AgentAsHandoff.make(Lawyer, { handoffMessage: "I'm connecting you. ", context: "summary" })]
})
