import type { Agent } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { HttpTool, McpTools } from "@antiphon/llm/tools"
import { Effect } from "effect"
import type { LanguageModel } from "effect/ai"
import type { HttpClient } from "effect/http"

/** An HTTP request as a tool. The key is read from `TICKETS_KEY`, and the model never sees it. */
const openTicket = HttpTool.make({
  name: "open_ticket",
  description: "Opens a ticket for the caller.",
  url: "https://tickets.example.com/tickets",
  auth: { Authorization: "Bearer ${TICKETS_KEY}" },
  requestBodySchema: {
    type: "object",
    properties: { subject: { type: "string" }, source: { constantValue: "phone" } },
    required: ["subject"]
  },
  timeout: "5 seconds"
})

/** The tools of an MCP server, listed when the call begins. An unreachable server costs the tools, not the call. */
export const makeHelpdesk =
  (url: string): Agent.Factory<unknown, HttpClient.HttpClient, LanguageModel.LanguageModel> =>
  (request) =>
    Effect.gen(function* () {
      const tools = [
        yield* openTicket,
        ...(yield* McpTools.make({ name: "crm", url, only: ["find_customer"], connectTimeout: "2 seconds" }))
      ]
      return yield* LlmAgent.make({ systemPrompt: "You are a help desk.", tools })(request)
    })
