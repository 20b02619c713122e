import { LlmAgent } from "@antiphon/llm"
import { EndCall, KnowledgeBase, SendDtmf, TransferCall, Voicemail, WebSearch } from "@antiphon/llm/tools"

/** The tools that come with Antiphon. Web search and knowledge base need a Layer, and the type of the agent says which. */
export const desk = LlmAgent.make({
  systemPrompt: "You call customers back.",
  introduction: "",
  tools: [
    EndCall.make(),
    SendDtmf.make(),
    TransferCall.make({ targetPhoneNumber: "+14155552671", message: "I'm connecting you to a colleague. " }),
    Voicemail.make({ message: "This is Acme. Please call us back.", activeTurns: 2 }),
    WebSearch.make({ contextSize: "low" }),
    KnowledgeBase.make({ topK: 3, timeout: "2 seconds" })
  ]
})
