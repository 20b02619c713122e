import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, type Scope } from "effect"
import * as Http from "node:http"
import * as Net from "node:net"
import { gzipSync } from "node:zlib"
import * as AiErrors from "../../../../src/model/internal/provider/aiErrors.ts"
import * as Connections from "../../../../src/model/internal/provider/connections.ts"

const listening = <S extends Net.Server>(server: S): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function* () {
    yield* Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
    yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
    return `http://127.0.0.1:${(server.address() as Net.AddressInfo).port}`
  })

/** A server that never closes a connection by itself, and does not announce when it would. */
const patient = (
  answer: Http.RequestListener = (_, response) => response.writeHead(200, { connection: "keep-alive" }).end("ok")
) =>
  Effect.gen(function* () {
    const closed = yield* Deferred.make<void>()
    let connections = 0
    const server = Http.createServer(answer)
    server.keepAliveTimeout = 0
    server.on("connection", (socket) => {
      connections++
      socket.on("close", () => Deferred.doneUnsafe(closed, Effect.void))
    })
    yield* Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
    const url = yield* listening(server)
    return { url, closed: Deferred.await(closed), connections: () => connections }
  })

const answered = ({ fetch }: Connections.Connections, url: string, options: RequestInit = {}) =>
  Effect.promise(() => fetch(url, options).then((response) => response.text()))

const rejected = ({ fetch }: Connections.Connections, url: string, options: RequestInit = {}) =>
  Effect.flip(Effect.tryPromise({ try: () => fetch(url, options), catch: (cause) => cause }))

const posting = ({ post }: Connections.Connections, url: string) => {
  const send = post(url, new Headers({ "content-type": "application/json" }))
  return (signal = new AbortController().signal) => Effect.promise(() => send("{}", signal))
}

const source: AiErrors.Source = { module: "Test", method: "streamText", url: "http://127.0.0.1/" }
const kindOf = (cause: unknown) => AiErrors.details(AiErrors.make(source, AiErrors.fromRejection(source, cause))).kind

/** Replaces a member of an object for as long as the scope is open. */
const replaced = <A extends object, K extends keyof A>(object: A, key: K, value: A[K]) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = object[key]
      object[key] = value
      return before
    }),
    (before) => Effect.sync(() => void (object[key] = before))
  )

const dispatchers = globalThis as unknown as Record<symbol, object>
const current = Symbol.for("undici.globalDispatcher.1")

