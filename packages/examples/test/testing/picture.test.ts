import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { concierge } from "../../src/start/background.ts"

const guide = readFileSync(new URL("../../../../docs/testing.md", import.meta.url), "utf8")

it.effect("the failure shown in the guide comes from these examples", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(concierge, [
      Caller.says("A table for two, please"),
      Caller.listens(),
      Caller.pauses("4 seconds")
    ])
    const error = yield* Effect.flip(
      Effect.try({ try: () => Expect.heard(call, "I found a table for two"), catch: (error) => error as Error })
    )
    assert.include(guide, error.message.trimEnd())
  })
)
