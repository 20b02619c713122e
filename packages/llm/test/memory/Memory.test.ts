import * as Sqlite from "@antiphon/sqlite/Sqlite"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FileSystem, Layer, Redacted, Schema } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import { TestClock } from "effect/testing"
import { spawn } from "node:child_process"
import { join } from "node:path"
import * as Memory from "../../src/memory/Memory.ts"
import { MemoryStore } from "../../src/memory/MemoryStore.ts"
import * as Postgres from "../support/postgres.ts"

const Guest = Memory.declare({
  name: Memory.field(Schema.String, { purpose: "to greet the guest", keptFor: "30 days" }),
  visits: Memory.field(Schema.Int, { purpose: "to know a regular", keptFor: "10 days" }),
  born: Memory.field(Schema.DateFromString, { purpose: "to send a card", keptFor: "30 days" })
})

const ada = "+14155550100"
const bob = "+14155550101"

const contract = (name: string, layer: () => Layer.Layer<MemoryStore, unknown>, is = true) => {
  const run = <A, E>(test: Effect.Effect<A, E, MemoryStore>) => Effect.provide(test, Layer.fresh(layer()))

  const describing = is ? describe : describe.skip
  describing(`Memory, ${name}`, () => {
    it.effect("keeps only declared fields, and recalls them", () =>
      run(
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* Memory.recall(Guest, ada), {})
          const born = new Date("1815-12-10T00:00:00.000Z")
          yield* Memory.keep(Guest, ada, { name: "Ada", born, visits: undefined }, { callId: "c1" })
          yield* Memory.keep(Guest, ada, { visits: 2, secret: "x" } as never)
          assert.deepStrictEqual(yield* Memory.recall(Guest, ada), { name: "Ada", born, visits: 2 })
          assert.deepStrictEqual(yield* Memory.recall(Guest, bob), {})
          yield* Memory.keep(Guest, ada, { name: "Ada L.", visits: null })
          assert.deepStrictEqual(yield* Memory.recall(Guest, ada), { name: "Ada L.", born })
        })
      )
    )

    it.effect("shows everything kept, with purpose and expiry, including fields no longer declared", () =>
      run(
        Effect.gen(function* () {
          yield* TestClock.setTime(1000)
          yield* Memory.keep(Guest, ada, { name: "Ada", visits: 1 }, { callId: "c1" })
          const day = 86_400_000
          assert.deepStrictEqual(yield* Memory.show(ada, Memory.declare({ name: Guest.fields.name })), [
            {
              field: "name",
              value: "Ada",
              purpose: "to greet the guest",
              writtenAt: 1000,
              keptUntil: 1000 + 30 * day,
              callId: "c1"
            },
            { field: "visits", value: 1, purpose: undefined, writtenAt: 1000, keptUntil: 1000 + 10 * day, callId: "c1" }
          ])
          yield* TestClock.setTime(2000)
          yield* Memory.keep(Guest, bob, { name: "Bob" })
          assert.deepStrictEqual(yield* Memory.callers(), [
            { caller: bob, writtenAt: 2000 },
            { caller: ada, writtenAt: 1000 }
          ])
          assert.lengthOf(yield* Memory.callers(1), 1)
        })
      )
    )

    it.effect("forgets a caller, a field, and old values", () =>
      run(
        Effect.gen(function* () {
          yield* Memory.keep(Guest, ada, { name: "Ada", visits: 1 })
          yield* Memory.keep(Guest, bob, { name: "Bob" })
          assert.strictEqual(yield* Memory.forget(ada, ["visits", "nothing"]), 1)
          assert.strictEqual(yield* Memory.forget(ada, []), 0)
          assert.deepStrictEqual(yield* Memory.recall(Guest, ada), { name: "Ada" })
          assert.strictEqual(yield* Memory.forget(ada), 1)
          assert.deepStrictEqual(yield* Memory.show(ada), [])
          yield* TestClock.adjust("5 days")
          yield* Memory.keep(Guest, ada, { name: "Ada" })
          assert.strictEqual(yield* Memory.forgetOlderThan("4 days"), 1)
          assert.deepStrictEqual(
            (yield* Memory.callers()).map(({ caller }) => caller),
            [ada]
          )
        })
      )
    )

    it.effect("does not return expired values, and deletes them", () =>
      run(
        Effect.gen(function* () {
          yield* Memory.keep(Guest, ada, { name: "Ada", visits: 1 })
          yield* TestClock.adjust("10 days")
          assert.deepStrictEqual(yield* Memory.recall(Guest, ada), { name: "Ada" })
          assert.lengthOf(yield* Memory.show(ada), 1)
          assert.strictEqual(yield* Memory.expire, 1)
          yield* Effect.gen(function* () {
            yield* TestClock.adjust("20 days")
            // A database answers in its own time.
            const left = yield* Effect.andThen(TestClock.adjust("1 hour"), Memory.callers()).pipe(
              Effect.repeat({ until: ({ length }) => length === 0, times: 200 })
            )
            assert.deepStrictEqual(left, [])
          }).pipe(Effect.provide(Memory.layerExpiry()))
        })
      )
    )

    it.effect("rejects values that do not match their field, and ignores stored values that no longer match", () =>
      run(
        Effect.gen(function* () {
          const error = yield* Effect.flip(Memory.keep(Guest, ada, { name: "Ada", visits: 1.5 }))
          assert.strictEqual(error.reason, "Value")
          assert.notInclude(error.message, "1.5")
          assert.deepStrictEqual(yield* Memory.show(ada), [])
          yield* Memory.keep(Guest, ada, { name: "Ada", visits: 1 })
          const changed = Memory.declare({
            name: Memory.field(Schema.Int, { purpose: "another", keptFor: "1 day" }),
            visits: Guest.fields.visits
          })
          assert.deepStrictEqual(yield* Memory.recall(changed, ada), { visits: 1 })
        })
      )
    )

    it.effect("writes of several calls of one caller do not hold up each other, whatever their order", () =>
      run(
        Effect.gen(function* () {
          const names = Array.from({ length: 8 }, (_, n) => `field${n}`)
          const Many = Memory.declare(Object.fromEntries(names.map((name) => [name, Guest.fields.name])))
          const one = Object.fromEntries(names.map((name) => [name, "one"]))
          const two = Object.fromEntries(names.toReversed().map((name) => [name, "two"]))
          const none = Object.fromEntries(names.toReversed().map((name) => [name, null]))
          const writes = Array.from({ length: 12 }, (_, n) => Memory.keep(Many, ada, [one, two, none][n % 3]!))
          yield* Effect.all(writes, { concurrency: 6 })
          yield* Memory.keep(Many, ada, two)
          assert.deepStrictEqual(yield* Memory.recall(Many, ada), two)
        })
      )
    )

    for (const [what, caller] of [
      ["no characters", ""],
      ["too many characters", "x".repeat(301)],
      ["a NUL", "a\0b"],
      ["half of a character", "a\ud83d"],
      ["no text at all", undefined as unknown as string]
    ] as const) {
      it.effect(`a caller whose name has ${what} has no memory`, () =>
        run(
          Effect.gen(function* () {
            yield* Memory.keep(Guest, ada, { name: "Ada" })
            const error = yield* Effect.flip(Memory.keep(Guest, caller, { name: "Bob" }))
            assert.strictEqual(error.reason, "InvalidCaller")
            assert.include(error.message, "1 to 300 characters")
            assert.deepStrictEqual(yield* Memory.recall(Guest, caller), {})
            assert.deepStrictEqual(yield* Memory.show(caller, Guest), [])
            assert.strictEqual(yield* Memory.forget(caller), 0)
            assert.deepStrictEqual(yield* Memory.recall(Guest, ada), { name: "Ada" })
          })
        )
      )
    }

    it.effect("times and numbers that are not whole are no problem, nor are fields that cannot exist", () =>
      run(
        Effect.gen(function* () {
          const third = Memory.declare({
            name: Memory.field(Schema.String, { purpose: "to greet", keptFor: Duration.millis(10_000 / 3) })
          })
          yield* TestClock.adjust("1 day")
          yield* Memory.keep(third, ada, { name: "Ada" })
          assert.strictEqual(yield* Memory.forgetOlderThan(Duration.infinity), 0)
          assert.strictEqual(yield* Memory.forgetOlderThan(Duration.millis(1.5)), 0)
          assert.strictEqual(yield* Memory.forget(ada, ["no such\0field", "name') or 1=1 --"]), 0)
          for (const limit of [1, 1.5, Infinity]) assert.lengthOf(yield* Memory.callers(limit), 1)
          assert.lengthOf(yield* Memory.callers(-1), 0)
          yield* TestClock.adjust("3333 millis")
          assert.deepStrictEqual(yield* Memory.recall(third, ada), { name: "Ada" })
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(yield* Memory.recall(third, ada), {})
        })
      )
    )

    it.effect("keeps what a call with an odd id has learned", () =>
      run(
        Effect.gen(function* () {
          for (const callId of ["c".repeat(400), "a\0b", "\ud800", `${"c".repeat(299)}😀`]) {
            yield* Memory.keep(Guest, ada, { name: callId }, { callId })
            assert.deepStrictEqual(yield* Memory.recall(Guest, ada), { name: callId })
          }
        })
      )
    )

    it.effect("the later write wins if two calls of one caller write", () =>
      run(
        Effect.gen(function* () {
          const store = yield* MemoryStore
          const row = (value: string, writtenAt: number) => ({
            field: "name",
            value: `"${value}"`,
            writtenAt,
            keptUntil: 1e15,
            callId: "c"
          })
          yield* store.write(ada, { rows: [row("new", 2000)], deleted: [] })
          yield* store.write(ada, { rows: [row("old", 1000)], deleted: [] })
          assert.deepStrictEqual(yield* Memory.recall(Guest, ada), { name: "new" })
        })
      )
    )
  })
}

