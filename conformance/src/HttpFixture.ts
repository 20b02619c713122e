/**
 * The HTTP server that the tools of a case talk to: it answers as the case says, and keeps what it received.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type * as Case from "./Case.ts"

/** A request that the server received: `json` if its body is JSON, otherwise `body`. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly rawPath: string
  readonly query: ReadonlyArray<readonly [string, string]>
  readonly headers: { readonly [name: string]: string }
  readonly json?: unknown
  readonly body?: string
}

/** A running server. */
export interface HttpFixture {
  /** Its address, without a slash at the end. */
  readonly address: string
  /** The requests received so far, in order. The list grows. */
  readonly received: ReadonlyArray<Received>
}

const describe = (request: IncomingMessage, body: string): Received => {
  const url = new URL(request.url ?? "/", "http://localhost")
  const rawPath = (request.url ?? "/").split("?")[0]!
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
  return {
    method: request.method ?? "",
    path: decoded(rawPath),
    rawPath,
    query: [...url.searchParams],
    headers,
    ...bodyOf(body)
  }
}

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const bodyOf = (body: string): Pick<Received, "json" | "body"> => {
  if (body === "") return {}
  try {
    return { json: JSON.parse(body) }
  } catch {
    return { body }
  }
}

const answer = (route: Case.Route | undefined, response: ServerResponse) => {
  if (route === undefined) return response.writeHead(404, { "content-type": "text/plain" }).end("no route")
  const { body = "", contentType = "application/json", status = 200 } = route
  response.writeHead(status, { "content-type": contentType })
  return response.end(typeof body === "string" ? body : JSON.stringify(body))
}

/** Starts a server with these routes. Closing the scope stops it, and drops delayed answers. */
export const make = (routes: ReadonlyArray<Case.Route>): Effect.Effect<HttpFixture, never, Scope.Scope> =>
  Effect.gen(function* () {
    const received: Array<Received> = []
    const timers = new Set<NodeJS.Timeout>()
    const server = createServer((request, response) => {
      let body = ""
      request.setEncoding("utf8")
      request.on("data", (chunk: string) => (body += chunk))
      request.on("end", () => {
        const got = describe(request, body)
        received.push(got)
        const route = routes.find(({ method, path }) => method.toUpperCase() === got.method && path === got.path)
        const timer = setTimeout(() => {
          timers.delete(timer)
          answer(route, response)
        }, route?.delayMs ?? 0)
        timers.add(timer)
      })
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.callback<void>((resume) => {
          for (const timer of timers) clearTimeout(timer)
          server.closeAllConnections()
          server.close(() => resume(Effect.void))
        })
    )
    return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
  })
