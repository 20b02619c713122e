import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import { concierge } from "../../src/start/background.ts"

it.effect("a background result waits until nobody is speaking, and is reported once", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(concierge, [
      Caller.says("A table for two, please"),
      Caller.hears(4),
      Caller.says("And I would like to sit outside if that is possible", { wordsPerMinute: 120 }),
      Caller.listens(),
      Caller.pauses("5 seconds")
    ])
    Expect.event(call, { _tag: "BackgroundReturned", name: "find_table", outcome: "Returned" })
    Expect.heard(call, "By the way: I found a table at eight.", { from: "8 seconds" })
    Expect.waitAtMost(call, "5 seconds")
  })
)
