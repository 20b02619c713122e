/** An HTTP server over loopback that answers each request as a test says. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type * as Net from "node:net"

/** A request with its body. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Http.IncomingHttpHeaders
  readonly body: Buffer
}

export interface HttpServer {
  readonly url: string
  readonly requests: Array<Request>
  /** Requests closed by their client before they were fully answered. */
  readonly abandoned: () => number
}

/** Runs a server. */
export const make = (
  answer: (request: Request, response: Http.ServerResponse) => void
): Effect.Effect<HttpServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const requests: Array<Request> = []
    let abandoned = 0
    const server = Http.createServer((incoming, response) => {
      const parts: Array<Buffer> = []
      incoming.on("data", (part: Buffer) => parts.push(part))
      incoming.on("end", () => {
        const { headers, method = "", url = "" } = incoming
        const request = { method, path: url, headers, body: Buffer.concat(parts) }
        requests.push(request)
        response.on("close", () => {
          if (!response.writableFinished) abandoned++
        })
        answer(request, response)
      })
    })
    yield* Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
    yield* Effect.addFinalizer(() =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
    )
    return {
      url: `http://127.0.0.1:${(server.address() as Net.AddressInfo).port}`,
      requests,
      abandoned: () => abandoned
    }
  })