describe("connections", () => {
  it.live("close after their idle time, which is not that of fetch", () =>
    Effect.gen(function* () {
      const server = yield* patient()
      const connections = yield* Connections.make({ idle: "20 millis" })
      assert.strictEqual(yield* answered(connections, server.url), "ok")
      yield* server.closed
    }).pipe(Effect.timeout("3 seconds"))
  )

  it.live("serve one request after the other, and close with the scope", () =>
    Effect.gen(function* () {
      const server = yield* patient()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const connections = yield* Connections.make()
          const post = posting(connections, server.url)
          // A connection is free for the next request one turn of the event loop later.
          for (let i = 0; i < 3; i++) yield* Effect.andThen(answered(connections, server.url), Effect.yieldNow)
          const response = yield* post()
          assert.strictEqual(yield* Effect.promise(() => response.text()), "ok")
        })
      )
      yield* server.closed
      assert.strictEqual(server.connections(), 1)
    }).pipe(Effect.timeout("3 seconds"))
  )

  it.live("that a provider closed while they were idle are replaced, and others are not", () =>
    Effect.gen(function* () {
      let requests = 0
      const server = yield* patient(({ socket }, response) => {
        // Every second request meets a connection that is being closed, as if it had been idle for too long.
        if (++requests % 2 === 0) return void socket.resetAndDestroy()
        response.writeHead(200, { connection: "keep-alive" }).end("ok")
      })
      const connections = yield* Connections.make()
      assert.strictEqual(yield* answered(connections, server.url), "ok")
      yield* Effect.yieldNow
      assert.strictEqual(yield* answered(connections, server.url), "ok")
      assert.strictEqual(requests, 3)
      assert.strictEqual(server.connections(), 2)
      // The fourth comes over a new connection, so the provider means it.
      const fresh = yield* Connections.make()
      assert.propertyVal(yield* rejected(fresh, server.url), "code", "ECONNRESET")
      assert.strictEqual(requests, 4)
    }).pipe(Effect.timeout("3 seconds"))
  )

  it.live("close when a request is abandoned, before its answer and in the middle", () =>
    Effect.gen(function* () {
      for (const begins of [false, true]) {
        const arrived = yield* Deferred.make<void>()
        const server = yield* patient((_, response) => {
          if (begins) response.write("some")
          Deferred.doneUnsafe(arrived, Effect.void)
        })
        const connections = yield* Connections.make()
        const controller = new AbortController()
        const sent = connections.fetch(server.url, { signal: controller.signal }).then((response) => response.text())
        const outcome = Effect.flip(Effect.tryPromise({ try: () => sent, catch: (cause) => cause }))
        yield* Deferred.await(arrived)
        controller.abort(new Error("enough"))
        assert.instanceOf(yield* outcome, Error)
        yield* server.closed
      }
    }).pipe(Effect.timeout("3 seconds"))
  )

  it.live("an abandoned request is never sent", () =>
    Effect.gen(function* () {
      const server = yield* patient()
      const signal = AbortSignal.abort(new Error("enough"))
      assert.propertyVal(yield* rejected(yield* Connections.make(), server.url, { signal }), "message", "enough")
      assert.strictEqual(server.connections(), 0)
    })
  )

  it.live("a connection that is not made in time, and an answer that does not come, are timeouts", () =>
    Effect.gen(function* () {
      // Accepts connections and says nothing, so a handshake never ends.
      const mute = Net.createServer((socket) => void socket.on("error", () => {}))
      const url = yield* listening(mute)
      const connections = yield* Connections.make({ connect: "20 millis", silence: "20 millis" })
      assert.strictEqual(kindOf(yield* rejected(connections, url.replace("http:", "https:"))), "Timeout")
      assert.strictEqual(kindOf(yield* rejected(connections, url)), "Timeout")
    }).pipe(Effect.timeout("3 seconds"))
  )

  it.live("redirects are followed within the same origin, and go nowhere else", () =>
    Effect.gen(function* () {
      const other = yield* patient((request, response) => void response.end(request.headers.authorization))
      const server = yield* patient((request, response) => {
        if (request.url === "/out") return void response.writeHead(307, { location: `${other.url}/in` }).end()
        if (request.url !== "/there") return void response.writeHead(308, { location: "/there" }).end()
        let body = ""
        request.on("data", (piece: Buffer) => (body += piece.toString()))
        request.on("end", () => response.end(`${request.method} ${request.headers.authorization} ${body}`))
      })
      const connections = yield* Connections.make()
      const init = { method: "POST", headers: { authorization: "key" }, body: "words" }
      assert.strictEqual(yield* answered(connections, `${server.url}/here`, init), "POST key words")
      const { signal } = new AbortController()
      const post = connections.post(`${server.url}/here`, new Headers(init.headers))
      const posted = yield* Effect.promise(() => post("words", signal).then((response) => response.text()))
      assert.strictEqual(posted, "POST key words")
      const out = yield* Effect.promise(() => connections.fetch(`${server.url}/out`, init))
      assert.strictEqual(out.status, 307)
      assert.strictEqual(other.connections(), 0)
    })
  )

  it.live("what a server packs although it was not asked to is unpacked", () =>
    Effect.gen(function* () {
      const server = yield* patient((request, response) => {
        assert.isUndefined(request.headers["accept-encoding"])
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("words"))
      })
      assert.strictEqual(yield* answered(yield* Connections.make(), server.url), "words")
    })
  )

  it.effect("are those of the process if it sets its own, such as a proxy", () =>
    Effect.gen(function* () {
      const asked: Array<unknown> = []
      class ProxyAgent {
        dispatch({ path }: { readonly path: unknown }) {
          asked.push(path)
          throw new Error("no way out")
        }
      }
      yield* replaced(dispatchers, current, new ProxyAgent())
      const connections = yield* Connections.make()
      yield* rejected(connections, "http://127.0.0.1:60009/a")
      const post = connections.post("http://127.0.0.1:60009/b", new Headers())
      yield* Effect.promise(() => post("{}", new AbortController().signal).catch(() => {}))
      assert.deepStrictEqual(asked, ["/a", "/b"])
    })
  )

  it.effect("a replaced fetch is used", () =>
    Effect.gen(function* () {
      yield* replaced(globalThis, "fetch", () => Promise.resolve(new Response("replaced")))
      assert.strictEqual(yield* answered(yield* Connections.make(), "http://127.0.0.1:60009/"), "replaced")
    })
  )
})
