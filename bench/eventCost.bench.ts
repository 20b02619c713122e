/**
 * Claim: an event around the 10,000th of a call costs at most 1.2 times as much as one around its 100th, with and
 * without reports of what was spoken, and also if the agent reads and edits its history in every turn: its end
 * (`History.latest`), or the whole, which is copied.
 *
 * Measured within the process, without a socket: `receive`, the turn it starts and what the turn sends. Both positions
 * are windows of whole rounds of the same events, each in its own call, alternating so that the compiler and the
 * machine treat both alike; the result is the median of many calls.
 */
import type * as Harness from "@antiphon/core/Harness"
import * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as Event from "@antiphon/core/Event"
import * as History from "@antiphon/core/History"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { median, now, report } from "./report.ts"

const bound = 1.2
const early = 100
const late = 10_000
const windowLength = 150
const warmUp = 10
const samples = Number(process.env.S ?? 60)

const words = ["Certainly, ", "your ", "order ", "left ", "the ", "warehouse ", "this ", "morning."]
const agent = Agent.make((event) =>
  event._tag === "UserTurnEnded" ? Stream.fromIterable(words.map((word) => Event.sendText(word))) : Stream.empty
)
/** Reads the last event of the history, and adds a line after the caller's last words. */
const editor = (read: (history: History.History) => History.HistoryEvent | undefined) =>
  Agent.make((event, turn) =>
    event._tag === "UserTurnEnded"
      ? Stream.concat(
          Stream.fromEffectDrain(
            Effect.gen(function* () {
              const last = read(yield* turn.currentHistory)
              if (last !== event) return yield* Effect.die(new Error("the history lacks the event of the turn"))
              yield* turn.addEntry("The caller is in good spirits.", { role: "system", after: event })
            })
          ),
          Stream.fromIterable(words.map((word) => Event.sendText(word)))
        )
      : Stream.empty
  )
const harness: Harness.Harness = { send: () => Effect.void, fail: () => Effect.die("the agent failed") }

const userTurn: ReadonlyArray<Event.Report> = [
  { _tag: "UserTurnStarted" },
  { _tag: "UserTextSent", content: "Where is my order, please?" },
  { _tag: "UserTurnEnded" }
]
const spoken: ReadonlyArray<Event.Report> = [
  { _tag: "AgentTurnStarted" },
  ...words.map((word): Event.Report => ({ _tag: "AgentTextSent", content: word.trim() })),
  { _tag: "AgentTurnEnded" }
]

/** Microseconds per event around a position in its own call. */
const costAt = (place: number, round: ReadonlyArray<Event.Report>, spec: Agent.AgentSpec<unknown>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const call = yield* Call.make(spec, { harness })
      const count = Math.ceil(windowLength / round.length) * round.length
      const before = Math.floor((place - count / 2) / round.length) * round.length
      for (let i = 0; i < before; i++) yield* call.receive(round[i % round.length]!)
      const begin = now()
      for (let i = 0; i < count; i++) yield* call.receive(round[i % round.length]!)
      return (1000 * (now() - begin)) / count
    })
  )

const measure = async (how: string, round: typeof userTurn, spec: Agent.AgentSpec<unknown> = agent) => {
  const costs: Array<{ readonly [early]: number; readonly [late]: number }> = []
  for (let i = 0; i < warmUp + samples; i++) {
    const atLate = await Effect.runPromise(costAt(late, round, spec))
    const atEarly = await Effect.runPromise(costAt(early, round, spec))
    if (i >= warmUp) costs.push({ [early]: atEarly, [late]: atLate })
  }
  const at = { [early]: median(costs.map((cost) => cost[early])), [late]: median(costs.map((cost) => cost[late])) }
  const ratio = at[late] / at[early]
  const us = (value: number) => `${value.toFixed(2)} us`
  console.log(`  ${how}: event ${late} ${us(at[late])}, event ${early} ${us(at[early])}`)
  return {
    budget: `cost of event ${late}, ${how} <= ${bound} x event ${early}`,
    measured: us(at[late]),
    floor: `event ${early} ${us(at[early])}`,
    ratio: ratio.toFixed(2),
    ok: ratio <= bound
  }
}

report([
  await measure("no acks", userTurn),
  await measure("acks", [...userTurn, ...spoken]),
  await measure(
    "acks, read and edited each turn",
    [...userTurn, ...spoken],
    editor((history) => History.latest(history, 1)[0])
  ),
  await measure(
    "acks, read whole and edited each turn",
    [...userTurn, ...spoken],
    editor(({ events }) => events.at(-1))
  )
])
