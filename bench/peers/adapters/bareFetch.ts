/** The floor: the least that one would write by hand for a conversation that streams, calls a tool and can be interrupted. */
import { userMessage, type Options, type Peer } from "../peer.ts"

interface ToolCall {
  readonly id: string
  readonly type: "function"
  readonly function: { readonly name: string; arguments: string }
}
type Message =
  | { readonly role: "system" | "user"; readonly content: string }
  | { readonly role: "assistant"; readonly content: string; readonly tool_calls?: ReadonlyArray<ToolCall> }
  | { readonly role: "tool"; readonly tool_call_id: string; readonly content: string }

const tools = [
  {
    type: "function",
    function: { name: "wait", description: "Waits.", parameters: { type: "object", properties: {} } }
  }
]

const reply = async (
  { baseUrl, model }: Options,
  messages: ReadonlyArray<Message>,
  signal: AbortSignal,
  onToken: (token: string) => void
): Promise<{ readonly text: string; readonly calls: ReadonlyArray<ToolCall> }> => {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer none" },
    body: JSON.stringify({ model, messages, tools, stream: true, stream_options: { include_usage: true } }),
    signal
  })
  const decoder = new TextDecoder()
  const calls: Array<ToolCall> = []
  let text = ""
  let rest = ""
  try {
    for await (const bytes of response.body!) {
      const events = (rest + decoder.decode(bytes, { stream: true })).split("\n\n")
      rest = events.pop()!
      for (const event of events) {
        if (event === "data: [DONE]") continue
        const delta = JSON.parse(event.slice(6)).choices[0]?.delta
        if (delta?.content) {
          text += delta.content
          onToken(delta.content)
        }
        for (const call of delta?.tool_calls ?? []) {
          const known = calls[call.index]
          if (known === undefined) calls[call.index] = call
          else known.function.arguments += call.function.arguments
        }
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return { text, calls }
}

export const peer: Peer = {
  open: async (options) => {
    const messages: Array<Message> = [{ role: "system", content: options.systemPrompt }]
    let controller = new AbortController()
    return {
      turn: async (text, onToken) => {
        controller = new AbortController()
        const { signal } = controller
        messages.push(userMessage(text))
        while (true) {
          const { calls, text } = await reply(options, messages, signal, onToken)
          if (calls.length === 0) return void messages.push({ role: "assistant", content: text })
          messages.push({ role: "assistant", content: text, tool_calls: calls })
          for (const { id } of calls) {
            const content = await options.tool.run(signal).catch(() => "cancelled")
            messages.push({ role: "tool", tool_call_id: id, content })
          }
          if (signal.aborted) return
        }
      },
      interrupt: () => controller.abort(),
      end: async () => controller.abort()
    }
  }
}
