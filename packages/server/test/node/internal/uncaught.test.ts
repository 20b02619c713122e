import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Client from "../../support/client.ts"
import { request } from "../../support/post.ts"
import * as ServerProcess from "../../support/serverProcess.ts"
import * as Server from "../../support/server.ts"

const faulty = (env: Record<string, string> = {}) => ServerProcess.start("faultyServer.ts", env)

/** Two calls, one of which makes its agent do something wrong. */
const twoCalls = (server: ServerProcess.ServerProcess, fault: string) =>
  Effect.gen(function* () {
    const bystander = yield* Client.call(server.ws, { call_id: "bystander" })
    const culprit = yield* Client.call(server.ws, { call_id: "culprit" })
    yield* Effect.andThen(bystander.hear("Welcome."), culprit.hear("Welcome."))
    culprit.say(fault)
    return { bystander, culprit }
  })

describe("Code that fails outside every fiber", () => {
  for (const [fault, message] of [
    ["reject", "nobody awaits me"],
    ["timer", "thrown in a timer"],
    ["emitter", "nobody listens to me"]
  ] as const) {
    it.live(`(${fault}) is reported; other calls continue, new ones are refused, and the process exits with 1`, () =>
      Effect.gen(function* () {
        const server = yield* faulty()
        const { bystander, culprit } = yield* twoCalls(server, fault)
        yield* culprit.hear(`You said: ${fault}`)
        yield* server.says(/Uncaught: .* left behind by the call culprit\./)
        assert.include(server.output(), message)
        bystander.say("hello")
        yield* bystander.hear("You said: hello")
        assert.strictEqual((yield* Client.refused(server.ws)).status, 503)
        assert.strictEqual((yield* request(`${server.http}/ready`)).text, '{"ready":false,"reasons":["Draining"]}')
        assert.isFalse(server.isOver())
        culprit.ws.close()
        bystander.ws.close()
        assert.strictEqual(yield* server.exit, 1)
        // Each call was told that it has ended.
        assert.strictEqual(server.output().split("CallEnded\n").length - 1, 2)
      })
    )
  }

  it.live("is also named in an application that has the server as a layer", () =>
    Effect.gen(function* () {
      const server = yield* faulty({ AS_LAYER: "1" })
      const { bystander, culprit } = yield* twoCalls(server, "timer")
      yield* server.says(/Uncaught: .* left behind by the call culprit\./)
      bystander.say("hello")
      yield* bystander.hear("You said: hello")
      culprit.ws.close()
      bystander.ws.close()
      assert.strictEqual(yield* server.exit, 1)
      assert.strictEqual(server.output().split("Uncaught: ").length - 1, 1)
    })
  )

  it.live("is handled once per process, however many servers it has, and not at all if they do not guard it", () =>
    Effect.gen(function* () {
      const count = () => process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection")
      const before = count()
      const guarded = { guard: true }
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Server.serve(Server.byName({}))
          assert.strictEqual(count(), before)
          for (let i = 0; i < 3; i++) {
            yield* Server.serve(Server.byName({}), { blockWarning: Server.millis(0) }, guarded)
          }
          assert.strictEqual(count(), before + 2)
        })
      )
      assert.strictEqual(count(), before)
    })
  )

  it.live("ends the calls at once under that policy", () =>
    Effect.gen(function* () {
      const server = yield* faulty({ ANTIPHON_ON_UNCAUGHT: "stop" })
      const { bystander } = yield* twoCalls(server, "reject")
      assert.strictEqual(yield* bystander.closed, 1001)
      assert.strictEqual(yield* server.exit, 1)
      assert.include(server.output(), "CallEnded\n")
    })
  )

  it.live("is only reported if the policy is to continue, up to a limit", () =>
    Effect.gen(function* () {
      const server = yield* faulty({ ANTIPHON_ON_UNCAUGHT: "continue" })
      const { bystander, culprit } = yield* twoCalls(server, "reject")
      for (let i = 0; i < 60; i++) culprit.say("timer")
      yield* culprit.hear("You said: timer")
      yield* server.says(/thrown in a timer/)
      bystander.say("hello")
      yield* bystander.hear("You said: hello")
      assert.strictEqual((yield* request(`${server.http}/ready`)).status, 200)
      server.kill("SIGTERM")
      bystander.ws.close()
      culprit.ws.close()
      assert.strictEqual(yield* server.exit, 0)
      assert.isAtMost(server.output().split("Uncaught: ").length - 1, 21)
    })
  )

  it.live("is also reported while the server drains, which continues", () =>
    Effect.gen(function* () {
      const server = yield* faulty()
      const bystander = yield* Client.call(server.ws, { call_id: "bystander" })
      const culprit = yield* Client.call(server.ws, { call_id: "culprit" })
      yield* Effect.andThen(bystander.hear("Welcome."), culprit.hear("Welcome."))
      server.kill("SIGTERM")
      yield* server.says(/Draining: 2 calls are open/)
      culprit.say("reject")
      yield* server.says(/Uncaught: .* left behind by the call culprit\./)
      bystander.say("hello")
      yield* bystander.hear("You said: hello")
      bystander.ws.close()
      culprit.ws.close()
      assert.strictEqual(yield* server.exit, 1)
    })
  )

  it.live("is reported if it ends the process", () =>
    Effect.gen(function* () {
      const server = yield* faulty()
      yield* twoCalls(server, "exit")
      assert.strictEqual(yield* server.exit, 3)
      assert.include(server.output(), "The process is ended with 3 by the call culprit while 2 calls are open.")
    })
  )
})
