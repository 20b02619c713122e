import { assert } from "@effect/vitest"
import { Duration, Effect, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Agent from "../src/Agent.ts"
import * as Call from "../src/Call.ts"
import * as CallLimits from "../src/CallLimits.ts"
import * as Event from "../src/Event.ts"
import type * as Harness from "../src/Harness.ts"
import { settled, test } from "./virtualTest.ts"

const echo = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Welcome.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(Event.text(event)))
  })
)

/** A call that returns what was sent: the texts, and the reason of a hang-up. */
const limited = (limits: Partial<CallLimits.CallLimits>, agent: Agent.AgentSpec = echo) =>
  Effect.gen(function* () {
    const sent: Array<string> = []
    let farewells = 0
    const harness: Harness.Harness = {
      send: (outputs) =>
        Effect.sync(() => {
          for (const output of outputs) {
            if (output._tag === "AgentSendText") sent.push(output.text)
            if (output._tag === "AgentEndCall") sent.push(`ends: ${output.reason}`)
          }
        }),
      fail: () => Effect.void
    }
    const call = yield* Effect.provideService(Call.make(agent, { harness }), CallLimits.Current, {
      maxTurns: 0,
      maxCallDuration: Duration.zero,
      goodbye: "Goodbye.",
      onFarewell: () => farewells++,
      ...limits
    })
    const report = (report: Event.Report) => Effect.andThen(call.receive(report), settled)
    return {
      sent,
      farewells: () => farewells,
      report,
      say: (content: string) => report({ _tag: "UserTurnEnded", content }),
      end: call.end
    }
  })

test("the turn after the last one says goodbye and hangs up; later turns say nothing", function* () {
  const { farewells, say, sent } = yield* limited({ maxTurns: 2 })
  yield* settled
  for (const content of ["one", "two", "three", "four"]) yield* say(content)
  assert.deepStrictEqual(sent, ["Welcome.", "one", "two", "Goodbye.", "ends: max_turns"])
  assert.strictEqual(farewells(), 1)
})

test("the agent says goodbye once the call has lasted too long, however few its turns", function* () {
  const { say, sent } = yield* limited({ maxCallDuration: Duration.minutes(5) })
  yield* settled
  yield* say("one")
  yield* TestClock.adjust("5 minutes")
  yield* say("two")
  assert.deepStrictEqual(sent, ["Welcome.", "one", "Goodbye.", "ends: max_duration"])
})

test("a caller who goes on speaking takes a goodbye back, and hears it when they have finished", function* () {
  const { farewells, report, say, sent } = yield* limited({ maxTurns: 1 })
  yield* settled
  yield* say("one")
  yield* report({ _tag: "UserTurnStarted" })
  yield* report({ _tag: "UserTurnEnded", content: "two", tentative: true })
  yield* report({ _tag: "UserTurnResumed" })
  assert.strictEqual(farewells(), 0)
  yield* say("two and a half")
  assert.deepStrictEqual(sent, ["Welcome.", "one", "Goodbye.", "ends: max_turns"])
  assert.strictEqual(farewells(), 1)
})

test("the agent still handles the end of the call", function* () {
  const ends: Array<string> = []
  const agent = Agent.make((event) =>
    event._tag === "CallEnded" ? Stream.fromEffectDrain(Effect.sync(() => ends.push("end"))) : Stream.empty
  )
  const { end, say } = yield* limited({ maxTurns: 1 }, agent)
  yield* say("one")
  yield* say("two")
  yield* end
  assert.deepStrictEqual(ends, ["end"])
})

test("calls within a call, such as those of a tool, have no limits", function* () {
  const inner: Array<CallLimits.CallLimits | undefined> = []
  const agent = Agent.make(() => Stream.fromEffectDrain(Effect.map(CallLimits.Current, (limits) => inner.push(limits))))
  yield* limited({ maxTurns: 1 }, agent)
  yield* settled
  assert.deepStrictEqual(inner, [undefined])
})
