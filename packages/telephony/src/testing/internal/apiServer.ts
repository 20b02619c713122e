/** A carrier's API on a free port of this machine. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"

/** Serves until the scope closes, and returns the address. */
export const serve = (
  handle: (request: HttpServerRequest) => Effect.Effect<HttpServerResponse.HttpServerResponse>
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function* () {
    const routes = HttpRouter.add("*", "/*", handle)
    const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(
        NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" })
      )
    )
    const context = yield* Effect.orDie(Layer.build(server))
    const { address } = yield* Effect.provideContext(HttpServer.HttpServer, context)
    return `http://127.0.0.1:${"port" in address ? address.port : 0}`
  })

/** A JSON response. */
export const answer = (status: number, body: object): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(body), { status, contentType: "application/json" })
