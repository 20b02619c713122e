/** The platform's end of a wire over HTTP: requests whose answers come in pieces. */
import { Effect } from "effect"
import { request } from "node:http"
import type { IncomingMessage } from "node:http"
import { until } from "./client.ts"

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** Posts a body, and waits for the whole answer. */
export const post = (url: string, body: string, headers: Record<string, string> = {}): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const response = await fetch(url, { method: "POST", body, headers })
    const type = (response.headers.get("content-type") ?? "").split(";")[0] ?? ""
    return { status: response.status, type, body: await response.text() }
  })

export interface Response {
  /** What has arrived of the answer so far. */
  readonly body: () => string
  /** Waits until the answer so far is this. */
  readonly until: (body: string) => Effect.Effect<void>
  /** Waits until the answer is complete. */
  readonly completed: Effect.Effect<void>
  /** Abandons the request. */
  readonly abort: () => void
}

/** Posts a body, and watches the answer arrive. `paused` reads nothing of it. */
export const open = (url: string, body: string, options: { readonly paused?: boolean } = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const state = { body: "", complete: false }
      const sent = request(url, { method: "POST" })
      sent.on("error", () => {})
      sent.on("response", (response: IncomingMessage) => {
        if (options.paused === true) return
        response.on("data", (data: Buffer) => (state.body += data.toString()))
        response.on("end", () => (state.complete = true))
        response.on("error", () => {})
      })
      sent.end(body)
      const response: Response = {
        body: () => state.body,
        until: (body) => Effect.asVoid(until(`"${body}"`, () => state.body === body)),
        completed: Effect.asVoid(until("the end of the answer", () => state.complete)),
        abort: () => sent.destroy()
      }
      return response
    }),
    (response) => Effect.sync(response.abort)
  )
