import * as Recording from "@antiphon/core/recording/Recording"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import * as TestFile from "../../src/internal/testFile.ts"
import { record } from "../fixtures/call.ts"

const generated = new URL("../generated/recorded.test.ts", import.meta.url)

/** Layout is left to the formatter. */
const tokens = (source: string) => source.replace(/\s+/g, "")

describe("TestFile", () => {
  it.effect("writes a test like the one in generated/, which is compiled and run like any other", () =>
    Effect.gen(function* () {
      const source = Result.getOrThrow(TestFile.make(yield* record, { agent: "../fixtures/agent.ts" }))
      if (process.env["UPDATE_GENERATED"] !== undefined) writeFileSync(generated, source)
      assert.strictEqual(tokens(source), tokens(readFileSync(generated, "utf8")))
    })
  )

  it.effect("needs no model if the call used none, and states who ended the call", () =>
    Effect.gen(function* () {
      const { header } = yield* record
      const source = (lines: ReadonlyArray<Recording.Line>) =>
        Result.getOrThrow(TestFile.make({ header, lines, skipped: 0, truncated: false }, { agent: "./agent.ts" }))
      const closed: Recording.Line = { _tag: "CallClosed", at: 2, how: "Ended" }
      const ended: Recording.Line = { _tag: "Happened", at: 1, event: { _tag: "CallEnded", eventId: "e" } }
      assert.notInclude(source([ended, closed]), "ScriptedModel")
      assert.include(source([ended, closed]), 'Expect.endedBy(call, "caller")')
      assert.include(source([{ ...closed, how: "CutOff" }]), 'Expect.endedBy(call, "connection")')
    })
  )
})
