import { assert, describe, it, vi } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { Snapshot } from "../../src/Health.ts"
import * as Client from "../support/client.ts"
import { request } from "../support/post.ts"
import * as ServerProcess from "../support/serverProcess.ts"
// Each of these tests starts two processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 90_000 })

interface Health {
  readonly total: Snapshot
  readonly processes: ReadonlyArray<{ readonly pid: number; readonly leaving: boolean; readonly health?: Snapshot }>
}

const start = (env: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const server = yield* ServerProcess.start("faultyServer.ts", {
      ANTIPHON_PROCESSES: "2",
      ANTIPHON_ADMIN_PORT: "0",
      ...env
    })
    const admin = /Their health is at (http:\S+)\/health/.exec(server.output())?.[1]
    const health = Effect.map(request(`${admin}/health`), ({ text }) => JSON.parse(text) as Health)
    const until = (what: string, condition: (health: Health) => boolean) =>
      Effect.eventually(Effect.filterOrFail(health, condition)).pipe(
        Effect.timeoutOrElse({
          duration: "40 seconds",
          orElse: () => Effect.die(new Error(`Waited in vain for ${what}`))
        })
      )
    yield* until(
      "both processes",
      ({ processes }) => processes.filter(({ health }) => health?.readiness.ready).length === 2
    )
    return { server, admin: admin!, until }
  })

describe("Several processes on one port", () => {
  it.live("share the calls, and report their sums", () =>
    Effect.gen(function* () {
      const { admin, server, until } = yield* start()
      for (let i = 0; i < 6; i++) {
        const client = yield* Client.call(server.ws, { call_id: `c${i}` })
        yield* client.hear("Welcome.")
      }
      const { processes, total } = yield* until("six calls", ({ total }) => total.openCalls === 6)
      assert.deepStrictEqual(
        processes.map(({ health }) => health?.openCalls),
        [3, 3]
      )
      assert.strictEqual(total.maxCalls, 2000)
      assert.strictEqual((yield* request(`${admin}/ready`)).text, '{"ready":true,"reasons":[]}')
      assert.strictEqual((yield* request(`${admin}/metrics`)).status, 200)
      const page = { method: "POST", headers: { origin: "http://evil.example" } }
      assert.strictEqual((yield* request(`${admin}/restart`, page)).status, 403)
    })
  )

  it.live("take a ticket once between them", () =>
    Effect.gen(function* () {
      const { server } = yield* start({ ANTIPHON_BIND_CALLS: "true" })
      for (const callId of ["c1", "c2"]) {
        const { text } = yield* request(`${server.http}/chats`, {
          method: "POST",
          body: JSON.stringify({ call_id: callId })
        })
        const { websocket_url } = JSON.parse(text) as { readonly websocket_url: string }
        const address = server.ws.replace("/ws", websocket_url)
        const client = yield* Client.call(address, { call_id: callId })
        yield* client.hear("Welcome.")
        // The processes take connections in turn.
        for (let i = 0; i < 4; i++) assert.strictEqual((yield* Client.refused(address)).status, 401)
      }
    })
  )

  it.live("continue when one of them exits, which is restarted", () =>
    Effect.gen(function* () {
      const { server, until } = yield* start()
      // One call in each of them.
      const bystander = yield* Client.call(server.ws, { call_id: "bystander" })
      const culprit = yield* Client.call(server.ws, { call_id: "culprit" })
      yield* Effect.andThen(bystander.hear("Welcome."), culprit.hear("Welcome."))
      culprit.say("exit")
      yield* culprit.closed
      bystander.say("still here")
      yield* bystander.hear("You said: still here")
      yield* server.says(/Process \d+ has ended with 3, and \d+ calls with it\. It is started again in 0\.5 seconds\./)
      yield* until(
        "its successor",
        ({ processes }) => processes.filter(({ health }) => health?.readiness.ready).length === 2
      )
      const next = yield* Client.call(server.ws)
      yield* next.hear("Welcome.")
    })
  )

  it.live("are replaced one by one, while calls continue and new ones are accepted", () =>
    Effect.gen(function* () {
      const { admin, server, until } = yield* start()
      const before = (yield* until("both", () => true)).processes.map(({ pid }) => pid)
      const clients = yield* Effect.forEach([0, 1], (i) => Client.call(server.ws, { call_id: `c${i}` }))
      for (const client of clients) yield* client.hear("Welcome.")
      assert.strictEqual((yield* request(`${admin}/restart`, { method: "POST" })).status, 202)
      yield* server.says(/is replaced by/)
      const during = yield* Client.call(server.ws)
      yield* during.hear("Welcome.")
      during.say("and still here")
      yield* during.hear("You said: and still here")
      during.ws.close()
      for (const client of clients) {
        client.say("still here")
        yield* client.hear("You said: still here")
        client.ws.close()
      }
      yield* until(
        "new processes",
        ({ processes }) =>
          processes.length === 2 && processes.every(({ leaving, pid }) => !leaving && !before.includes(pid))
      )
    })
  )

  it.live("refuse no call while they are replaced, however many are opened", () =>
    Effect.gen(function* () {
      const { admin, server, until } = yield* start()
      const before = (yield* until("both", () => true)).processes.map(({ pid }) => pid)
      yield* request(`${admin}/restart`, { method: "POST" })
      const one = Effect.scoped(
        Effect.gen(function* () {
          const client = yield* Client.call(server.ws)
          yield* client.hear("Welcome.")
          client.ws.close()
        })
      )
      const opening = yield* Effect.forkScoped(
        Effect.all(
          Array.from({ length: 10 }, () => Effect.forever(one)),
          { concurrency: "unbounded", discard: true }
        )
      )
      yield* Effect.raceFirst(
        Fiber.join(opening),
        until("new processes", ({ processes }) => processes.every(({ pid }) => !before.includes(pid)))
      )
    })
  )

  it.live("drain together on a signal, and end at once on a second one", () =>
    Effect.gen(function* () {
      const { server } = yield* start({ ANTIPHON_DRAIN_TIMEOUT: "10 minutes" })
      const clients = yield* Effect.forEach([0, 1], () => Client.call(server.ws))
      for (const client of clients) yield* client.hear("Welcome.")
      server.kill("SIGTERM")
      yield* server.says(/Draining: 1 call is open[^]*Draining: 1 call is open/)
      for (const client of clients) {
        client.say("still here")
        yield* client.hear("You said: still here")
      }
      yield* Effect.sleep("150 millis")
      server.kill("SIGTERM")
      for (const client of clients) assert.strictEqual(yield* client.closed, 1001)
      assert.strictEqual(yield* server.exit, 0)
    })
  )

  it.live("do not outlive the supervisor", () =>
    Effect.gen(function* () {
      const { server, until } = yield* start({ ANTIPHON_DRAIN_TIMEOUT: "200 millis" })
      const { processes } = yield* until("both", () => true)
      server.kill("SIGKILL")
      const isThere = (pid: number) => {
        try {
          return process.kill(pid, 0)
        } catch {
          return false
        }
      }
      yield* Client.until("the end of the others", () => !processes.some(({ pid }) => isThere(pid)))
    })
  )
})
