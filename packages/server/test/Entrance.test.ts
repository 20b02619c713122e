import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import { WebSocket } from "ws"
import * as Entrance from "../src/Entrance.ts"

describe("Entrance", () => {
  it.live("passes bytes both ways, counts them, and rejects requests that are not WebSockets", () =>
    Effect.gen(function* () {
      const excess = yield* Deferred.make<unknown>()
      const route = Layer.effectDiscard(
        Effect.gen(function* () {
          const reception = yield* Entrance.reception({ maxBytesPerSecond: 1 })
          const router = yield* HttpRouter.HttpRouter
          yield* router.add("*", "/in", (request) =>
            Effect.gen(function* () {
              const visitor = yield* Entrance.enter(request, { name: "test", reception, onStalled: Effect.void })
              const [first] = yield* visitor.pull
              yield* visitor.send([first, "and text"])
              const more = yield* visitor.pull
              yield* Deferred.succeed(excess, visitor.excess(more))
              yield* visitor.close(1000)
              return HttpServerResponse.empty()
            }).pipe(
              Effect.catchTag("SocketError", () => Effect.succeed(HttpServerResponse.empty())),
              Effect.catch(Effect.succeed)
            )
          )
        })
      )
      const server = HttpRouter.serve(route, { disableLogger: true, disableListenLog: true }).pipe(
        Layer.provideMerge(
          NodeHttpServer.layer(() => createServer(), {
            port: 0,
            host: "127.0.0.1",
            gracefulShutdownTimeout: "1 second"
          })
        )
      )
      const context = yield* Layer.build(server)
      const { address } = yield* Effect.provideContext(HttpServer.HttpServer, context)
      const port = "port" in address ? address.port : 0
      const plain = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/in`))
      assert.strictEqual(plain.status, 404)

      const came: Array<string> = []
      const ws = new WebSocket(`ws://127.0.0.1:${port}/in`)
      yield* Effect.callback<void>((resume) => {
        ws.on("open", () => ws.send(Uint8Array.of(0, 255)))
        ws.on("message", (data: Buffer, isBinary: boolean) => {
          came.push(isBinary ? data.toString("hex") : data.toString("utf8"))
          if (came.length === 2) ws.send(new Uint8Array(11))
        })
        ws.on("close", () => resume(Effect.void))
      })
      assert.deepStrictEqual(came, ["00ff", "and text"])
      assert.deepInclude(yield* Deferred.await(excess), { _tag: "Flood", limit: 1, of: "bytes" })
    }).pipe(Effect.scoped)
  )
})
