import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Random, Result, Schedule, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Event from "../../src/Event.ts"
import * as Recording from "../../src/recording/Recording.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as Chance from "../../src/testing/Chance.ts"
import * as Expect from "../../src/testing/Expect.ts"
import * as Played from "../../src/testing/Played.ts"
import * as RandomAgent from "../../src/testing/RandomAgent.ts"
import * as Replay from "../../src/testing/Replay.ts"
import * as SimulatedCaller from "../../src/testing/SimulatedCaller.ts"
import * as TestCall from "../../src/testing/TestCall.ts"
import { quiet, record } from "./recordedCall.ts"

const words = (text: string, every: Duration.Input = "20 millis") =>
  Stream.fromIterable(text.match(/\S+\s*/g) ?? []).pipe(
    Stream.map((word) => Event.sendText(word)),
    Stream.schedule(Schedule.spaced(every))
  )

/** Repeats what it hears, and looks things up on request. */
const shop = (greeting = "Hello, this is the shop. ") =>
  Agent.make(
    Agent.route({
      CallStarted: () => words(greeting),
      UserTurnEnded: (event, turn) =>
        Stream.onStart(
          words(`You said: ${Event.text(event)}. Let me see what I can find about that for you.`),
          turn.background("look up", Effect.delay(Effect.succeed("found"), "2 seconds"))
        ),
      BackgroundReturned: ({ result }) => words(`It is ${String(result)}.`)
    })
  )

const visit: Caller.Script = [
  Caller.listens(),
  Caller.pauses("1 second"),
  Caller.says("A table for two"),
  Caller.bargesIn("No wait", { afterWords: 3 }),
  Caller.listens(),
  Caller.pauses("5 seconds"),
  Caller.presses("12"),
  Caller.listens()
]

const differs = ({ comparison }: Replay.Replayed) =>
  comparison._tag === "Different" ? comparison.difference : assert.fail(`the calls are ${comparison._tag}`)

/** A machine whose timers are late, each by a different time, so that calls on it run at their own pace. */
const late = (agent: Agent.AgentSpec<unknown>): Agent.Factory => {
  const chance = Chance.make(7)
  return () =>
    Effect.clockWith((clock) => {
      const slow: Clock.Clock = {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
        currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        currentTimeMillis: clock.currentTimeMillis,
        currentTimeNanos: clock.currentTimeNanos,
        monotonicTimeNanos: clock.monotonicTimeNanos,
        sleep: (duration) => clock.sleep(Duration.millis(Duration.toMillis(duration) + chance.int(50, 1900) / 1000))
      }
      return Effect.succeed({
        ...agent,
        agent: (event, turn) =>
          Stream.provideService(agent.agent(event, turn) as Stream.Stream<Event.Output>, Clock.Clock, slow)
      } satisfies Agent.AgentSpec<unknown>)
    })
}

