import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { connect, type Socket } from "node:net"
import * as Client from "../support/client.ts"
import { post } from "../support/post.ts"
import * as Server from "../support/server.ts"

/** Sends a request by hand, and collects the answer. */
const raw = (server: Server.Server, text: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const socket: Socket = connect(server.port, "127.0.0.1")
      const heard = { socket, text: "" }
      socket.on("error", () => {})
      socket.on("data", (data) => (heard.text += data.toString()))
      socket.write(text)
      return heard
    }),
    ({ socket }) => Effect.sync(() => socket.destroy())
  )

const head = (length: number) =>
  `POST /chats HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`

describe("A body", () => {
  it.live("that does not arrive in time is answered with 408, even if it trickles in", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { startTimeout: Server.millis(300) })
      const heard = yield* raw(server, head(100))
      yield* Effect.forkScoped(
        Effect.forever(
          Effect.delay(
            Effect.sync(() => heard.socket.write(" ")),
            "20 millis"
          )
        )
      )
      yield* Client.until("the answer", () => heard.text.includes("\r\n\r\n"))
      assert.match(heard.text, /^HTTP\/1\.1 408 /)
    })
  )

  it.live("occupies one of a few places while it arrives, and requests beyond are answered", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { maxOpenings: 3, startTimeout: Server.millis(2000) })
      const slow = yield* Effect.forEach(Array.from({ length: 3 }), () => raw(server, head(100)))
      const statuses = yield* Effect.eventually(Effect.filterOrFail(post(server, {}), ({ status }) => status === 503))
      assert.include(statuses.text, "Too many requests at once")
      for (const { socket } of slow) socket.destroy()
      yield* Effect.eventually(Effect.filterOrFail(post(server, {}), ({ status }) => status === 200))
    })
  )

  it.live("that is nested too deeply is rejected, with or without a handler", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}))
      for (const depth of [2000, 100_000]) {
        const deep = `{"metadata":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`
        const { status, text } = yield* post(server, deep)
        assert.deepStrictEqual([status, text], [400, '{"detail":"Bad request: nested too deeply"}'])
      }
      // Brackets inside a string do not nest.
      const flat = yield* post(server, { metadata: { a: '["'.repeat(5000) } })
      assert.strictEqual(flat.status, 200)
      assert.strictEqual(server.log.filter(({ level }) => level === "Error").length, 0)
    })
  )
})
