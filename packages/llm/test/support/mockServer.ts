/** A server that answers each request with the next script: bytes, their times, and how the connection ends. */
import { Deferred, Effect, type Scope } from "effect"
import * as Http from "node:http"
import type * as Net from "node:net"

export interface Script {
  readonly status?: number | undefined
  readonly headers?: Record<string, string> | undefined
  /** Each piece is one write, and so one network chunk. */
  readonly pieces: ReadonlyArray<string | Uint8Array>
  /** `cut` destroys the connection after the pieces, `stall` leaves it open. Ends properly by default. */
  readonly ending?: "cut" | "stall" | undefined
}

export interface Request {
  readonly path: string
  readonly headers: Http.IncomingHttpHeaders
  readonly body: unknown
}

export interface MockServer {
  readonly url: string
  readonly requests: Array<Request>
  /** Requests of a warm-up, which need no document. They use up no script. */
  readonly greetings: Array<Request>
  /** How warm-ups are answered from now on. With 404 by default. */
  readonly greet: (script: Script) => void
  /** Connections that clients have opened so far. */
  readonly connections: () => number
  readonly script: (...scripts: ReadonlyArray<Script>) => void
  /** Succeeds when the client closes a request before its answer is complete. */
  readonly abandoned: Effect.Effect<void>
}

export const make: Effect.Effect<MockServer, never, Scope.Scope> = Effect.gen(function* () {
  const requests: Array<Request> = []
  const greetings: Array<Request> = []
  const scripts: Array<Script> = []
  let greeting: Script = { status: 404, pieces: [] }
  const abandoned = Deferred.makeUnsafe<void>()
  const sockets = new Set<Net.Socket>()
  let connections = 0

  const server = Http.createServer((request, response) => {
    let text = ""
    request.setEncoding("utf8")
    request.on("data", (piece: string) => (text += piece))
    request.on("end", () => {
      const body: unknown = text === "" ? undefined : JSON.parse(text)
      const isGreeting = request.method === "GET" && request.url?.endsWith("/") === true
      const received = isGreeting ? greetings : requests
      received.push({ path: request.url ?? "", headers: request.headers, body })
      const script = isGreeting ? greeting : (scripts.shift() ?? { status: 500, pieces: ["no script"] })
      response.on("close", () => {
        if (!response.writableFinished) Deferred.doneUnsafe(abandoned, Effect.void)
      })
      void play(script, response)
    })
  })
  server.on("connection", (socket) => {
    connections++
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  yield* Effect.callback<void>((resume) => {
    server.listen(0, "127.0.0.1", () => resume(Effect.void))
  })
  yield* Effect.addFinalizer(() =>
    Effect.callback<void>((resume) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resume(Effect.void))
    })
  )
  const { port } = server.address() as Net.AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    greetings,
    greet: (script) => void (greeting = script),
    connections: () => connections,
    script: (...more) => void scripts.push(...more),
    abandoned: Deferred.await(abandoned)
  }
})

const play = async (script: Script, response: Http.ServerResponse) => {
  response.writeHead(script.status ?? 200, { "content-type": "text/event-stream", ...script.headers })
  response.flushHeaders()
  for (const piece of script.pieces) {
    if (piece.length > 0) await new Promise((resolve) => response.write(piece, resolve))
    // Yields to the client, so that it reads this piece before the next one arrives.
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (script.ending === "cut") response.destroy()
  else if (script.ending !== "stall") response.end()
}

/** The bytes of several pieces, concatenated. */
export const bytesOf = (pieces: Script["pieces"]): Buffer => {
  const text = new TextEncoder()
  return Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? text.encode(piece) : piece)))
}

/** The bytes of several pieces, as one piece per byte. */
export const bytewise = (pieces: Script["pieces"]): ReadonlyArray<Uint8Array> =>
  Array.from(bytesOf(pieces), (byte) => Uint8Array.of(byte))