contract("in memory", () => MemoryStore.layerMemory)
contract("in SQLite", () => Layer.provide(MemoryStore.layerSql, Layer.fresh(Sqlite.layer({ filename: ":memory:" }))))

contract(
  `in PostgreSQL${Postgres.note}`,
  () => Layer.provide(MemoryStore.layerSql, Layer.fresh(Postgres.layer)),
  Postgres.isThere
)

describe("Memory", () => {
  it("rejects names it could not store", () => {
    const field = Guest.fields.name
    for (const name of ["", "a b", "forget", "x".repeat(101)]) {
      assert.throws(() => Memory.declare({ [name]: field }), TypeError)
    }
  })

  it.effect("hashes a caller into a name only the same secret reproduces", () =>
    Effect.gen(function* () {
      const name = yield* Memory.hashed(Redacted.make("s1"))(ada)
      assert.match(name, /^[0-9a-f]{64}$/)
      assert.strictEqual(name, yield* Memory.hashed(Redacted.make("s1"))(ada))
      assert.notStrictEqual(name, yield* Memory.hashed(Redacted.make("s2"))(ada))
      assert.notStrictEqual(name, yield* Memory.hashed(Redacted.make("s1"))(bob))
    })
  )
})

describe("Memory in a file shared by several processes", () => {
  const program = join(import.meta.dirname, "writer.ts")
  /** Runs a process that writes, and kills it when it reports that it is within a write. */
  const write = (filename: string, ...args: ReadonlyArray<string>) =>
    Effect.callback<string>((resume) => {
      const child = spawn(process.execPath, ["--conditions=antiphon-source", program, filename, ...args], {
        stdio: ["ignore", "pipe", "inherit"]
      })
      let said = ""
      child.stdout.on("data", (data: Buffer) => {
        said += data.toString()
        if (said.includes("within")) child.kill("SIGKILL")
      })
      child.on("exit", (code, signal) => resume(Effect.succeed(signal ?? String(code))))
    })

  const onFile = <A, E>(
    test: (filename: string) => Effect.Effect<A, E, MemoryStore | SqlClient.SqlClient | FileSystem.FileSystem>
  ) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const filename = join(yield* files.makeTempDirectoryScoped(), "memory.db")
      return yield* Effect.provide(
        test(filename),
        Layer.provideMerge(Layer.fresh(MemoryStore.layerSql), Layer.fresh(Sqlite.layer({ filename })))
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

  it.live(
    "loses no concurrent write",
    () =>
      onFile((filename) =>
        Effect.gen(function* () {
          const ended = yield* Effect.all([write(filename, "a", "30"), write(filename, "b", "30")], {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(ended, ["0", "0"])
          for (let at = 0; at < 30; at++) {
            for (const name of ["a", "b"]) {
              assert.deepStrictEqual(yield* Memory.recall(Guest, `${name}${at}`), { name, visits: at })
            }
          }
          const both = yield* Memory.recall(Guest, "both")
          assert.include(["a", "b"], both.name)
          assert.strictEqual(both.visits, 29)
        })
      ),
    60_000
  )

  it.live(
    "a process that dies while writing leaves the earlier data intact, and nothing of the write",
    () =>
      onFile((filename) =>
        Effect.gen(function* () {
          yield* Memory.keep(Guest, "both", { name: "Ada", visits: 7 })
          assert.strictEqual(yield* write(filename, "crash", "hang"), "SIGKILL")
          assert.deepStrictEqual(yield* Memory.recall(Guest, "both"), { name: "Ada", visits: 7 })
          yield* Memory.keep(Guest, "both", { visits: 8 })
          assert.deepStrictEqual(yield* Memory.recall(Guest, "both"), { name: "Ada", visits: 8 })
        })
      ),
    60_000
  )

  it.live("overwrites forgotten values in the file", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        yield* Memory.keep(Guest, ada, { name: "Rumpelstiltskin" })
        yield* Memory.forget(ada)
        const sql = yield* SqlClient.SqlClient
        yield* sql`pragma wal_checkpoint(truncate)`
        const files = yield* FileSystem.FileSystem
        const bytes = yield* files.readFile(filename)
        assert.notInclude(new TextDecoder("latin1").decode(bytes), "Rumpelstiltskin")
      })
    )
  )
})
