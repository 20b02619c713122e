import { Agent } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { VoiceTool } from "@antiphon/llm/tools"
import { Effect } from "effect"
import { Database } from "./Database.ts"

const listInvoices = VoiceTool.loopback(
  "list_invoices",
  { description: "Lists the caller's open invoices.", safe: true },
  (_, { turn }) => Effect.flatMap(Database, (database) => database.openInvoices(turn.request.from))
)

/** Answers questions about invoices. It knows nothing of who hands the call to it, nor of the way back. */
export class Billing extends Agent.Service<Billing>()("clinic/Billing") {
  static readonly layer = Agent.layer(
    Billing,
    LlmAgent.make({
      systemPrompt: "You are the billing desk of a clinic. Short sentences.",
      introduction: "Billing, how can I help?",
      tools: [listInvoices]
    })
  )
}
