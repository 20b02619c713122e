/** Gemini's own stream. */
import type { Script } from "./mockServer.ts"

const frame = (body: object) => `data: ${JSON.stringify(body)}\r\n\r\n`

export const usage = {
  promptTokenCount: 20,
  cachedContentTokenCount: 15,
  candidatesTokenCount: 6,
  thoughtsTokenCount: 4,
  totalTokenCount: 30
}

export const chunk = (parts: ReadonlyArray<object>, finishReason?: string) =>
  frame({
    candidates: [
      { content: { role: "model", parts }, ...(finishReason === undefined ? {} : { finishReason }), index: 0 }
    ],
    usageMetadata: usage,
    modelVersion: "gemini-2.5-flash",
    responseId: "r1"
  })

export const blocked = frame({ promptFeedback: { blockReason: "SAFETY" }, usageMetadata: usage })

export const error = (code: number, status: string) => frame({ error: { code, status, message: "the secret prompt" } })

export const text = (...texts: ReadonlyArray<string>): Script => ({
  pieces: [
    ...texts.map((text) => chunk([{ text }])),
    // Three pieces after the text, as others have them.
    ": \r\n\r\n",
    chunk([{ text: "" }]),
    chunk([{ text: "" }], "STOP")
  ]
})

export const call = (name: string, args: unknown, more: object = {}) => ({ functionCall: { name, args }, ...more })

export const reply = (...parts: ReadonlyArray<object>): Script => ({
  pieces: [...parts.map((part) => chunk([part])), chunk([], "STOP")]
})

export const failure = (status: number, state: string, headers: Record<string, string> = {}): Script => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  pieces: [JSON.stringify({ error: { code: status, message: "the secret prompt sk-123", status: state } })]
})

/** Google's names for statuses. */
export const states: { readonly [status: number]: string } = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED"
}

/** How Gemini expresses what every provider can. */
export const contract = {
  text,
  call: (id: string, name: string, ...json: ReadonlyArray<string>): Script =>
    reply({ functionCall: { id, name, args: JSON.parse(json.join("")) as unknown } }),
  callsAreWhole: true,
  odd: 'data: {"candidates":[{"content":{"parts":5}}]}\n\n',
  callCutOff: (): Script => text(""),
  finished: (reason: "length" | "filtered", ...texts: ReadonlyArray<string>): Script => ({
    pieces: [...texts.map((text) => chunk([{ text }])), chunk([], reason === "length" ? "MAX_TOKENS" : "SAFETY")]
  }),
  failure: (status: number, headers?: Record<string, string>): Script =>
    failure(status, states[status] ?? "INTERNAL", headers),
  overloaded: error(503, "UNAVAILABLE")
}
