import { LlmAgent } from "@antiphon/llm"
import { SendDtmf, TransferCall } from "@antiphon/llm/tools"

/** Presses keys in a phone menu, and transfers the call to a number that the caller names. */
export const agent = LlmAgent.make({
  systemPrompt: "You navigate phone menus and transfer calls. Read a number back before you transfer to it.",
  introduction: "Hello! I'm your phone assistant. How can I help?",
  tools: [SendDtmf.make(), TransferCall.make()]
})
