/** `@mastra/core`: an agent that streams. Without storage, the application keeps the history and passes it on. */
import { Agent } from "@mastra/core/agent"
import { noopLogger } from "@mastra/core/logger"
import { createTool } from "@mastra/core/tools"
import { z } from "zod"
import { userMessage, type Peer } from "../peer.ts"

type Messages = Exclude<Parameters<Agent["stream"]>[0], string>

export const peer: Peer = {
  open: async (options) => {
    const agent = new Agent({
      id: "bench",
      name: "bench",
      instructions: options.systemPrompt,
      model: { id: `bench/${options.model}`, url: options.baseUrl, apiKey: "none" },
      maxRetries: 0,
      tools: {
        wait: createTool({
          id: "wait",
          description: "Waits.",
          inputSchema: z.object({}),
          execute: async (_, context) => options.tool.run(context.abortSignal)
        })
      }
    })
    agent.__setLogger(noopLogger)
    const messages: Array<object> = []
    let controller = new AbortController()
    return {
      turn: async (text, onToken) => {
        controller = new AbortController()
        messages.push(userMessage(text))
        let said = ""
        const result = await agent.stream(messages as Messages, { maxSteps: 10, abortSignal: controller.signal })
        for await (const token of result.textStream) {
          said += token
          onToken(token)
        }
        if (!controller.signal.aborted) messages.push(...(await result.response).messages!)
        else if (said !== "") messages.push({ role: "assistant", content: said })
      },
      interrupt: () => controller.abort(),
      end: async () => controller.abort()
    }
  }
}
