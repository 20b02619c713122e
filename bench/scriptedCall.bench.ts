/**
 * Claim: a scripted call of ten minutes on virtual time takes at most 50 ms of processor time, once the process is warm.
 *
 * 1,200 words of the agent, each sent separately 20 ms after the previous one, spoken and reported word by word; a
 * caller who answers 24 times, with partial transcripts for every word, and barges in at every fourth answer. The bench
 * also checks that all calls are the same.
 */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Caller from "@antiphon/core/testing/Caller"
import * as Played from "@antiphon/core/testing/Played"
import * as TestCall from "@antiphon/core/testing/TestCall"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"
import { median, ms, report } from "./report.ts"

const boundMs = 50
const minutes = 10
const warmUps = 20
const runs = 25
const turns = 24

const sentence = (turn: number) =>
  Array.from({ length: 51 }, (_, word) => `${["well", "then", "tomorrow", "it's", "over"][word % 5]}${turn} `)
const agent = Agent.make(
  (event) =>
    Stream.fromIterable(sentence(event._tag === "CallStarted" ? 0 : 1)).pipe(
      Stream.rechunk(1),
      Stream.mapEffect((word) => Effect.as(Effect.sleep(20), Event.sendText(word)))
    ),
  { run: ["CallStarted", "UserTurnEnded"] }
)
const script: Caller.Script = Array.from({ length: turns }, (_, turn) => [
  turn % 4 === 3 ? Caller.hears(40) : Caller.listens(),
  Caller.pauses("2500 millis"),
  Caller.says("and what would it be on the day after that", { transcripts: "growing", endpointing: "300 millis" })
])

const fingerprint = (call: Played.Played) =>
  createHash("sha256")
    .update(JSON.stringify(call.entries.map(({ at, _tag }) => [at, _tag])))
    .update(JSON.stringify(Played.outputs(call)))
    .digest("hex")

const costs: Array<number> = []
const prints = new Set<string>()
let length = 0
for (let run = 0; run < warmUps + runs; run++) {
  const before = process.cpuUsage()
  const call = await Effect.runPromise(TestCall.run(agent, script))
  const { system, user } = process.cpuUsage(before)
  if (run >= warmUps) costs.push((system + user) / 1000)
  prints.add(fingerprint(call))
  length = Played.outcome(call).at
  const spoken = call.entries.filter(({ _tag }) => _tag === "Spoken").length
  if (length < minutes * 60_000 || spoken < 1200) {
    throw new Error(`a call of ${length / 60_000} minutes with ${spoken} words is not what was claimed`)
  }
}
if (prints.size !== 1) throw new Error(`${prints.size} different calls from one script`)

const cost = median(costs)
console.log(
  `  ${(length / 60_000).toFixed(1)} minutes, ${(length / cost / 1000).toFixed(0)},000 times as fast as the call`
)
report([
  {
    budget: `CPU of a scripted call of ten minutes <= ${boundMs} ms`,
    measured: ms(cost),
    floor: `the call itself ${(length / 1000).toFixed(0)} s`,
    ratio: (cost / length).toFixed(6),
    ok: cost <= boundMs
  }
])
