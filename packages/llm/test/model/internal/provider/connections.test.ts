import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, type Scope } from "effect"
import * as Http from "node:http"
import type * as Net from "node:net"
import * as Connections from "../../../../src/model/internal/provider/connections.ts"

/** A server that never closes a connection by itself, and does not announce when it would. */
const patient = Effect.gen(function* () {
  const closed = yield* Deferred.make<void>()
  let connections = 0
  const server = Http.createServer((_, response) => response.writeHead(200, { connection: "keep-alive" }).end("ok"))
  server.keepAliveTimeout = 0
  server.on("connection", (socket) => {
    connections++
    socket.on("close", () => Deferred.doneUnsafe(closed, Effect.void))
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.sync(() => server.closeAllConnections())
  )
  yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
  const { port } = server.address() as Net.AddressInfo
  return { url: `http://127.0.0.1:${port}`, closed: Deferred.await(closed), connections: () => connections }
}) satisfies Effect.Effect<unknown, never, Scope.Scope>

const fetched = (url: string, options: RequestInit) =>
  Effect.promise(() => fetch(url, options).then((response) => response.text()))

const dispatchers = globalThis as unknown as Record<symbol, object>
const current = Symbol.for("undici.globalDispatcher.1")

describe("connections", () => {
  it.live("close after their idle time, which is not that of fetch", () =>
    Effect.gen(function* () {
      const server = yield* patient
      const options = yield* Connections.make("20 millis")
      assert.strictEqual(yield* fetched(server.url, options), "ok")
      yield* server.closed
    }).pipe(Effect.timeout("3 seconds"))
  )

  it.live("serve one request after the other, and close with the scope", () =>
    Effect.gen(function* () {
      const server = yield* patient
      yield* Effect.scoped(
        Effect.gen(function* () {
          const options = yield* Connections.make()
          // A connection is free for the next request one turn of the event loop later.
          for (let i = 0; i < 3; i++) yield* Effect.andThen(fetched(server.url, options), Effect.yieldNow)
        })
      )
      yield* server.closed
      assert.strictEqual(server.connections(), 1)
    }).pipe(Effect.timeout("3 seconds"))
  )

  it.effect("are those of the process if it sets its own, such as a proxy", () =>
    Effect.gen(function* () {
      class ProxyAgent {}
      yield* Effect.acquireRelease(
        Effect.sync(() => dispatchers[current]!),
        (before) => Effect.sync(() => void (dispatchers[current] = before))
      )
      dispatchers[current] = new ProxyAgent()
      assert.deepStrictEqual(yield* Connections.make(), {})
    })
  )
})
