import { assert, describe, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Client from "../../support/client.ts"
import { request } from "../../support/post.ts"
import * as ServerProcess from "../../support/serverProcess.ts"
import "../../support/server.ts"

// In each of these tests a process starts, blocks and is ended, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

describe("A blocked event loop", () => {
  it.live("is reported with the call and the line that block it, and leaves the server unready for a while", () =>
    Effect.gen(function* () {
      const server = yield* ServerProcess.start("faultyServer.ts", { ANTIPHON_BLOCK_WARNING: "400 millis" })
      const bystander = yield* Client.call(server.ws, { call_id: "bystander" })
      const culprit = yield* Client.call(server.ws, { call_id: "culprit" })
      yield* Effect.andThen(bystander.hear("Welcome."), culprit.hear("Welcome."))
      // A busy machine may have blocked it earlier.
      yield* Effect.eventually(Effect.filterOrFail(request(`${server.http}/ready`), ({ status }) => status === 200))
      const before = server.output().length
      culprit.say("block")
      // While it is blocked, by the thread.
      yield* server.says(/has stood still for \d+\.\d seconds by the call culprit, in block \(.*faultyServer\.ts:\d+\)/)
      assert.notMatch(server.output().slice(before), /The event loop stood still/)
      // And afterwards, in the log.
      yield* server.says(/ERROR.*The event loop stood still for \d+(?:\.\d*)? seconds by the call culprit\./)
      bystander.say("hello")
      yield* bystander.hear("You said: hello")
      assert.strictEqual((yield* request(`${server.http}/ready`)).text, '{"ready":false,"reasons":["Blocked"]}')
    })
  )

  it.live("ends the process at a limit, reports that nothing could be drained, and leaves recordings intact", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "watchdog-"))),
        (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
      )
      const server = yield* ServerProcess.start("faultyServer.ts", {
        AS_LAYER: "1",
        ANTIPHON_BLOCK_WARNING: "200 millis",
        ANTIPHON_BLOCK_LIMIT: "1500 millis",
        ANTIPHON_RECORD_DIR: directory
      })
      const culprit = yield* Client.call(server.ws, { call_id: "culprit" })
      yield* culprit.hear("Welcome.")
      culprit.say("the last words")
      yield* culprit.hear("You said: the last words")
      culprit.say("loop")
      assert.strictEqual(yield* server.exit, 70)
      assert.match(server.output(), /by the call culprit/)
      assert.match(server.output(), /the process is ended; its calls are cut and cannot be drained/)
      const [file = ""] = readdirSync(directory)
      const lines = readFileSync(join(directory, file), "utf8").trimEnd().split("\n")
      assert.include(lines.join(), "the last words")
      for (const line of lines) JSON.parse(line)
    })
  )

  it.live("ends the process even if it is stuck in a native function, and names the call that was served last", () =>
    Effect.gen(function* () {
      const server = yield* ServerProcess.start("faultyServer.ts", {
        ANTIPHON_BLOCK_WARNING: "200 millis",
        ANTIPHON_BLOCK_LIMIT: "1500 millis"
      })
      const bystander = yield* Client.call(server.ws, { call_id: "bystander" })
      const culprit = yield* Client.call(server.ws, { call_id: "culprit" })
      yield* Effect.andThen(bystander.hear("Welcome."), culprit.hear("Welcome."))
      culprit.say("child")
      assert.strictEqual(yield* server.exit, "SIGKILL")
      assert.match(server.output(), /probably by the call culprit, which was served last;/)
      assert.match(server.output(), /the process is ended; its calls are cut and cannot be drained/)
    })
  )

  it.live("is not blamed on anyone if the whole process was stopped", () =>
    Effect.gen(function* () {
      const server = yield* ServerProcess.start("faultyServer.ts", {
        ANTIPHON_BLOCK_WARNING: "400 millis",
        ANTIPHON_BLOCK_LIMIT: "800 millis"
      })
      const client = yield* Client.call(server.ws)
      yield* client.hear("Welcome.")
      server.kill("SIGSTOP")
      yield* Effect.sleep("2 seconds")
      server.kill("SIGCONT")
      client.say("hello")
      yield* client.hear("You said: hello")
      assert.notMatch(server.output(), /has stood still/)
    })
  )
})
