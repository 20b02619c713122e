import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as OutputFile from "../../../src/node/internal/outputFile.ts"
import * as Client from "../../support/client.ts"
import * as Server from "../../support/server.ts"

/** A directory that exists as long as the test. */
const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "antiphon-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const filesIn = (path: string) => (existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [])

describe("OutputFile", () => {
  /** Writes files of the same name, all open together, and closes them. */
  const writeAll = (path: string, texts: ReadonlyArray<ReadonlyArray<string>>) =>
    Effect.scoped(
      Effect.forEach(texts, (pieces) =>
        Effect.map(OutputFile.open({ directory: path, name: "same" }), (file) => {
          for (const piece of pieces) file.write(piece)
        })
      )
    )

  it.live("numbers files of the same name, and has all text in them when the scope has closed", () =>
    Effect.gen(function* () {
      const path = yield* directory
      yield* writeAll(path, [["a", "ä\n"], ["b\n"], ["c\n"]])
      const texts = filesIn(path).map((file) => [file.replace(path, ""), readFileSync(file, "utf8")])
      assert.deepStrictEqual(texts.map(([name]) => name).toSorted(), ["/same-2.jsonl", "/same-3.jsonl", "/same.jsonl"])
      assert.deepStrictEqual(texts.map(([, text]) => text).toSorted(), ["aä\n", "b\n", "c\n"])
    })
  )

  it.live("keeps the order of writes over time, and ignores those after the end", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const scope = yield* Scope.make()
      const file = yield* Scope.provide(OutputFile.open({ directory: path, name: "f" }), scope)
      const size = () => (filesIn(path)[0] === undefined ? 0 : statSync(filesIn(path)[0]!).size)
      let expected = ""
      for (let i = 0; i < 5; i++) {
        const text = `${i} 👋\n`
        expected += text
        file.write(text)
        yield* Client.until(`text ${i}`, () => size() === Buffer.byteLength(expected))
      }
      file.write("last\n")
      yield* Scope.close(scope, Exit.void)
      file.write("too late\n")
      assert.strictEqual(readFileSync(filesIn(path)[0]!, "utf8"), `${expected}last\n`)
    })
  )

  it.live("never mixes the text of two files, whichever of them ends first", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const text = (name: string, length: number) => `${name.repeat(length)}\n`
      const lengths = [90_000, 10, 40_000, 20_000, 5, 70_000, 30_000, 1, 15_000, 60_000]
      const files = yield* Effect.forEach(
        lengths,
        (length, n) =>
          Effect.scoped(
            Effect.gen(function* () {
              const file = yield* OutputFile.open({ directory: path, name: `${n}` })
              // In two pieces: the first may have been passed to the disk when the second one comes.
              file.write(text(`${n}`, length))
              yield* Effect.sleep((n % 3) * 150)
              file.write(text(`${n}`, 5000))
              return `${text(`${n}`, length)}${text(`${n}`, 5000)}`
            })
          ),
        { concurrency: 4 }
      )
      for (const [n, expected] of files.entries()) {
        assert.isTrue(readFileSync(`${path}/${n}.jsonl`, "utf8") === expected, `file ${n}`)
      }
    })
  )

  it.live("makes deferred text when it is written, and at once if nothing is written any more", () =>
    Effect.gen(function* () {
      const path = yield* directory
      let made = 0
      const scope = yield* Scope.make()
      const file = yield* Scope.provide(OutputFile.open({ directory: path, name: "a" }), scope)
      file.write("one\n")
      file.later(() => {
        made++
        file.write("two\n")
      })
      assert.strictEqual(made, 0)
      yield* Client.until("the text", () => made > 0)
      file.later(() => {
        made++
        file.write("three\n")
      })
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(made, 2)
      assert.strictEqual(readFileSync(filesIn(path)[0]!, "utf8"), "one\ntwo\nthree\n")
      file.later(() => made++)
      assert.strictEqual(made, 3)
    })
  )

  it.live("keeps nothing in memory for a file it has given up", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const log: Array<Server.Line> = []
      let made = 0
      yield* Effect.gen(function* () {
        const file = yield* OutputFile.open({ directory: path, name: "a" })
        file.later(() => {
          made++
          file.write("x".repeat(17 * 1024 * 1024))
        })
        yield* Client.until("the failure", () => log.length > 0)
        file.later(() => made++)
        assert.strictEqual(made, 2)
      }).pipe(Effect.scoped, Effect.provide(Server.layerLog(log)))
    })
  )

  it.live("gives up, and logs it, if more waits than allowed", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const log: Array<Server.Line> = []
      yield* writeAll(path, [["x".repeat(17 * 1024 * 1024)]]).pipe(Effect.provide(Server.layerLog(log)))
      assert.deepStrictEqual(
        log.map(({ message }) => message),
        ["The recording of a call could not be written: the disk is too slow"]
      )
      assert.deepStrictEqual(filesIn(path), [])
    })
  )
})
