/** Requests to the routes of Line's wire. */
import { Effect } from "effect"
import type * as Server from "./server.ts"

export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

export const request = (url: string, init?: RequestInit) =>
  Effect.promise(async (): Promise<Answer> => {
    const response = await fetch(url, init)
    return { status: response.status, text: await response.text(), headers: response.headers }
  })

/** Posts to `/chats`. */
export const post = (server: Server.Server, body: unknown, headers: Record<string, string> = {}) =>
  request(`${server.http}/chats`, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body)
  })
