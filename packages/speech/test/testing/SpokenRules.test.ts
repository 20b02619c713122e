import { assert, describe, it } from "@effect/vitest"
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as RandomAgent from "@antiphon/core/testing/RandomAgent"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as Vad from "../../src/Vad.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as SimulatedCaller from "../../src/testing/SimulatedCaller.ts"
import * as SpokenRules from "../../src/testing/SpokenRules.ts"
import * as TestCall from "../../src/testing/TestCall.ts"

const story = "Once there was a king who had three daughters and a horse that could talk about nothing but oats."
const say = (text: string) => Stream.make(Event.sendText(text))
const teller = Agent.make(
  Agent.route({
    CallStarted: () => say(story),
    UserTurnEnded: (event) => say(`You said: ${Event.text(event)}. ${story}`)
  })
)
const laws = (found: ReadonlyArray<SpokenRules.Breach>) => [...new Set(found.map(({ law }) => law))]

describe("SpokenRules", () => {
  // For other seeds: `ANTIPHON_SPOKEN_CALLS=500 ANTIPHON_SEED=4711 npx vitest run --project speech SpokenRules`.
  const calls = Number(process.env["ANTIPHON_SPOKEN_CALLS"] ?? 12)
  const first = Number(process.env["ANTIPHON_SEED"] ?? 1) * 1000

  it.effect(
    `hold in ${calls} calls of simulated callers, in noise, with jitter, loss and echo`,
    () =>
      Effect.gen(function* () {
        const each = Math.ceil(calls / SimulatedCaller.places.length)
        for (const place of SimulatedCaller.places) {
          const report = yield* SpokenRules.check(teller, { calls: each, seed: first, maxTurns: 2, places: [place] })
          assert.strictEqual(report.calls, each)
        }
      }),
    300_000
  )

  it.effect(
    "hold for agents that do anything an agent can do",
    () =>
      SpokenRules.check(RandomAgent.make(), {
        calls: 20,
        seed: first,
        maxTurns: 2,
        places: ["studio", "telephone", "mobile"],
        call: { vad: Vad.energy() }
      }).pipe(Effect.provideService(References.MinimumLogLevel, "None")),
    120_000
  )

  it.effect("make calls that depend on their seed alone, to the sample", () =>
    Effect.gen(function* () {
      const caller = SimulatedCaller.make(5, { places: ["mobile"], maxTurns: 1 })
      const [one, two] = [yield* SpokenRules.simulate(teller, caller), yield* SpokenRules.simulate(teller, caller)]
      assert.deepStrictEqual(two.played.spoken, one.played.spoken)
      assert.deepStrictEqual(two.played.line.recording(), one.played.line.recording())
      assert.deepStrictEqual(
        two.played.entries.map(({ _tag, at }) => [_tag, at]),
        one.played.entries.map(({ _tag, at }) => [_tag, at])
      )
    })
  )

  const call = TestCall.run(
    teller,
    [Caller.hears(4), Caller.says("Wait a moment"), Caller.listens({ atMost: "2 seconds" })],
    { vad: Vad.energy(), heard: "position" }
  )

  it.effect("find words reported as heard that were not, and heard words that were not reported", () =>
    Effect.gen(function* () {
      const played = yield* call
      assert.deepStrictEqual(laws(SpokenRules.breaches(played)), [])
      const without = {
        ...played,
        entries: played.entries.filter((entry, index) => entry._tag !== "Spoken" || index > 20)
      }
      assert.include(laws(SpokenRules.breaches(without)), "heard is what was played")
      const untold = {
        ...played,
        entries: played.entries.filter((entry) => entry._tag !== "Reported" || entry.report._tag !== "AgentTextSent")
      }
      assert.include(laws(SpokenRules.breaches(untold)), "heard is what was played")
    })
  )

  it.effect("find frames that follow a clear, and words of a turn that was taken back", () =>
    Effect.gen(function* () {
      const played = yield* call
      const stale = { ...played, line: { ...played.line, stale: [0] } }
      assert.deepStrictEqual(laws(SpokenRules.breaches(stale)), ["nothing follows a clear"])
      const turn = played.entries.flatMap((entry) => (entry._tag === "Spoken" ? [entry.turn] : [])).at(-1)!
      const cancelled = {
        ...played,
        entries: [{ at: 0, _tag: "TurnTold", turn, change: "Cancelled" } as const, ...played.entries]
      }
      assert.include(laws(SpokenRules.breaches(cancelled)), "what was taken back is not heard")
    })
  )

  it.effect("report a breach with the shortest call that shows it", () =>
    Effect.gen(function* () {
      const quiet: SpokenRules.Check = ({ entries }) =>
        entries.flatMap(({ _tag, at }) => (_tag === "Said" ? [{ law: "nobody speaks", at, what: "somebody did" }] : []))
      const exit = yield* Effect.exit(
        SpokenRules.check(teller, {
          calls: 5,
          seed: 3,
          maxTurns: 1,
          places: ["street"],
          also: [quiet],
          call: { vad: Vad.energy() }
        })
      )
      assert.isTrue(exit._tag === "Failure")
      const broken = exit._tag === "Failure" ? Cause.squash(exit.cause) : undefined
      assert.instanceOf(broken, SpokenRules.RulesBroken)
      assert.match(String(broken), /nobody speaks[\s\S]*The script of the call:\n {2}(says|coughs)[^\n]*\n\n/)
    })
  )
})
