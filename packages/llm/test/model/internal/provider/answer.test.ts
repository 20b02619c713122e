import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Http from "node:http"
import type * as Net from "node:net"
import * as Answer from "../../../../src/model/internal/provider/answer.ts"
import * as Connections from "../../../../src/model/internal/provider/connections.ts"

const served = (answer: Http.RequestListener) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Http.Server>((resume) => {
        const server = Http.createServer(answer)
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => void (server.closeAllConnections(), server.close()))
    ),
    (server) => `http://127.0.0.1:${(server.address() as Net.AddressInfo).port}/`
  )

const asked = (url: string) => Effect.flatMap(Connections.make(), ({ fetch }) => Effect.promise(() => fetch(url)))

type Piece = string | undefined

const next = (read: Answer.Read, first = false): Effect.Effect<Piece, { readonly cause: unknown }> =>
  Effect.callback((resume) =>
    read(
      (bytes) => resume(Effect.succeed(bytes && new TextDecoder().decode(bytes))),
      (cause) => resume(Effect.fail({ cause })),
      first
    )
  )

const readOf = (response: Response): Answer.Read => {
  const read = Answer.reading(response)
  if (read === undefined) throw new Error("no body")
  return read
}

const rest = (read: Answer.Read): Effect.Effect<string, { readonly cause: unknown }> =>
  Effect.flatMap(next(read), (piece) =>
    piece === undefined ? Effect.succeed("") : Effect.map(rest(read), (more) => piece + more)
  )

describe("an answer", () => {
  it.live("is the same response that fetch would give", () =>
    Effect.gen(function* () {
      for (const status of [200, 204, 400]) {
        const url = yield* served((_, response) => {
          response.writeHead(status, "Odd", [
            ["Content-Type", "text/plain"],
            ["Set-Cookie", "a=1"],
            ["Set-Cookie", "b=2"]
          ])
          response.end(status === 204 ? undefined : "wörds")
        })
        const view = (response: Response) =>
          Effect.map(
            Effect.promise(() => response.text()),
            (text) => ({
              text,
              ok: response.ok,
              status: response.status,
              statusText: response.statusText,
              type: Answer.contentType(response),
              headers: [...response.headers].filter(([name]) => name !== "date" && name !== "keep-alive"),
              used: response.bodyUsed
            })
          )
        const ours = yield* asked(url)
        assert.instanceOf(ours, Answer.Answer)
        assert.deepStrictEqual(yield* view(ours), yield* view(yield* Effect.promise(() => fetch(url))))
      }
    })
  )

  it.live("gives the chunks that have come together as one piece, or the first of them ahead", () =>
    Effect.gen(function* () {
      let write = () => {}
      const url = yield* served((_, response) => {
        response.flushHeaders()
        write = () => {
          response.socket?.cork()
          for (const word of ["one ", "two ", "three"]) response.write(word)
          response.end()
          response.socket?.uncork()
        }
      })
      for (const isFirst of [false, true]) {
        const read = readOf(yield* asked(url))
        const first = yield* Effect.forkChild(next(read, isFirst))
        yield* Effect.yieldNow
        write()
        assert.strictEqual(yield* Fiber.join(first), isFirst ? "one " : "one two three")
        if (isFirst) assert.strictEqual(yield* next(read), "two three")
        assert.strictEqual(yield* next(read), undefined)
        assert.strictEqual(yield* next(read), undefined)
      }
    })
  )

  it.live("loses nothing to a look at its head", () =>
    Effect.gen(function* () {
      const url = yield* served((_, response) => void response.end("words"))
      const response = yield* asked(url)
      // The words come with the head, one turn of the event loop later at most.
      yield* Effect.yieldNow
      assert.strictEqual(response.headers.get("content-length"), "5")
      assert.isNotNull(response.body)
      yield* Effect.yieldNow
      assert.strictEqual(yield* rest(readOf(response)), "words")
    })
  )

  it.live("fails behind its last words if the connection breaks, each time it is read", () =>
    Effect.gen(function* () {
      const url = yield* served((_, response) => {
        response.write("some", () => response.socket?.destroy())
      })
      const read = readOf(yield* asked(url))
      assert.strictEqual(yield* next(read), "some")
      const { cause } = yield* Effect.flip(next(read))
      assert.propertyVal(cause, "code", "ECONNRESET")
      assert.deepStrictEqual(yield* Effect.flip(next(read)), { cause })
    })
  )

  it.live("that nobody reads makes the provider wait, and comes whole", () =>
    Effect.gen(function* () {
      const piece = "x".repeat(1 << 16)
      const pieces = 512
      let written = 0
      const url = yield* served((_, response) => {
        const write = (): void => {
          while (written < pieces) {
            written++
            if (!response.write(piece)) return void response.once("drain", write)
          }
          response.end()
        }
        write()
      })
      const response = yield* asked(url)
      const read = readOf(response)
      const before = yield* Effect.suspend(() => {
        const seen = written
        return Effect.as(Effect.sleep("20 millis"), seen)
      }).pipe(Effect.repeat({ until: (seen) => seen === written, times: 100 }))
      assert.isBelow(before, pieces)
      assert.strictEqual((yield* rest(read)).length, pieces * piece.length)
    })
  )

  it.effect("a response of fetch is read in the same way", () =>
    Effect.gen(function* () {
      const response = new Response("words", { headers: { "content-type": "text/plain" } })
      assert.strictEqual(Answer.contentType(response), "text/plain")
      assert.strictEqual(yield* rest(readOf(response)), "words")
      assert.isUndefined(Answer.reading(new Response(null)))
    })
  )
})
