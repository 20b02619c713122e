/** A server with a voice route, and the page's end of the line without a page. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import type * as CallHost from "@antiphon/server/CallHost"
import type * as Settings from "@antiphon/server/Settings"
import { createServer } from "node:http"
import { WebSocket } from "ws"
import * as BrowserVoice from "../../src/BrowserVoice.ts"
import type { Answer, Options } from "../../src/BrowserVoice.ts"
import * as ClientFiles from "../../src/ClientFiles.ts"

/** Serves on a free port until the scope closes, and returns the port. */
export const serve = (
  answer: Answer<unknown>,
  options: Options & {
    readonly settings?: Settings.Overrides
    readonly record?: CallHost.Record
    readonly routes?: Layer.Layer<never, never, HttpRouter.HttpRouter>
  } = {}
) =>
  Effect.gen(function* () {
    const routes = Layer.mergeAll(
      BrowserVoice.layer(answer, options),
      ClientFiles.layer(),
      options.routes ?? Layer.empty
    )
    const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(
        NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" })
      )
    )
    const context = yield* Layer.build(server)
    const { address } = yield* Effect.provideContext(HttpServer.HttpServer, context)
    return "port" in address ? address.port : 0
  })

interface Message {
  readonly type: string
  readonly [field: string]: unknown
}

/** Opens a socket, and keeps what it receives. It is dropped with the scope. */
export const connect = (port: number, headers: Record<string, string> = {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<WebSocket, number>((resume) => {
        const ws = new WebSocket(`ws://127.0.0.1:${port}/voice`, { headers })
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
      const audio: Array<Uint8Array> = []
      const waiting = new Set<() => void>()
      const changed = () => waiting.forEach((check) => check())
      let code: number | undefined
      ws.on("message", (data: Buffer, isBinary: boolean) => {
        if (isBinary) audio.push(new Uint8Array(data))
        else messages.push(JSON.parse(data.toString("utf8")) as Message)
        changed()
      })
      ws.on("close", (closed) => {
        code = closed
        changed()
      })
      const until = <A>(what: string, condition: () => A | undefined | false) =>
        Effect.callback<A>((resume) => {
          const check = () => {
            const found = condition()
            if (found === undefined || found === false) return
            waiting.delete(check)
            resume(Effect.succeed(found))
          }
          waiting.add(check)
          check()
        }).pipe(
          Effect.timeoutOrElse({
            duration: "15 seconds",
            orElse: () => Effect.die(new Error(`Waited in vain for ${what}; came: ${JSON.stringify(messages)}`))
          })
        )
      return {
        messages,
        audio,
        until,
        send: (message: object) => ws.send(message instanceof Uint8Array ? message : JSON.stringify(message)),
        sendText: (text: string) => ws.send(text),
        close: () => ws.close(1000),
        drop: () => ws.terminate(),
        message: (type: string) => until(type, () => messages.find((message) => message.type === type)),
        closed: until("the close", () => code)
      }
    }
  )
