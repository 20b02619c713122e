import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { WebSocket, WebSocketServer } from "ws"
import { pingingWebSocket } from "../../../src/node/internal/pingingWebSocket.ts"

/** A peer of a server that answers each message with its text; `dropped` is the end of the server's side. */
const connected = Effect.gen(function* () {
  const server = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const server = new WebSocketServer({ port: 0, host: "127.0.0.1", WebSocket: pingingWebSocket() })
      await once(server, "listening")
      return server
    }),
    (server) =>
      Effect.sync(() => {
        server.clients.forEach((client) => client.terminate())
        server.close()
      })
  )
  const dropped = new Promise<number>((resolve) =>
    server.on("connection", (socket: WebSocket) =>
      socket.on("message", (data) => socket.send(String(data))).on("close", resolve)
    )
  )
  const { port } = server.address() as { port: number }
  const socket = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`).on("error", () => {})
      await once(socket, "open")
      return socket
    }),
    (socket) => Effect.sync(() => socket.terminate())
  )
  return { socket, dropped }
})

describe("A socket that pings", () => {
  for (const kind of ["ping", "pong"] as const) {
    it.live(`drops a peer that floods it with ${kind}s, and none that sends a few`, () =>
      Effect.gen(function* () {
        const { dropped, socket } = yield* connected
        for (let i = 0; i < 20; i++) socket[kind]("x")
        socket.send("hello")
        const [answer] = yield* Effect.promise(() => once(socket, "message"))
        assert.strictEqual(String(answer), "hello")
        for (let i = 0; i < 5000; i++) socket[kind]("x", true, () => {})
        assert.strictEqual(yield* Effect.promise(() => dropped), 1006)
      }).pipe(Effect.scoped)
    )
  }
})
