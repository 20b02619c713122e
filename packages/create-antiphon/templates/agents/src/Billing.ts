import { Agent } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { VoiceTool } from "@antiphon/llm/tools"
import { Effect } from "effect"
import { Invoices } from "./Invoices.ts"

const listInvoices = VoiceTool.loopback(
  "list_invoices",
  { description: "Lists the caller's open invoices." },
  (_, { turn }) => Effect.flatMap(Invoices, (invoices) => invoices.open(turn.request.from))
)

/** Answers questions about invoices. It does not know which agent hands over the call, or how to hand it back. */
export class Billing extends Agent.Service<Billing>()("app/Billing") {
  static readonly layer = Agent.layer(
    Billing,
    LlmAgent.make({
      systemPrompt:
        "You are the billing desk of a clinic. Short sentences. Give the call back if it is about anything else.",
      introduction: "Billing, how can I help?",
      tools: [listInvoices]
    })
  )
}
