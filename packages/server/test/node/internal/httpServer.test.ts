import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import * as HttpServing from "../../../src/node/internal/httpServer.ts"

/** A server that answers with the host named by the request. */
const serve = (options?: HttpServing.Options) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = HttpServing.make(options).on("request", (request, response) => response.end(request.headers.host))
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const { port } = server.address() as { port: number }
      return { server, port }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )

const open = (port: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const socket = connect(port, "127.0.0.1").setEncoding("utf8")
      await once(socket, "connect")
      return socket
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

const closed = (socket: Socket) =>
  Effect.promise(async () => {
    if (!socket.closed) await once(socket, "close")
  })

describe("The server of HTTP", () => {
  it.live("drops a connection that says nothing, and keeps one that has begun", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ silenceMs: 2000 })
      const begun = yield* open(port)
      begun.write("GET / HTTP/1.1\r\nHost: a\r\n")
      const silent = yield* Effect.forEach([1, 2, 3], () => open(port))
      for (const socket of silent) yield* closed(socket.resume())
      begun.write("\r\n")
      const [answer] = yield* Effect.promise(() => once(begun, "data"))
      assert.match(String(answer), /^HTTP\/1\.1 200 OK/)
    }).pipe(Effect.scoped)
  )

  it.live("hides no second host of a request", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const socket = yield* open(port)
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
      let answer = ""
      socket.on("data", (text) => (answer += text))
      yield* closed(socket)
      assert.match(answer, /\r\n\r\n[^]*localhost, evil\.example/)
    }).pipe(Effect.scoped)
  )
})
