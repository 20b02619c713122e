/**
 * Claim: a call of 80 turns of 40 words, each word sent and acknowledged by itself, takes at most 0.1 s of processor
 * time. Line took 53 s, see `line.ts`.
 *
 * Measured within the process, from decoding a message to encoding the answer. The result is the first call of a
 * process, before anything is compiled, because that is the most expensive one. It is measured in several processes.
 */
import * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as Event from "@antiphon/core/Event"
import * as Wire from "@antiphon/server/line/Wire"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { fork } from "node:child_process"
import { once } from "node:events"
import * as Line from "./line.ts"
import { median, report } from "./report.ts"

const boundMs = 100
const lineMs = Line.acknowledgedCpuMs
const processes = 5
const turns = 80

const words = Array.from({ length: 40 }, (_, i) => `${["so", "then", "morning", "it's", "over"][i % 5]}${i} `)
const agent = Agent.make((event) =>
  // One element per pull, as the tokens of a model arrive.
  event._tag === "UserTurnEnded"
    ? Stream.rechunk(Stream.fromIterable(words.map((w) => Event.sendText(w))), 1)
    : Stream.empty
)
const frames = [
  { type: "user_state", value: "speaking" },
  { type: "message", content: "and then?" },
  { type: "user_state", value: "idle" },
  { type: "agent_state", value: "speaking" },
  ...words.map((word) => ({ type: "agent_speech", content: word.trim() })),
  { type: "agent_state", value: "idle" }
].map((frame) => JSON.stringify(frame))

const play = Effect.scoped(
  Effect.gen(function* () {
    let sent = 0
    const call = yield* Call.make(agent, {
      harness: {
        send: (outputs) =>
          Effect.sync(() => outputs.forEach((output) => (sent += Wire.encode(output).length > 0 ? 1 : 0))),
        fail: () => Effect.void
      }
    })
    for (let turn = 0; turn < turns; turn++) {
      for (const frame of frames) {
        const received = Wire.decode(frame)
        if (received._tag === "Report") yield* call.receive(received.report)
      }
    }
    const { events } = yield* call.history
    const heard = events.filter((event) => event._tag === "AgentTextSent").map((event) => event.content)
    const expected = words.join("").trimEnd()
    if (sent !== turns * words.length || heard.length !== turns || heard.some((text) => text.trimEnd() !== expected)) {
      return yield* Effect.die(new Error(`sent ${sent}, heard ${heard.length} times: ${heard[0]}`))
    }
  })
)

const cpuOfOneCall = async (): Promise<number> => {
  const before = process.cpuUsage()
  await Effect.runPromise(play)
  const { system, user } = process.cpuUsage(before)
  return (system + user) / 1000
}

if (process.argv.includes("--child")) {
  const first = await cpuOfOneCall()
  for (let i = 0; i < 10; i++) await cpuOfOneCall()
  process.send!({ first, warm: await cpuOfOneCall() })
} else {
  const results: Array<{ readonly first: number; readonly warm: number }> = []
  for (let i = 0; i < processes; i++) {
    results.push((await once(fork(import.meta.filename, ["--child"]), "message"))[0])
  }
  const first = median(results.map((result) => result.first))
  console.log(
    `  first call of a process ${first.toFixed(0)} ms, later ones ${median(results.map(({ warm }) => warm)).toFixed(0)} ms`
  )
  report([
    {
      budget: `CPU of ${turns} turns of ${words.length} words, all acknowledged <= ${boundMs} ms`,
      measured: `${first.toFixed(0)} ms`,
      floor: `Line (recorded) ${lineMs} ms`,
      ratio: (first / lineMs).toFixed(4),
      ok: first <= boundMs
    }
  ])
}
