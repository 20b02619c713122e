import * as Agent from "@antiphon/core/Agent"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope, Stream } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Client from "./support/client.ts"
import * as Server from "./support/server.ts"

/** Serves in its own scope, which can be closed while calls are open. */
const serve = (factory: Agent.Factory<unknown>, drainMs: number) =>
  Effect.gen(function* () {
    const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
    const server = yield* Scope.provide(Server.serve(factory, { drainTimeout: Server.millis(drainMs) }), scope)
    const stop = Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
    return { server, stop }
  })

const draining = (server: Server.Server) =>
  Client.until("the server to drain", () => Effect.runSync(server.calls.refusal) === "Draining")

describe("A server that is stopping", () => {
  it.live("refuses new calls with 503, lets open ones continue, and stops once they have ended", () =>
    Effect.gen(function* () {
      const { server, stop } = yield* serve(Server.byName({}), 5_000)
      const client = yield* Client.call(server.ws)
      yield* client.hear("Welcome.")
      const stopping = yield* stop
      yield* draining(server)
      const refusal = yield* Client.refused(server.ws)
      assert.deepStrictEqual([refusal.status, refusal.body], [503, '{"detail":"Server is shutting down"}'])
      const chats = yield* Effect.promise(() => fetch(`${server.http}/chats`, { method: "POST", body: "{}" }))
      assert.strictEqual(chats.status, 503)
      client.say("still here")
      yield* client.hear("You said: still here")
      assert.isUndefined(stopping.pollUnsafe())
      client.ws.close()
      yield* Fiber.join(stopping)
      assert.isTrue(
        yield* Effect.promise(() =>
          fetch(`${server.http}/status`).then(
            () => false,
            () => true
          )
        )
      )
    })
  )

  it.live("closes calls still open after its timeout with 1001, and their agents handle the end", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      let postCallWork = false
      const { server, stop } = yield* serve(
        () =>
          Effect.succeed(
            Server.noting(seen, {
              CallEnded: () =>
                Stream.fromEffectDrain(
                  Effect.delay(
                    Effect.sync(() => (postCallWork = true)),
                    "100 millis"
                  )
                )
            })
          ),
        200
      )
      const client = yield* Client.call(server.ws)
      yield* Client.until("the start", () => seen.length === 1)
      const stopping = yield* stop
      assert.strictEqual(yield* client.closed, 1001)
      assert.deepStrictEqual(client.frames, [])
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
      assert.isTrue(postCallWork)
    })
  )

  it.live("also closes with 1001 while a start message is awaited, or an agent is being created", () =>
    Effect.gen(function* () {
      let interrupted = false
      let making = false
      const { server, stop } = yield* serve(
        Server.byName({
          slow: () =>
            Effect.suspend(() => {
              making = true
              return Effect.onInterrupt(Effect.never, () => Effect.sync(() => (interrupted = true)))
            })
        }),
        100
      )
      const waiting = yield* Client.connect(server.ws)
      const slow = yield* Client.call(server.ws, { metadata: { agent: "slow" } })
      yield* Client.until("the factory", () => making)
      const stopping = yield* stop
      assert.strictEqual(yield* waiting.closed, 1001)
      assert.strictEqual(yield* slow.closed, 1001)
      yield* Fiber.join(stopping)
      assert.isTrue(interrupted)
    })
  )

  it.live("is not held up by a peer that does not answer, or by an agent that does not end", () =>
    Effect.gen(function* () {
      const { server, stop } = yield* serve(
        Server.byName({
          endless: () =>
            Effect.succeed(
              Agent.make(() => Stream.ensuring(Stream.never, Effect.never), {
                cancelGrace: "100 millis",
                endGrace: "100 millis"
              })
            )
        }),
        100
      )
      const client = yield* Client.call(server.ws, { metadata: { agent: "endless" } })
      const mute = yield* Client.call(server.ws)
      yield* mute.hear("Welcome.")
      mute.ws.pause()
      const stopping = yield* stop
      assert.strictEqual(yield* client.closed, 1001)
      yield* Fiber.join(stopping).pipe(Effect.timeout("9 seconds"))
    })
  )

  it.live("also closes calls with 1001 if nothing drains them", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const scope = yield* Scope.make()
      const server = yield* Scope.provide(
        Server.mount(() => Effect.succeed(Server.noting(seen)), { drained: false }),
        scope
      )
      const client = yield* Client.call(server.ws)
      yield* Client.until("the start", () => seen.length === 1)
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      assert.strictEqual(yield* client.closed, 1001)
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(seen, ["CallStarted", "CallEnded"])
    })
  )
})

describe("A process", () => {
  const main = fileURLToPath(new URL("support/drainingServer.ts", import.meta.url))

  const start = (drainMs: number) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(process.execPath, ["--conditions=antiphon-source", main, String(drainMs)])
        const state = { child, output: "", code: undefined as number | null | undefined }
        child.stdout.on("data", (data: Buffer) => (state.output += data.toString()))
        child.stderr.on("data", (data: Buffer) => (state.output += data.toString()))
        child.once("exit", (code) => (state.code = code))
        return state
      }),
      ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
    ).pipe(
      Effect.flatMap((process) =>
        Effect.map(
          Client.until("the port", () => /^(\d+)\n/.exec(process.output)?.[1]),
          (port) => ({ process, ws: `ws://127.0.0.1:${port}/ws` })
        )
      )
    )

  it.live("that receives SIGTERM refuses new calls, waits for the open one, and exits with 0", () =>
    Effect.gen(function* () {
      const { process, ws } = yield* start(15_000)
      const client = yield* Client.call(ws)
      yield* client.hear("Welcome.")
      process.child.kill("SIGTERM")
      const refusal = yield* Effect.eventually(
        Effect.filterOrFail(Client.refused(ws), ({ status }) => status === 503)
      ).pipe(Effect.timeout("10 seconds"))
      assert.strictEqual(refusal.body, '{"detail":"Server is shutting down"}')
      client.say("still here")
      yield* client.hear("You said: still here")
      client.ws.close()
      yield* Client.until("the exit", () => process.code !== undefined)
      assert.strictEqual(process.code, 0)
      assert.include(process.output, "CallEnded\n")
    })
  )

  it.live("that receives SIGTERM closes a call that does not end with 1001, and exits with 0", () =>
    Effect.gen(function* () {
      const { process, ws } = yield* start(200)
      const client = yield* Client.call(ws)
      yield* client.hear("Welcome.")
      process.child.kill("SIGTERM")
      assert.strictEqual(yield* client.closed, 1001)
      yield* Client.until("the exit", () => process.code !== undefined)
      assert.strictEqual(process.code, 0)
      assert.include(process.output, "CallEnded\n")
    })
  )

  it.live("that receives SIGTERM without an open call exits with 0", () =>
    Effect.gen(function* () {
      const { process } = yield* start(15_000)
      process.child.kill("SIGTERM")
      yield* Client.until("the exit", () => process.code !== undefined)
      assert.strictEqual(process.code, 0)
    })
  )
})
