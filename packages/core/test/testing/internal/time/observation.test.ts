import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Stream } from "effect"
import * as Agent from "../../../../src/Agent.ts"
import * as Event from "../../../../src/Event.ts"
import * as Observation from "../../../../src/testing/internal/time/observation.ts"
import type { Happening } from "../../../../src/testing/internal/time/happening.ts"
import * as Caller from "../../../../src/testing/Caller.ts"
import * as TestCall from "../../../../src/testing/TestCall.ts"

const started: Event.Input = { _tag: "CallStarted", eventId: "s" }

const watched = (options: Agent.Options) => {
  const noted: Array<Happening> = []
  const spec = Observation.make((happening) => noted.push(happening)).watch(Agent.make(() => Stream.empty, options))
  return { noted, spec }
}
const decisions = (noted: ReadonlyArray<Happening>) =>
  noted.map((happening) => (happening._tag === "Decided" ? happening.decision : happening._tag))

describe("Observation of filters", () => {
  it("reports the decisions of both filters", () => {
    const { noted, spec } = watched({ run: ["CallStarted"], cancel: ["CallEnded"] })
    assert.isTrue(spec.run(started))
    assert.isFalse(spec.run({ _tag: "CallEnded", eventId: "e" }))
    assert.isTrue(spec.cancel({ _tag: "CallEnded", eventId: "e" }))
    assert.isFalse(spec.cancel({ _tag: "UserTurnStarted", eventId: "u" }))
    assert.deepStrictEqual(decisions(noted), ["Run", "Cancel", "Keep"])
  })

  it.effect("reports when a filter takes time", () =>
    Effect.gen(function* () {
      const { noted, spec } = watched({ run: () => Effect.as(Effect.yieldNow, true) })
      const answer = spec.run(started)
      assert.deepStrictEqual(decisions(noted), ["Deciding"])
      assert.isTrue(typeof answer === "boolean" || (yield* answer))
      assert.deepStrictEqual(decisions(noted), ["Deciding", "Run"])
    })
  )

  it("reports that a filter that throws, fails or is interrupted keeps its event, without changing that", () => {
    const thrown = watched({
      run: () => {
        throw new Error("no")
      }
    })
    assert.throws(() => thrown.spec.run(started), "no")
    assert.deepStrictEqual(decisions(thrown.noted), ["Keep"])
    const died = watched({ run: () => Effect.die("no") })
    const answer = died.spec.run(started)
    assert.isTrue(Exit.isFailure(Effect.runSyncExit(typeof answer === "boolean" ? Effect.succeed(answer) : answer)))
    assert.deepStrictEqual(decisions(died.noted), ["Deciding", "Keep"])
  })
})

describe("Observation of turns", () => {
  const call: Event.Output = { _tag: "AgentToolCalled", toolCallId: "1", toolName: "find", toolArgs: {} }
  const played = (agent: Agent.Agent<unknown>) =>
    Effect.map(TestCall.run(Agent.make(agent, { run: ["CallStarted"] }), [Caller.listens()]), ({ entries }) => entries)
  const tags = (entries: ReadonlyArray<{ readonly _tag: string }>, wanted: ReadonlyArray<string>) =>
    entries.map(({ _tag }) => _tag).filter((tag) => wanted.includes(tag))

  it.effect("reports outputs that are only recorded, regions, work, and changes of the history", () =>
    Effect.gen(function* () {
      const entries = yield* played((_, turn) =>
        Stream.concat(
          turn.uninterruptible(Stream.fromEffectDrain(turn.record([call]))),
          Stream.fromEffectDrain(
            Effect.andThen(turn.background("work", Effect.fail("no"), { delivery: "nextTurn" }), turn.updateHistory([]))
          )
        )
      )
      const wanted = ["TurnStarted", "RegionEntered", "Kept", "RegionLeft", "WorkStarted", "WorkEnded", "Edited"]
      assert.deepStrictEqual(tags(entries, wanted).toSorted(), wanted.toSorted())
      const ended = entries.find((entry) => entry._tag === "WorkEnded")
      assert.strictEqual(ended?.outcome, "Failed")
    })
  )

  it.effect("reports that a turn fails, then that its scope is closed, and last that its fiber has ended", () =>
    Effect.gen(function* () {
      const entries = yield* played(() => Stream.fail("no"))
      assert.deepStrictEqual(tags(entries, ["TurnFailing", "TurnLeft", "TurnOver"]), [
        "TurnFailing",
        "TurnLeft",
        "TurnOver"
      ])
    })
  )
})
