/** A WebSocket server over loopback, whose connections are controlled by a test. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type * as Net from "node:net"
import { WebSocketServer, type WebSocket } from "ws"

/** A message as it arrived. */
export type Message = string | Uint8Array

/** One client. */
export interface Connection {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Http.IncomingHttpHeaders
  /** Everything the client has sent so far. */
  readonly messages: Array<Message>
  /** JSON, or bytes as a binary message. */
  readonly send: (message: unknown) => void
  /** A text message in several frames, cut at these bytes. */
  readonly sendSplit: (text: string, at: ReadonlyArray<number>) => void
  readonly close: (code: number, reason?: string) => void
  /** Destroys the TCP connection without a closing handshake. */
  readonly drop: () => void
  /** Succeeds when the connection has ended. */
  readonly closed: Effect.Effect<void>
}

/** How to answer upgrade requests from now on. */
export interface Refusal {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A vendor's behaviour on a connection. */
export interface Vendor {
  readonly connected?: ((connection: Connection) => void) | undefined
  readonly received: (connection: Connection, message: Message) => void
}

/** A running server. */
export interface SocketServer {
  readonly url: string
  readonly connections: Array<Connection>
  /** The next connection that was not taken yet. */
  readonly next: Effect.Effect<Connection>
  /** Rejects the next clients. Undefined accepts them again. */
  readonly refuse: (refusal: Refusal | undefined) => void
  /** Accepts TCP connections, and never answers the upgrade. */
  readonly ignore: (isIgnoring: boolean) => void
}

/** Options of a server. */
export interface Options {
  /** Whether pings are answered. Defaults to true. */
  readonly autoPong?: boolean | undefined
}

export const make = (vendor: Vendor, options: Options = {}): Effect.Effect<SocketServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const taken = yield* Queue.unbounded<Connection>()
    const connections: Array<Connection> = []
    const sockets = new Set<Net.Socket>()
    let refusal: Refusal | undefined
    let isIgnoring = false
    const http = Http.createServer((_, response) => void response.writeHead(404).end())
    const server = new WebSocketServer({ noServer: true, autoPong: options.autoPong ?? true })
    http.on("connection", (socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
    })
    http.on("upgrade", (request, socket, head) => {
      socket.on("error", () => {})
      if (isIgnoring) return
      if (refusal !== undefined) {
        const headers = Object.entries({ "content-length": "0", connection: "close", ...refusal.headers })
        const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")
        socket.end(`HTTP/1.1 ${refusal.status} Refused\r\n${lines}\r\n`)
        return
      }
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = connectionOf(request, webSocket)
        connections.push(connection)
        webSocket.on("message", (data: Buffer, isBinary) => {
          const message = isBinary ? new Uint8Array(data) : data.toString("utf8")
          connection.messages.push(message)
          vendor.received(connection, message)
        })
        webSocket.on("error", () => {})
        vendor.connected?.(connection)
        Queue.offerUnsafe(taken, connection)
      })
    })
    yield* Effect.callback<void>((resume) => void http.listen(0, "127.0.0.1", () => resume(Effect.void)))
    yield* Effect.addFinalizer(() =>
      Effect.callback<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        http.close(() => resume(Effect.void))
      })
    )
    const { port } = http.address() as Net.AddressInfo
    return {
      url: `ws://127.0.0.1:${port}`,
      connections,
      next: Queue.take(taken),
      refuse: (next) => void (refusal = next),
      ignore: (next) => void (isIgnoring = next)
    }
  })

const connectionOf = (request: Http.IncomingMessage, webSocket: WebSocket): Connection => {
  const url = new URL(request.url ?? "/", "http://localhost")
  const closed = Deferred.makeUnsafe<void>()
  webSocket.on("close", () => Deferred.doneUnsafe(closed, Effect.void))
  return {
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    messages: [],
    send: (message) => webSocket.send(message instanceof Uint8Array ? message : textOf(message)),
    sendSplit: (text, at) => {
      const bytes = Buffer.from(text)
      const cuts = [0, ...at, bytes.length]
      for (let i = 1; i < cuts.length; i++) {
        webSocket.send(bytes.subarray(cuts[i - 1], cuts[i]), { binary: false, fin: i === cuts.length - 1 })
      }
    },
    close: (code, reason) => webSocket.close(code, reason),
    drop: () => webSocket.terminate(),
    closed: Deferred.await(closed)
  }
}

const textOf = (message: unknown) => (typeof message === "string" ? message : JSON.stringify(message))
