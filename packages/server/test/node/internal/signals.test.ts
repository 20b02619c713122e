import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Client from "../../support/client.ts"
import * as ServerProcess from "../../support/serverProcess.ts"
import "../../support/server.ts"

const started = (env: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const server = yield* ServerProcess.start("faultyServer.ts", env)
    const client = yield* Client.call(server.ws)
    yield* client.hear("Welcome.")
    return { server, client }
  })

describe("A server that is told to stop", () => {
  it.live("says how far it is, and a second signal ends the calls that it waits for", () =>
    Effect.gen(function* () {
      const { client, server } = yield* started({ ANTIPHON_DRAIN_TIMEOUT: "10 minutes" })
      server.kill("SIGINT")
      yield* server.says(/Draining: 1 call is open and may go on for 600 seconds\./)
      client.say("still here")
      yield* client.hear("You said: still here")
      assert.isFalse(server.isOver())
      // No sooner than a person would.
      yield* Effect.sleep("150 millis")
      server.kill("SIGTERM")
      assert.strictEqual(yield* client.closed, 1001)
      assert.strictEqual(yield* server.exit, 0)
      assert.include(server.output(), "SIGTERM again: the open calls are ended now.")
      assert.include(server.output(), "CallEnded\n")
    })
  )

  it.live("drains also if its terminal is closed", () =>
    Effect.gen(function* () {
      const { client, server } = yield* started()
      server.kill("SIGHUP")
      yield* server.says(/Draining: 1 call is open/)
      client.say("still here")
      yield* client.hear("You said: still here")
      client.ws.close()
      assert.strictEqual(yield* server.exit, 0)
      assert.include(server.output(), "Draining: no call is open any more.")
    })
  )
})
