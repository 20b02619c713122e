/** Responses as OpenAI streams them. */
import * as OpenAiWire from "./openAiServer.ts"
import type { Script } from "./mockServer.ts"

let sequence = 0

export const event = (body: { readonly type: string; readonly [field: string]: unknown }) =>
  `event: ${body.type}\ndata: ${JSON.stringify({ ...body, sequence_number: sequence++ })}\n\n`

const response = (more: object = {}) => ({
  id: "resp_1",
  object: "response",
  created_at: 1700000000,
  model: "gpt-5.4-mini",
  output: [],
  ...more
})

export const created = event({ type: "response.created", response: response({ status: "in_progress" }) })

export const usage = {
  input_tokens: 20,
  input_tokens_details: { cached_tokens: 15 },
  output_tokens: 10,
  output_tokens_details: { reasoning_tokens: 4 },
  total_tokens: 30
}

export const completed = event({ type: "response.completed", response: response({ status: "completed", usage }) })

export const incomplete = (reason: string) =>
  event({
    type: "response.incomplete",
    response: response({ status: "incomplete", incomplete_details: { reason }, usage })
  })

export const failed = (code: string) =>
  event({ type: "response.failed", response: response({ error: { code, message: "the secret prompt" } }) })

export const textItem = (id: string, ...texts: ReadonlyArray<string>) => [
  event({
    type: "response.output_item.added",
    output_index: 0,
    item: { id, type: "message", role: "assistant", content: [] }
  }),
  ...texts.map((delta) =>
    event({ type: "response.output_text.delta", item_id: id, output_index: 0, content_index: 0, delta })
  ),
  event({ type: "response.output_item.done", output_index: 0, item: { id, type: "message", status: "completed" } })
]

export const callItem = (id: string, name: string, ...json: ReadonlyArray<string>) => [
  ...callBegun(id, name, ...json),
  event({
    type: "response.output_item.done",
    output_index: 1,
    item: { id: `fc_${id}`, type: "function_call", status: "completed", call_id: id, name, arguments: json.join("") }
  })
]

export const callBegun = (id: string, name: string, ...json: ReadonlyArray<string>) => [
  event({
    type: "response.output_item.added",
    output_index: 1,
    item: { id: `fc_${id}`, type: "function_call", status: "in_progress", call_id: id, name, arguments: "" }
  }),
  ...json.map((delta) =>
    event({ type: "response.function_call_arguments.delta", item_id: `fc_${id}`, output_index: 1, delta })
  )
]

export const reasoningItem = (id: string, encrypted_content: string) => [
  event({ type: "response.output_item.added", output_index: 0, item: { id, type: "reasoning", summary: [] } }),
  event({
    type: "response.output_item.done",
    output_index: 0,
    item: { id, type: "reasoning", summary: [], encrypted_content }
  })
]

export const reply = (items: ReadonlyArray<string>, end = completed): Script => ({ pieces: [created, ...items, end] })

export const text = (...texts: ReadonlyArray<string>): Script => {
  const items = textItem("msg_1", ...texts)
  const done = event({ type: "response.output_text.done", item_id: "msg_1", output_index: 0, text: texts.join("") })
  // Three pieces after the text, as others have them.
  return { pieces: [created, ...items.slice(0, -1), done, ...items.slice(-1), completed] }
}

/** How the Responses API expresses what every provider can, over HTTP and over a WebSocket. */
export const contract = {
  text,
  call: (id: string, name: string, ...json: ReadonlyArray<string>): Script => reply(callItem(id, name, ...json)),
  callCutOff: (id: string, name: string, json: string): Script =>
    reply(callBegun(id, name, json), incomplete("max_output_tokens")),
  finished: (reason: "length" | "filtered", ...texts: ReadonlyArray<string>): Script =>
    reply(
      texts.length === 0 ? [] : textItem("msg_1", ...texts),
      incomplete(reason === "length" ? "max_output_tokens" : "content_filter")
    ),
  failure: (status: number, headers?: Record<string, string>): Script =>
    OpenAiWire.failure(status, { message: "the secret prompt sk-123", type: "some_type", code: null }, headers),
  odd: event({
    type: "response.output_item.done",
    item: { type: "function_call", id: "fc_1", call_id: "c1", name: "f", arguments: 5 }
  }),
  overloaded: event({ type: "error", code: "503", message: "the secret prompt" })
}
