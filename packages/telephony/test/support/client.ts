/** A client's WebSocket, and what it receives. It is dropped with the scope. */
import * as NodeWS from "@effect/platform-node/NodeWS"
import { Effect } from "effect"

export interface Message {
  readonly event: string
  readonly [field: string]: unknown
}

export const connect = (url: string, headers: Record<string, string> = {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<NodeWS.WebSocket, number>((resume) => {
        const ws = new NodeWS.WebSocket(url, { headers })
        ws.on("error", () => {})
        ws.once("open", () => resume(Effect.succeed(ws)))
        ws.once("unexpected-response", (_, response) => {
          response.resume()
          resume(Effect.fail(response.statusCode ?? 0))
        })
      }),
      (ws) => Effect.sync(() => ws.terminate())
    ),
    (ws) => {
      const messages: Array<Message> = []
      const waiting = new Set<() => void>()
      let close: { readonly code: number; readonly reason: string } | undefined
      const changed = () => waiting.forEach((check) => check())
      ws.on("message", (data: Buffer) => {
        messages.push(JSON.parse(data.toString("utf8")) as Message)
        changed()
      })
      ws.on("close", (code: number, reason: Buffer) => {
        close = { code, reason: reason.toString("utf8") }
        changed()
      })
      const until = <A>(what: string, find: () => A | undefined) =>
        Effect.callback<A>((resume) => {
          const check = () => {
            const found = find()
            if (found === undefined) return
            waiting.delete(check)
            resume(Effect.succeed(found))
          }
          waiting.add(check)
          check()
        }).pipe(
          Effect.timeoutOrElse({
            duration: "15 seconds",
            orElse: () => Effect.die(new Error(`waited in vain for ${what}; came ${JSON.stringify(messages)}`))
          })
        )
      return {
        messages,
        send: (message: object) => ws.send(JSON.stringify(message)),
        raw: (frame: string | Uint8Array) => ws.send(frame),
        ping: () => ws.ping(),
        close: () => ws.close(1000),
        message: (event: string) => until(event, () => messages.find((message) => message.event === event)),
        closed: until("the close", () => close)
      }
    }
  )
