/** `ai` of Vercel: `streamText` with tools. The history is the application's, as its documentation has it. */
import { createOpenAI } from "@ai-sdk/openai"
import { stepCountIs, streamText, tool, type ModelMessage } from "ai"
import { z } from "zod"
import { userMessage, type Peer } from "../peer.ts"

export const peer: Peer = {
  open: async (options) => {
    const model = createOpenAI({ baseURL: options.baseUrl, apiKey: "none" }).chat(options.model)
    const messages: Array<ModelMessage> = []
    const tools = {
      wait: tool({
        description: "Waits.",
        inputSchema: z.object({}),
        execute: (_, { abortSignal }) => options.tool.run(abortSignal)
      })
    }
    let controller = new AbortController()
    return {
      turn: async (text, onToken) => {
        controller = new AbortController()
        messages.push(userMessage(text))
        let said = ""
        const finished: Array<ModelMessage> = []
        const result = streamText({
          model,
          instructions: options.systemPrompt,
          messages,
          tools,
          stopWhen: stepCountIs(10),
          maxRetries: 0,
          abortSignal: controller.signal,
          onAbort: ({ steps }) => void finished.push(...steps.flatMap(({ response }) => response.messages)),
          onError: ({ error }) => {
            throw error
          }
        })
        for await (const token of result.textStream) {
          said += token
          onToken(token)
        }
        if (!controller.signal.aborted) return void messages.push(...(await result.response).messages)
        messages.push(...finished)
        if (said !== "") messages.push({ role: "assistant", content: said })
      },
      interrupt: () => controller.abort(),
      end: async () => controller.abort()
    }
  }
}
