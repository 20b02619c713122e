import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import agent from "../src/agent.ts"

it.effect("repeats what it has heard", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(agent, [Caller.listens(), Caller.says("Good morning"), Caller.listens()])
    Expect.heard(call, "Hello!")
    Expect.heard(call, "You said: Good morning")
  })
)

it.effect("names the key that is pressed, interrupting its own words", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(agent, [Caller.presses("5"), Caller.listens()])
    Expect.heard(call, "You pressed 5.")
  })
)
