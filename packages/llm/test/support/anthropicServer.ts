/** Messages as Anthropic streams them. */
import type { Script } from "./mockServer.ts"

export const event = (body: { readonly type: string; readonly [field: string]: unknown }) =>
  `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`

export const start = event({
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-haiku-4-5",
    content: [],
    stop_reason: null,
    usage: { input_tokens: 12, cache_read_input_tokens: 100, cache_creation_input_tokens: 8, output_tokens: 1 }
  }
})

export const ping = event({ type: "ping" })

/** One content block, from its start to its stop. */
export const block = (index: number, content_block: object, ...deltas: ReadonlyArray<object>) => [
  event({ type: "content_block_start", index, content_block }),
  ...deltas.map((delta) => event({ type: "content_block_delta", index, delta })),
  event({ type: "content_block_stop", index })
]

export const textBlock = (index: number, ...texts: ReadonlyArray<string>) =>
  block(index, { type: "text", text: "" }, ...texts.map((text) => ({ type: "text_delta", text })))

export const toolBlock = (index: number, id: string, name: string, ...json: ReadonlyArray<string>) =>
  block(
    index,
    { type: "tool_use", id, name, input: {} },
    ...json.map((partial_json) => ({ type: "input_json_delta", partial_json }))
  )

export const delta = (stop_reason: string) =>
  event({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 10 } })

export const stop = event({ type: "message_stop" })

export const reply = (blocks: ReadonlyArray<string>, stopReason = "end_turn"): Script => ({
  pieces: [start, ping, ...blocks, delta(stopReason), stop]
})

export const text = (...texts: ReadonlyArray<string>): Script => reply(textBlock(0, ...texts))

export const failure = (status: number, type: string, headers: Record<string, string> = {}): Script => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  pieces: [JSON.stringify({ type: "error", error: { type, message: "the secret prompt sk-123" }, request_id: "req_1" })]
})

/** Anthropic's statuses, and its names for them. */
export const names: { readonly [status: number]: string } = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error"
}

/** How Claude expresses what every provider can. */
export const contract = {
  text,
  call: (id: string, name: string, ...json: ReadonlyArray<string>): Script =>
    reply(toolBlock(0, id, name, ...json), "tool_use"),
  callCutOff: (id: string, name: string, json: string): Script => reply(toolBlock(0, id, name, json), "max_tokens"),
  finished: (reason: "length" | "filtered", ...texts: ReadonlyArray<string>): Script =>
    reply(texts.length === 0 ? [] : textBlock(0, ...texts), reason === "length" ? "max_tokens" : "refusal"),
  failure: (status: number, headers?: Record<string, string>): Script =>
    failure(status, names[status] ?? "api_error", headers),
  overloaded: event({ type: "error", error: { type: "overloaded_error", message: "the secret prompt" } })
}
