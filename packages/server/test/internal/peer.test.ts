import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { HttpServerRequest } from "effect/http"
import { Socket } from "effect/socket"
import { TestClock } from "effect/testing"
import { EventEmitter } from "node:events"
import * as Peer from "../../src/internal/peer.ts"

/** The part of a Node connection that a peer looks at. */
class Connection extends EventEmitter {
  writableLength = 0
  destroyed = false
  corks = 0
  get writableNeedDrain() {
    return this.writableLength >= 64
  }
  destroy() {
    this.destroyed = true
    this.emit("close")
  }
  cork() {
    this.corks++
  }
  uncork() {
    this.corks--
  }
  listeners_() {
    return this.listenerCount("drain") + this.listenerCount("close")
  }
}

const settings = { maxBufferedBytes: 100, stallTimeout: Duration.seconds(10) }

const make = (connection: Connection | undefined) => {
  const written: Array<unknown> = []
  /** Whether the connection waited for more, for each text. */
  const corked: Array<boolean> = []
  let stalled = 0
  const peer = Peer.make({
    request: { source: connection === undefined ? {} : { socket: connection } } as HttpServerRequest.HttpServerRequest,
    writer: {
      write: (text) => Effect.sync(() => written.push(text)),
      writeAll: (texts) =>
        Effect.sync(() => {
          written.push(...texts)
          corked.push(...texts.map(() => (connection?.corks ?? 0) > 0))
        })
    },
    settings,
    onStalled: Effect.sync(() => stalled++)
  })
  return { peer, written, corked, stalls: () => stalled }
}

const send = (peer: Peer.Peer, ...texts: readonly [string, ...Array<string>]) =>
  Effect.forkChild(Effect.andThen(peer.send(texts), peer.ready), { startImmediately: true })

describe("Peer", () => {
  it.effect("accepts texts in order without waiting while its buffer is not full", () =>
    Effect.gen(function* () {
      const connection = new Connection()
      const { peer, written } = make(connection)
      connection.writableLength = 100
      yield* Effect.andThen(peer.send(["a", "b"]), peer.ready)
      yield* Effect.andThen(peer.send(["c"]), peer.ready)
      assert.deepStrictEqual(written, ["a", "b", "c"])
    })
  )

  it.effect("writes several frames at once, and a single one by itself", () =>
    Effect.gen(function* () {
      const connection = new Connection()
      const { corked, peer } = make(connection)
      yield* peer.send(["a", "b"])
      assert.strictEqual(connection.corks, 0)
      yield* peer.send(["c"])
      assert.deepStrictEqual(corked, [true, true, false])
      const { peer: other, written } = make(undefined)
      yield* other.send(["a", "b"])
      assert.deepStrictEqual(written, ["a", "b"])
    })
  )

  it.effect("makes the sender wait while its buffer is full, until it has drained", () =>
    Effect.gen(function* () {
      const connection = new Connection()
      const { peer, stalls, written } = make(connection)
      connection.writableLength = 101
      const sending = yield* send(peer, "a")
      assert.deepStrictEqual(written, ["a"])
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(sending.pollUnsafe())
      connection.writableLength = 0
      connection.emit("drain")
      yield* Fiber.join(sending)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(stalls(), 0)
      assert.strictEqual(connection.listeners_(), 0, "listeners were left on the connection")
    })
  )

  it.effect("is stalled once its buffer has stayed full for the timeout", () =>
    Effect.gen(function* () {
      const connection = new Connection()
      const { peer, stalls } = make(connection)
      connection.writableLength = 101
      const sending = yield* send(peer, "a")
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual(stalls(), 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(stalls(), 1)
      yield* Fiber.join(sending)
      assert.strictEqual(connection.listeners_(), 0, "listeners were left on the connection")
    })
  )

  it.effect("releases a waiting sender if the connection is lost or the sender is interrupted", () =>
    Effect.gen(function* () {
      const connection = new Connection()
      const { peer, stalls } = make(connection)
      connection.writableLength = 101
      const interrupted = yield* send(peer, "a")
      yield* Fiber.interrupt(interrupted)
      assert.strictEqual(connection.listeners_(), 0, "listeners were left on the connection")
      const sending = yield* send(peer, "b")
      connection.destroy()
      yield* Fiber.join(sending)
      assert.isTrue(peer.isGone())
      assert.strictEqual(stalls(), 0)
      assert.strictEqual(connection.listeners_(), 0, "listeners were left on the connection")
    })
  )

  it.effect("sends and closes without waiting even if its buffer is full", () =>
    Effect.gen(function* () {
      const connection = new Connection()
      const { peer, written } = make(connection)
      connection.writableLength = 1000
      yield* peer.send(["last"])
      yield* peer.close(1008, "why")
      assert.deepStrictEqual(written, ["last", new Socket.CloseEvent(1008, "why")])
      yield* peer.close(1001, undefined)
      assert.deepStrictEqual(written.slice(2), [new Socket.CloseEvent(1001)])
    })
  )

  it.effect("reports that it is gone, even to those who ask afterwards", () =>
    Effect.gen(function* () {
      const connection = new Connection()
      const { peer } = make(connection)
      const waiting = yield* Effect.forkChild(peer.gone, { startImmediately: true })
      const other = yield* Effect.forkChild(peer.gone, { startImmediately: true })
      yield* Fiber.interrupt(other)
      assert.isFalse(peer.isGone())
      yield* peer.terminate
      yield* Fiber.join(waiting)
      yield* peer.gone
      assert.isTrue(peer.isGone())
    })
  )

  it.effect("on a connection that is not Node's is never waited for", () =>
    Effect.gen(function* () {
      const { peer, written } = make(undefined)
      yield* Effect.andThen(peer.send(["a"]), peer.ready)
      yield* peer.terminate
      assert.deepStrictEqual(written, ["a"])
      assert.isFalse(peer.isGone())
    })
  )
})
