/**
 * The WebSocket mode of the Responses API over a real socket. Plays scripts made for HTTP event by event, and answers
 * requests over HTTP as well.
 */
import { Deferred, Effect, type Scope } from "effect"
import * as Http from "node:http"
import type * as Net from "node:net"
import { WebSocketServer, type WebSocket } from "ws"
import * as MockServer from "./mockServer.ts"

export interface SocketServer extends MockServer.MockServer {
  /** Messages received over sockets: the socket, counted from 0, and the message. */
  readonly messages: Array<{ readonly socket: number; readonly body: Record<string, unknown> }>
  /** Requests received over HTTP. */
  readonly posts: Array<MockServer.Request>
  /** Answers upgrades with this status from now on; undefined accepts them again. */
  readonly refuse: (status: number | undefined) => void
  /** Open sockets. */
  readonly open: () => number
  /** Ends all sockets, as the server does with those that are too old. */
  readonly endAll: () => void
}

export const make: Effect.Effect<SocketServer, never, Scope.Scope> = Effect.gen(function* () {
  const requests: Array<MockServer.Request> = []
  const posts: Array<MockServer.Request> = []
  const greetings: Array<MockServer.Request> = []
  const messages: SocketServer["messages"] = []
  const scripts: Array<MockServer.Script> = []
  const abandoned = Deferred.makeUnsafe<void>()
  const sockets = new Set<Net.Socket>()
  let greeting: MockServer.Script = { status: 404, pieces: [] }
  let connections = 0
  let opened = 0
  let refused: number | undefined

  const given = () => Deferred.doneUnsafe(abandoned, Effect.void)
  const next = (): MockServer.Script => scripts.shift() ?? { status: 500, pieces: ["no script"] }

  const server = Http.createServer((request, response) => {
    let text = ""
    request.setEncoding("utf8")
    request.on("data", (piece: string) => (text += piece))
    request.on("end", () => {
      const isGreeting = request.method === "GET"
      const received = {
        path: request.url ?? "",
        headers: request.headers,
        body: text === "" ? undefined : (JSON.parse(text) as unknown)
      }
      if (isGreeting) greetings.push(received)
      else {
        requests.push(received)
        posts.push(received)
      }
      const script = isGreeting ? greeting : next()
      response.on("close", () => {
        if (!response.writableFinished) given()
      })
      response.writeHead(script.status ?? 200, { "content-type": "text/event-stream", ...script.headers })
      response.flushHeaders()
      for (const piece of script.pieces) response.write(piece)
      if (script.ending === "cut") response.destroy()
      else if (script.ending !== "stall") response.end()
    })
  })
  server.on("connection", (socket) => {
    connections++
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })

  const web = new WebSocketServer({ noServer: true })
  server.on("upgrade", (request, socket: Net.Socket, head: Buffer) => {
    greetings.push({ path: request.url ?? "", headers: request.headers, body: undefined })
    // If warm-ups are not answered, upgrades are not either.
    if (greeting.ending === "stall") {
      socket.on("end", given)
      socket.on("error", () => {})
      socket.resume()
      return
    }
    // The answer of a proxy that does not support sockets comes over HTTP.
    const [script] = scripts
    const isProxy = script !== undefined && "content-type" in (script.headers ?? {}) && (script.status ?? 200) === 200
    if (refused !== undefined || isProxy) {
      socket.end(`HTTP/1.1 ${refused ?? 404} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    web.handleUpgrade(request, socket, head, (client) => {
      const number = opened++
      let playing = false
      client.on("error", () => {})
      client.on("close", () => {
        if (playing) given()
      })
      client.on("message", (data: Buffer) => {
        const body = JSON.parse(data.toString()) as Record<string, unknown>
        messages.push({ socket: number, body })
        requests.push({ path: request.url ?? "", headers: request.headers, body })
        playing = true
        const script = next()
        void play(script, client, socket).then((told) => {
          playing = told === "stalls"
          // It was not begun, and will be requested again.
          if (told === "nothing") scripts.unshift(script)
        })
      })
    })
  })

  yield* Effect.callback<void>((resume) => {
    server.listen(0, "127.0.0.1", () => resume(Effect.void))
  })
  yield* Effect.addFinalizer(() =>
    Effect.callback<void>((resume) => {
      for (const client of web.clients) client.terminate()
      for (const socket of sockets) socket.destroy()
      server.close(() => resume(Effect.void))
    })
  )
  const { port } = server.address() as Net.AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    posts,
    greetings,
    messages,
    greet: (script) => void (greeting = script),
    connections: () => connections,
    script: (...more) => void scripts.push(...more),
    abandoned: Deferred.await(abandoned),
    refuse: (status) => void (refused = status),
    open: () => web.clients.size,
    endAll: () => {
      for (const client of web.clients) client.close(1000)
    }
  }
})

/** Plays a script. Returns whether it was played whole, not at all, or stalls. */
const play = async (
  script: MockServer.Script,
  client: WebSocket,
  socket: Net.Socket
): Promise<"all" | "nothing" | "stalls"> => {
  const bytes = MockServer.bytesOf(script.pieces).toString()
  if ((script.status ?? 200) >= 400) {
    const { error } = JSON.parse(bytes === "no script" ? '{"error":{}}' : bytes) as { readonly error: unknown }
    client.send(JSON.stringify({ type: "error", status: script.status, error, headers: script.headers }))
    return "all"
  }
  // Only complete events are messages.
  const events = bytes.split("\n\n").slice(0, -1)
  let isComplete = false
  let told = 0
  for (const event of events) {
    const data = event
      .split("\n")
      .flatMap((line) => (line.startsWith("data: ") ? [line.slice("data: ".length)] : []))
      .join("\n")
    if (data === "") continue
    client.send(data)
    told++
    isComplete = /"type":"(response\.(completed|incomplete|failed)|error)"/.test(data)
    // Yields to the client, so that it reads this message before the next one arrives.
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (script.ending === "stall") return "stalls"
  if (script.ending === "cut") socket.destroy()
  else if (!isComplete) client.close()
  return told === 0 ? "nothing" : "all"
}
