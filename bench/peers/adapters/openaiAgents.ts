/** `@openai/agents`: an agent run with a stream, on chat completions, with a session that keeps the history. */
import { Agent, MemorySession, OpenAIChatCompletionsModel, Runner, setTracingDisabled, tool } from "@openai/agents"
import OpenAI from "openai"
import { z } from "zod"
import type { Peer } from "../peer.ts"

setTracingDisabled(true)

export const peer: Peer = {
  open: async (options) => {
    const client = new OpenAI({ baseURL: options.baseUrl, apiKey: "none", maxRetries: 0 })
    const agent = new Agent({
      name: "bench",
      instructions: options.systemPrompt,
      model: new OpenAIChatCompletionsModel(client, options.model),
      tools: [
        tool({
          name: "wait",
          description: "Waits.",
          parameters: z.object({}),
          execute: (_, __, details) => options.tool.run(details?.signal)
        })
      ]
    })
    const runner = new Runner({ tracingDisabled: true })
    const session = new MemorySession()
    let controller = new AbortController()
    return {
      turn: async (text, onToken) => {
        controller = new AbortController()
        const { signal } = controller
        const result = await runner.run(agent, text, { stream: true, session, signal })
        for await (const event of result) {
          if (event.type === "raw_model_stream_event" && event.data.type === "output_text_delta")
            onToken(event.data.delta)
        }
        await result.completed.catch((error: unknown) => {
          if (!signal.aborted) throw error
        })
      },
      interrupt: () => controller.abort(),
      end: async () => controller.abort()
    }
  }
}
