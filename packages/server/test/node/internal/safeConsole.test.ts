import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Logger } from "effect"
import * as SafeConsole from "../../../src/node/internal/safeConsole.ts"
import * as Client from "../../support/client.ts"
import * as ServerProcess from "../../support/serverProcess.ts"

const obeyed = /(?!\n)[\p{Cc}\u202e]/u

/** Everything a console receives from what runs under the layer. */
const printed = <E>(effect: Effect.Effect<unknown, E>) =>
  Effect.gen(function* () {
    const told: Array<ReadonlyArray<unknown>> = []
    const note = (...args: ReadonlyArray<unknown>) => void told.push(args)
    const console: Console.Console = Object.assign(Object.create(globalThis.console) as Console.Console, {
      log: note,
      error: note,
      group: note
    })
    yield* Effect.provide(effect, SafeConsole.layer).pipe(Effect.provideService(Console.Console, console))
    return told
  })

describe("the console of a server", () => {
  it.effect("escapes what a terminal would obey, and keeps lines, colours and values", () =>
    Effect.gen(function* () {
      const value = { words: "\u001b[2J" }
      assert.deepStrictEqual(
        yield* printed(Console.log("\u001b[31mred\u001b[0m\nline \u001b[2J \u009b1A \u202e \r \u0007", value, 1)),
        [["\u001b[31mred\u001b[0m\nline \\u001b[2J \\u009b1A \\u202e \\u000d \\u0007 { words: '\\x1B[2J' } 1"]]
      )
    })
  )

  it.effect("also escapes causes that a logger prints", () =>
    Effect.gen(function* () {
      const log = Effect.logError("failed: \u001b]0;title\u0007", new Error("\u001b]52;c;aGk=\u0007"))
      const logged = Effect.provide(log, Logger.layer([Logger.consolePretty({ colors: false })]))
      const text = (yield* printed(logged)).flat().join("\n")
      assert.include(text, "\\u001b]0;title\\u0007")
      assert.include(text, "\\u001b]52;c;aGk=\\u0007")
      assert.notMatch(text, obeyed)
    })
  )

  it.live("is used by every call: an error in user code moves no cursor and sets no clipboard", () =>
    Effect.gen(function* () {
      const server = yield* ServerProcess.start("faultyServer.ts", {})
      const call = yield* Client.call(server.ws, { call_id: "c" })
      yield* call.hear("Welcome.")
      call.say("escapes")
      yield* server.says(/\\u001b\]52/)
      assert.notMatch(server.output(), obeyed)
    }).pipe(Effect.scoped)
  )
})