describe("Replay.run", () => {
  it.effect(
    "reproduces the recording byte for byte, whatever agent and caller do",
    () =>
      Effect.gen(function* () {
        // Events that coincide in the same microsecond have no order to preserve, and here times are whole
        // milliseconds: so no harness that only collides, and no cleanup that does.
        const tempers = SimulatedCaller.tempers.filter((temper) => temper !== "chaotic")
        const { Fork: _fork, Hold: _hold, ...steps } = RandomAgent.everything
        const agent = RandomAgent.make({ steps })
        // The same holds for work that returns at the same moment as other work.
        const returnsTogether = ({ lines }: Recording.Recording) => {
          const at = lines.flatMap((line) => (line._tag === "Happened" && "outcome" in line.event ? [line.at] : []))
          return new Set(at).size < at.length
        }
        let compared = 0
        for (let seed = 1; seed <= 60; seed++) {
          const caller = SimulatedCaller.make(seed, { tempers, maxTurns: 5 })
          const { sendDelay: _, ...phone } = caller.phone
          const recording = yield* record(agent, caller.script, { callSeed: seed, phone })
          if (returnsTogether(recording)) continue
          const replayed = yield* Replay.run(recording, agent)
          assert.strictEqual(replayed.comparison._tag, "Identical", `seed ${seed}`)
          assert.strictEqual(Recording.encode(replayed.played.recording), Recording.encode(recording))
          compared++
        }
        assert.isAtLeast(compared, 40)
      }).pipe(quiet),
    120_000
  )

  it.effect("follows a call recorded on a machine where every timer was late", () =>
    Effect.gen(function* () {
      const recording = yield* record(late(shop()), visit, { startsAt: Date.UTC(2026, 10, 26, 12) })
      const { comparison, played } = yield* Replay.run(recording, shop())
      assert.notStrictEqual(comparison._tag, "Different")
      Expect.heard(played, "It is found.")
      // Otherwise it is ahead by more than a word when the caller barges in.
      const strict = yield* Replay.run(recording, shop(), { tolerance: 0 })
      assert.strictEqual(strict.comparison._tag, "Different")
    })
  )

  it.effect("shows the agent the time of the recorded call", () =>
    Effect.gen(function* () {
      const clock = Agent.make(
        Agent.route({
          CallStarted: () =>
            Stream.fromEffect(Effect.map(Clock.currentTimeMillis, (now) => Event.sendText(new Date(now).toISOString())))
        })
      )
      const recording = yield* record(clock, [], { startsAt: Date.UTC(2026, 10, 26, 12) })
      const { comparison, played } = yield* Replay.run(recording, clock)
      assert.strictEqual(comparison._tag, "Identical")
      Expect.said(played, "2026-11-26T12:00:00.000Z")
    })
  )

  it.effect("draws the same random values, before the call and during it", () =>
    Effect.gen(function* () {
      const dice: Agent.Factory = () =>
        Effect.map(Random.nextInt, (first) =>
          Agent.make(() => Stream.fromEffect(Effect.map(Random.nextInt, (n) => Event.sendText(`${first} ${n} `))))
        )
      const recording = yield* record(dice, [Caller.listens(), Caller.says("Again"), Caller.listens()], {
        callSeed: 99
      })
      assert.strictEqual((yield* Replay.run(recording, dice)).comparison._tag, "Identical")
    })
  )

  it.effect("reports the first difference, and shows the call around it", () =>
    Effect.gen(function* () {
      const recording = yield* record(shop(), visit)
      const difference = differs(yield* Replay.run(recording, shop("Hello, this is the shed. ")))
      assert.strictEqual(difference.what, "Content")
      assert.include(difference.recorded, "shop")
      assert.include(difference.replayed, "shed")
      assert.strictEqual(recording.lines[difference.line - 2]?.at, difference.at)
    })
  )

  it.effect("reports an event that comes at another time or not at all", () =>
    Effect.gen(function* () {
      const greets = (text: string, every: Duration.Input) =>
        Agent.make(Agent.route({ CallStarted: () => words(text, every) }))
      const recording = yield* record(greets("one two three", "2 seconds"), [Caller.pauses("10 seconds")])
      const kind = (agent: Agent.AgentSpec<unknown>, tolerance: Duration.Input) =>
        Effect.map(Replay.run(recording, agent, { tolerance }), (replayed) => differs(replayed).what)
      assert.strictEqual(yield* kind(greets("one two three", "1 second"), 0), "Time")
      assert.strictEqual(yield* kind(greets("one two three", "1 second"), "500 millis"), "Time")
      assert.strictEqual(yield* kind(greets("one two", "2 seconds"), "500 millis"), "Content")
      const silent = Agent.make(() => Stream.empty, { run: () => false })
      assert.strictEqual(yield* kind(silent, "500 millis"), "Missing")
    })
  )

  it.effect("replays a recording that breaks off as far as it goes", () =>
    Effect.gen(function* () {
      const { header, lines } = yield* record(shop(), visit)
      const whole = Recording.encode({ header, lines: lines.slice(0, 39) })
      const broken = Recording.decode(`${whole}${Recording.encodeLine(lines[39]!).slice(0, 20)}`)
      const { comparison } = yield* Replay.run(Result.getOrThrow(broken), shop())
      assert.deepStrictEqual(comparison, { _tag: "Identical", lines: 40 })
    })
  )

  it.effect("replays a call that was cut off", () =>
    Effect.gen(function* () {
      const recording = yield* record(shop(), [Caller.hears(2), Caller.losesConnection])
      const { comparison, played } = yield* Replay.run(recording, shop())
      assert.strictEqual(comparison._tag, "Identical")
      assert.strictEqual(Played.outcome(played).by, "connection")
    })
  )

  it.effect("shows what was said and heard as for any other call", () =>
    Effect.gen(function* () {
      const recording = yield* record(shop(), visit)
      const first = yield* TestCall.run(shop(), visit)
      const { played } = yield* Replay.run(recording, shop())
      assert.strictEqual(Played.heard(played), Played.heard(first))
      assert.deepStrictEqual(
        Played.transcript(played).map(({ text, who }) => ({ text, who })),
        Played.transcript(first).map(({ text, who }) => ({ text, who }))
      )
    })
  )
})

