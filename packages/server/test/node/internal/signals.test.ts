import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Client from "../../support/client.ts"
import * as ServerProcess from "../../support/serverProcess.ts"
import * as Server from "../../support/server.ts"

const started = (env: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const server = yield* ServerProcess.start("faultyServer.ts", env)
    const client = yield* Client.call(server.ws)
    yield* client.hear("Welcome.")
    return { server, client }
  })

describe("A server told to stop", () => {
  it.live("logs its progress, and a second signal ends the remaining calls", () =>
    Effect.gen(function* () {
      const { client, server } = yield* started({ ANTIPHON_DRAIN_TIMEOUT: "10 minutes" })
      server.kill("SIGINT")
      yield* server.says(/Draining: 1 call is open and may continue for 600 seconds\./)
      client.say("still here")
      yield* client.hear("You said: still here")
      assert.isFalse(server.isOver())
      // Not before a person could have done it.
      yield* Effect.sleep("150 millis")
      server.kill("SIGTERM")
      assert.strictEqual(yield* client.closed, 1001)
      assert.strictEqual(yield* server.exit, 0)
      assert.include(server.output(), "SIGTERM again: the open calls are ended now.")
      assert.include(server.output(), "CallEnded\n")
    })
  )

  it.live("ends at a third signal, even if its calls have ended and only the application has not", () =>
    Effect.gen(function* () {
      const { client, server } = yield* started({ HELD_UP: "600000" })
      server.kill("SIGTERM")
      yield* server.says(/Draining: 1 call is open/)
      client.ws.close()
      yield* server.says(/Draining: all calls have ended/)
      // Two more signals and then further ones, because a busy machine may merge several into one.
      while (!server.isOver()) {
        yield* Effect.sleep("300 millis")
        server.kill("SIGTERM")
      }
      assert.strictEqual(yield* server.exit, 1)
    })
  )

  it.live("gives an application time to release the rest, even if no call is open", () =>
    Effect.gen(function* () {
      const server = yield* ServerProcess.start("faultyServer.ts", { HELD_UP: "50" })
      server.kill("SIGTERM")
      assert.strictEqual(yield* server.exit, 0)
      assert.include(server.output(), "Released\n")
    })
  )

  it.live("also drains if its terminal is closed", () =>
    Effect.gen(function* () {
      const { client, server } = yield* started()
      server.kill("SIGHUP")
      yield* server.says(/Draining: 1 call is open/)
      client.say("still here")
      yield* client.hear("You said: still here")
      client.ws.close()
      assert.strictEqual(yield* server.exit, 0)
      assert.include(server.output(), "Draining: all calls have ended.")
    })
  )

  it.live("adds one listener to the process, however many servers it runs", () =>
    Effect.gen(function* () {
      const before = process.listenerCount("SIGTERM")
      yield* Effect.scoped(
        Effect.gen(function* () {
          for (let i = 0; i < 12; i++) yield* Server.serve(Server.byName({}))
          assert.strictEqual(process.listenerCount("SIGTERM"), before + 1)
        })
      )
      assert.strictEqual(process.listenerCount("SIGTERM"), before)
    })
  )

  it.live("also drains and ends in an application that does not listen itself", () =>
    Effect.gen(function* () {
      const server = yield* ServerProcess.start("bareServer.ts")
      const client = yield* Client.call(server.ws)
      yield* client.hear("Welcome.")
      server.kill("SIGTERM")
      yield* server.says(/Draining: 1 call is open/)
      client.say("still here")
      yield* client.hear("You said: still here")
      client.ws.close()
      assert.strictEqual(yield* server.exit, 0)
    })
  )
})
