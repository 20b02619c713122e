/**
 * Claim: once the user speaks, `Call.run` hands out nothing more of the turn that was interrupted, and the record holds as
 * sent exactly what was handed out.
 *
 * The agent produces as fast as it can and the consumer is slow, so that something is always waiting in between. The
 * claim is a count, not a time.
 */
import * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as Event from "@antiphon/core/Event"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { report } from "./report.ts"

const interruptions = 200

let recorded = 0
const agent = Agent.make(
  Agent.route({
    UserTurnEnded: ({ eventId }) => Stream.map(Stream.range(1, 10_000), (n) => Event.sendText(`${eventId}:${n} `)),
    CallEnded: (_, turn) =>
      Stream.fromEffectDrain(
        Effect.map(turn.currentHistory, ({ entries }) => {
          recorded = entries.filter(({ item }) => item._tag === "AgentSendText").length
        })
      )
  })
)

const { handed, stale } = await Effect.runPromise(
  Effect.gen(function* () {
    const reports = yield* Queue.unbounded<Event.Report, Cause.Done>()
    let current = 0
    let [handed, stale] = [0, 0]
    const consumer = yield* Call.run(agent, Stream.fromQueue(reports)).pipe(
      Stream.runForEach((output) =>
        Effect.andThen(
          Effect.sync(() => {
            handed++
            if (output.respondingTo !== `turn${current}`) stale++
          }),
          Effect.yieldNow
        )
      ),
      Effect.forkChild
    )
    for (let i = 1; i <= interruptions; i++) {
      yield* Queue.offer(reports, { _tag: "UserTurnEnded", eventId: `turn${i}` })
      current = i
      yield* Effect.sleep(2)
      yield* Queue.offer(reports, { _tag: "UserTurnStarted" })
      // By then the call has read it.
      yield* Effect.sleep(1)
      current = 0
      yield* Effect.sleep(1)
    }
    yield* Queue.end(reports)
    yield* Effect.exit(Effect.timeoutOption(Effect.sleep(50), 100))
    consumer.interruptUnsafe()
    return { handed, stale }
  })
)
console.log(`  ${handed} outputs handed out in ${interruptions} interrupted turns, ${recorded} on the record`)
report([
  {
    budget: `stale outputs through Call.run, ${interruptions} interruptions: 0, and no other on the record`,
    measured: `${stale} stale, ${Math.abs(recorded - handed)} astray`,
    floor: `${handed} handed out`,
    ratio: "-",
    ok: handed > interruptions && stale === 0 && recorded === handed
  }
])