const turnOf = (recording: Recording.Recording, nth: number): number =>
  recording.lines.flatMap((line) => {
    if (line._tag !== "TurnStarted") return []
    const trigger = recording.lines.find(
      (other) => other._tag === "Reported" && (other.eventId ?? other.report.eventId) === line.trigger
    )
    return trigger?._tag === "Reported" && trigger.report._tag === "UserTurnEnded" ? [line.turn] : []
  })[nth]!

describe("Replay.fork", () => {
  const rude = Agent.make(
    Agent.route({ UserTurnEnded: () => words("No. Go away."), CallStarted: () => words("Never.") })
  )

  it.effect("repeats the recorded call up to a turn, then continues differently", () =>
    Effect.gen(function* () {
      const recording = yield* record(shop(), visit)
      const turn = turnOf(recording, 1)
      const played = yield* Replay.fork(recording, rude, { turn })
      const transcript = Played.transcript(played).map(({ text, who }) => `${who}: ${text}`)
      assert.deepStrictEqual(transcript.slice(0, 5), [
        "agent: Hello, this is the shop.",
        "caller: A table for two",
        "agent: You said: A",
        "caller: No wait",
        "agent: No. Go away."
      ])
      Expect.notHeard(played, "Never")
      Expect.nothingLeft(played)
      Expect.endedBy(played, "caller")
    })
  )

  it.effect("passes the history to the new agent, including running background work", () =>
    Effect.gen(function* () {
      const recording = yield* record(shop(), visit)
      const curious = Agent.make(
        Agent.route({
          UserTurnEnded: (_, turn) => words(turn.history.events.map((event) => Event.text(event)).join("|")),
          BackgroundReturned: ({ name, result }) => words(`${name}: ${String(result)}`)
        })
      )
      const played = yield* Replay.fork(recording, curious, { turn: turnOf(recording, 1) })
      Expect.said(played, "Hello, this is the shop.")
      Expect.said(played, "A table for two")
      Expect.said(played, "look up: found")
    })
  )

  it.effect("continues with another caller", () =>
    Effect.gen(function* () {
      const recording = yield* record(shop(), visit)
      const caller = [Caller.listens(), Caller.says("Something else"), Caller.listens()]
      const played = yield* Replay.fork(recording, rude, { turn: 2, caller })
      assert.deepStrictEqual(
        Played.transcript(played).flatMap(({ text, who }) => (who === "caller" ? [text] : [])),
        ["A table for two", "Something else"]
      )
    })
  )

  it.effect("starts at the beginning for turn 1, and fails for a turn the recording does not have", () =>
    Effect.gen(function* () {
      const recording = yield* record(shop(), visit)
      const played = yield* Replay.fork(recording, rude, { turn: 1 })
      Expect.heard(played, "Never.")
      const error = yield* Effect.flip(Replay.fork(recording, rude, { turn: 77 }))
      assert.strictEqual(error.turn, 77)
    })
  )
})
