/**
 * Anything may arrive over a wire. Each case is drawn from its own seed, which a failure names: `ANTIPHON_SEED` starts
 * with it, and `ANTIPHON_FUZZ=100` draws a hundred times as many cases.
 */
import { assert, describe, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import { connect, type Socket } from "node:net"
import * as Machine from "../src/internal/machine.ts"
import * as LineProtocol from "../src/line/LineProtocol.ts"
import * as Wire from "../src/line/Wire.ts"
import * as Opening from "../src/line/internal/opening.ts"
import type * as Protocol from "../src/Protocol.ts"
import * as Client from "./support/client.ts"
import * as Noise from "./support/noise.ts"
import * as Server from "./support/server.ts"

const firstSeed = Number(process.env["ANTIPHON_SEED"] ?? Math.floor(Math.random() * 0x1_0000_0000))
const times = Number(process.env["ANTIPHON_FUZZ"] ?? 1)
vi.setConfig({ testTimeout: 60_000 * Math.max(times, 1) })
const seeds = (count: number) => Array.from({ length: count * times }, (_, i) => firstSeed + i)

/** Adds the seed to a failure. */
const withSeed = <A>(seed: number, run: () => A): A => {
  try {
    return run()
  } catch (error) {
    throw new Error(`with the seed ${seed}`, { cause: error })
  }
}

describe("Messages with any text", () => {
  it("are read, dropped or rejected, and never cause an exception or are quoted", () => {
    for (const seed of seeds(4000)) {
      withSeed(seed, () => {
        const text = Noise.text(Noise.make(seed))
        const received = Wire.decode(text)
        assert.include(["Report", "Dropped", "Malformed"], received._tag)
        if (received._tag !== "Report") assert.isBelow(received.reason.length, 500)
        for (const read of [Opening.decodeStart(text), Opening.decodeChat(text)]) {
          if (read._tag === "Failure") assert.isBelow(read.failure.message.length, 3000)
        }
        assert.isUndefined(({} as Record<string, unknown>)["polluted"])
      })
    }
  })

  it("take time in proportion to their length", () => {
    const cost = (text: string) => {
      const before = process.cpuUsage()
      Wire.decode(text)
      Opening.decodeChat(text)
      const { system, user } = process.cpuUsage(before)
      return (system + user) / 1000
    }
    for (const piece of [
      "[",
      '{"a":',
      '"',
      "\\",
      '"\\',
      "\n \n",
      "[]",
      '{"type":"custom","metadata":{',
      "😀",
      "\ud800"
    ]) {
      const text = piece.repeat(Math.floor(200_000 / piece.length))
      cost(text)
      // A second for 200 kB: linear work takes a few milliseconds, and quadratic work minutes.
      assert.isBelow(cost(text), 1000, JSON.stringify(piece))
    }
  })
})

describe("Useless messages", () => {
  it("take no longer than useful ones", () => {
    const cost = (text: string) => {
      const before = process.cpuUsage()
      for (let i = 0; i < 5000; i++) Wire.decode(text)
      const { system, user } = process.cpuUsage(before)
      return (system + user) / 1000
    }
    const sound = JSON.stringify({ type: "message", content: "hello", event_id: "e1" })
    for (const text of ["{}", "[]", "null", '{"type":"nothing"}', '{"x":1}']) {
      cost(text)
      // Making an error includes making its stack: that explains a few dozen times the cost of a valid message, and no
      // more.
      assert.isBelow(cost(text), 20 * cost(sound) + 100, text)
    }
  })
})

describe("A machine", () => {
  it("keeps its invariants for any input", () => {
    const protocol = LineProtocol.make({ token: undefined, allowedOrigins: [] })
    const request: Protocol.WireRequest = { method: "GET", url: "/ws", params: {}, headers: {}, body: "" }
    for (const seed of seeds(1500)) {
      withSeed(seed, () => {
        const noise = Noise.make(seed)
        const [machine, first] = Machine.start(protocol, { request }, 0)
        const wanted: Array<Protocol.Wanted> = [...first]
        for (let i = 0; i < 12; i++) {
          const frame = noise.chance(0.9) ? Noise.text(noise) : Noise.bytes(noise)
          wanted.push(...machine.tell({ _tag: "Frame", frame }, i))
        }
        const tags = wanted.map(({ _tag }) => _tag)
        assert.isAtMost(tags.filter((tag) => tag === "Start").length, 1)
        assert.isAtMost(tags.filter((tag) => tag === "End").length, 1)
        const start = tags.indexOf("Start")
        assert.isFalse(tags.some((tag, i) => tag === "Report" && (start < 0 || i < start)))
        const end = tags.indexOf("End")
        assert.isFalse(tags.some((tag, i) => tag === "Report" && end >= 0 && i > end))
      })
    }
  })
})

/**
 * Sends bytes on a connection of its own, a few at a time, and waits until it is closed or has been quiet for a while.
 */
const exchange = (port: number, chunks: ReadonlyArray<Buffer>, quietMs: number) =>
  Effect.callback<string>((resume) => {
    let heard = ""
    const socket: Socket = connect(port, "127.0.0.1")
    const done = () => {
      socket.destroy()
      resume(Effect.succeed(heard))
    }
    socket.setTimeout(quietMs, done)
    socket.on("error", () => {})
    socket.on("close", done)
    socket.on("data", (data) => (heard += data.toString("latin1")))
    for (const chunk of chunks) socket.write(chunk)
    return Effect.sync(() => socket.destroy())
  })

const upgrade = Buffer.from(
  "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)

/** Sends noise to a server from many connections, while a call continues beside it. */
const storm = (name: string, count: number, chunksOf: (noise: Noise.Noise) => ReadonlyArray<Buffer>) =>
  it.live(name, () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}), { maxOpenings: 50, startTimeout: Server.millis(1000) })
      yield* Server.undisturbed(
        server,
        Effect.forEach(seeds(count), (seed) => exchange(server.port, chunksOf(Noise.make(seed)), 150), {
          concurrency: 20,
          discard: true
        })
      )
      yield* Server.allOver(server)
      // No input was the server's fault: there was no defect, and no log line quotes more than one line of it.
      const faults = server.log.filter(({ level }) => level === "Error" || level === "Fatal")
      assert.deepStrictEqual(
        faults.map(({ cause, message }) => `${message} ${cause}`),
        [],
        `seeds from ${firstSeed}`
      )
      assert.isBelow(JSON.stringify(server.log).length / (count * times), 3000)
    })
  )

describe("A server under noise", () => {
  storm("goes on with frames of any bytes, in any pieces", 500, (noise) => {
    const frames = Buffer.concat([
      ...(noise.chance(0.7) ? [Buffer.from([0x81, 0x80 | 16, 0, 0, 0, 0]), Buffer.from('{"type":"start"}')] : []),
      ...Array.from({ length: 1 + noise.below(6) }, () => Noise.frame(noise))
    ])
    const at = noise.below(frames.length + 1)
    return [upgrade, frames.subarray(0, at), frames.subarray(at)]
  })

  storm("goes on with requests of any bytes", 500, (noise) =>
    Array.from({ length: 1 + noise.below(2) }, () => Noise.request(noise))
  )

  it.live("works normally afterwards", () =>
    Effect.gen(function* () {
      const server = yield* Server.serve(Server.byName({}))
      const client = yield* Client.call(server.ws)
      yield* client.hear("Welcome.")
    })
  )
})
