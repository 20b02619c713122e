import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as RecordingFolder from "../../../src/node/internal/recordingFolder.ts"
import * as Client from "../../support/client.ts"
import { request } from "../../support/post.ts"
import * as Server from "../../support/server.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "antiphon-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const day = 86_400_000
const file = (name: string, size: number, age: number) => ({ path: name, size, changedAt: 100 * day - age })
const names = (
  limits: Parameters<typeof RecordingFolder.excess>[1],
  ...files: ReadonlyArray<ReturnType<typeof file>>
) => RecordingFolder.excess(files, limits, 100 * day).map(({ path }) => path)

describe("The folder of recordings", () => {
  it.effect("is created for its user alone, with its parents, and no file of the check stays behind", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "a", "b")
      yield* RecordingFolder.check(path)
      assert.strictEqual(statSync(path).mode & 0o777, 0o700)
      assert.strictEqual(statSync(join(path, "..")).mode & 0o777, 0o700)
      assert.deepStrictEqual(readdirSync(path), [])
    })
  )

  it.effect("that cannot be created is reported at once, even on a read-only file system", () =>
    Effect.gen(function* () {
      const path = yield* directory
      writeFileSync(join(path, "file"), "")
      for (const bad of [join(path, "file"), join(path, "file", "no"), "/proc/nope/x"]) {
        const { message } = yield* Effect.flip(RecordingFolder.check(bad))
        assert.include(message, bad)
        assert.include(message, "ANTIPHON_RECORD_DIR")
      }
    })
  )

  it.effect("that others can read is reported", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const log: Array<Server.Line> = []
      chmodSync(path, 0o755)
      yield* Effect.provide(RecordingFolder.check(path), Server.layerLog(log))
      assert.deepStrictEqual(
        log.map(({ level }) => level),
        ["Warn"]
      )
    })
  )

  it("loses files that are too old, then the oldest until the rest is small enough, but never one being written", () => {
    const none = { maxAgeMs: 0, maxBytes: 0 }
    const files = [file("old", 10, 9 * day), file("middle", 20, 2 * day), file("young", 30, day), file("now", 40, 1000)]
    assert.deepStrictEqual(names(none, ...files), [])
    assert.deepStrictEqual(names({ ...none, maxAgeMs: 3 * day }, ...files), ["old"])
    assert.deepStrictEqual(names({ ...none, maxBytes: 95 }, ...files), ["old"])
    assert.deepStrictEqual(names({ ...none, maxBytes: 75 }, ...files), ["old", "middle"])
    assert.deepStrictEqual(names({ ...none, maxBytes: 1 }, ...files), ["old", "middle", "young"])
    assert.deepStrictEqual(names({ maxAgeMs: 3 * day, maxBytes: 90 }, ...files.toReversed()), ["old"])
  })

  it.live("is cleared of recordings only", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const old = ["2020-01-01T000000.000Z-c1.jsonl", "2020-01-01T000000.000Z-c1.wav", "notes.txt", "call.jsonl"]
      for (const name of old) {
        writeFileSync(join(path, name), "x")
        utimesSync(join(path, name), 1, 1)
      }
      mkdirSync(join(path, "2020-01-01T000000.000Z-dir.jsonl"))
      yield* Server.serve(Server.byName({}), { recordDir: path, recordMaxAge: Server.millis(day) })
      yield* Client.until("the removal", () => !existsSync(join(path, old[1]!)))
      assert.deepStrictEqual(readdirSync(path).toSorted(), [
        "2020-01-01T000000.000Z-dir.jsonl",
        "call.jsonl",
        "notes.txt"
      ])
    })
  )
})

describe("A server that must record", () => {
  const start = (recordDir: string) =>
    Effect.gen(function* () {
      const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
      return yield* Effect.exit(Scope.provide(Server.serve(Server.byName({}), { recordDir, mustRecord: true }), scope))
    })

  it.live("does not start if it cannot record", () =>
    Effect.gen(function* () {
      const exit = yield* start("/proc/nope/x")
      assert.isTrue(Exit.isFailure(exit))
      assert.include(JSON.stringify(exit), "ANTIPHON_RECORD_DIR")
    })
  )

  it.live("ends a call whose recording fails, refuses new calls, and is not ready", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const server = yield* Server.serve(Server.byName({}), { recordDir: path, mustRecord: true })
      const before = yield* Client.call(server.ws, { call_id: "before" })
      yield* before.hear("Welcome.")
      assert.strictEqual((yield* request(`${server.http}/ready`)).status, 200)
      rmSync(path, { recursive: true })
      writeFileSync(path, "a file where the folder was")
      const client = yield* Client.call(server.ws, { call_id: "during" })
      assert.strictEqual(yield* client.closed, 1011)
      assert.match(client.messages.at(-1)?.content ?? "", /^The call cannot be recorded/)
      assert.isFalse(client.messages.some(({ content }) => content === "Welcome."))
      assert.strictEqual((yield* request(`${server.http}/ready`)).text, '{"ready":false,"reasons":["Unrecorded"]}')
      before.say("not on the record")
      assert.strictEqual(yield* before.closed, 1011)
    })
  )

  it.live("continues without a recording if it is optional, and logs the loss", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const server = yield* Server.serve(Server.byName({}), { recordDir: path })
      const client = yield* Client.call(server.ws)
      yield* client.hear("Welcome.")
      yield* Client.until("the file", () => readdirSync(path).length === 1)
      rmSync(path, { recursive: true })
      client.say("still here")
      yield* client.hear("You said: still here")
      client.ws.close()
      yield* Client.until("the line", () => server.log.some(({ message }) => message.includes("it is lost")))
    })
  )
})
