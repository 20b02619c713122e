/** Chat completions as OpenAI streams them. */
import type { Script } from "./mockServer.ts"

const frame = (body: object) => `data: ${JSON.stringify(body)}\n\n`

export const envelope = {
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1700000000,
  model: "gpt-4.1-mini"
}

export const chunk = (delta: object, finish_reason: string | null = null) =>
  frame({ ...envelope, choices: [{ index: 0, delta, logprobs: null, finish_reason }] })

export const usage = (more: object = {}) =>
  frame({
    ...envelope,
    choices: [],
    usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30, ...more }
  })

export const done = "data: [DONE]\n\n"

export const head = chunk({ role: "assistant", content: "", refusal: null })

/** A reply in one piece per event. */
export const reply = (deltas: ReadonlyArray<object>, finishReason: string | null = "stop"): Script => ({
  pieces: [head, ...deltas.map((delta) => chunk(delta)), chunk({}, finishReason), usage(), done]
})

export const text = (...texts: ReadonlyArray<string>): Script => reply(texts.map((content) => ({ content })))

export const failure = (status: number, error: object, headers: Record<string, string> = {}): Script => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  pieces: [JSON.stringify({ error })]
})
