/**
 * Claim: recording a call into a file costs at most 5 % of a turn of 40 tokens, from the provider's socket to the wire.
 *
 * Calls of some turns each, with an agent on a model, in the process; the provider is a server in a process of its own.
 * What is counted is the processor time of the whole process, with the threads that write the file. Recorded calls and
 * others take turns, call by call, and each is held against the one beside it, so that what else the machine does weighs on
 * both. The first ones are dropped, and the median of the others counts.
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Recorder from "@antiphon/core/Recorder"
import * as Recording from "@antiphon/core/Recording"
import * as OpenAi from "@antiphon/llm/OpenAi"
import * as RecordingFile from "@antiphon/server/RecordingFile"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ModelCall from "./modelCall.ts"
import { median, report } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const bound = 1.05
const tokens = 40
const turnsPerCall = 20
const pairs = 240
const dropped = 40

const provider = await ServerProcess.start("modelServer.ts")
const baseUrl = `http://127.0.0.1:${provider.port}`
const runtime = ManagedRuntime.make(
  Layer.orDie(OpenAi.layer({ model: "quick", baseUrl, apiKey: Redacted.make("none") }))
)
const directory = mkdtempSync(join(tmpdir(), "antiphon-bench-"))
const request = CallRequest.make({ callId: "bench" })
const makeRecorder = RecordingFile.recorder({ directory })

const recording = (made: ModelCall.Made): ModelCall.Made =>
  Effect.flatMap(makeRecorder(request), (recorder) => Recorder.provide(made, recorder))

/** Plays one call. */
const call = async (recorded: boolean) => {
  const { close, turn } = await ModelCall.open(runtime, tokens, { request, ...(recorded ? { around: recording } : {}) })
  for (let i = 0; i < turnsPerCall; i++) await turn()
  await close()
}

/** Microseconds of processor time a turn, in one call. */
const measure = async (recorded: boolean) => {
  const before = process.cpuUsage()
  await call(recorded)
  const { system, user } = process.cpuUsage(before)
  return (user + system) / turnsPerCall
}

const costs = { plain: [] as Array<number>, recorded: [] as Array<number> }
for (let pair = 0; pair < pairs; pair++) {
  for (const recorded of pair % 2 === 0 ? [false, true] : [true, false]) {
    const cost = await measure(recorded)
    if (pair >= dropped) costs[recorded ? "recorded" : "plain"].push(cost)
  }
}

// A recording that is not complete would be cheap.
const files = readdirSync(directory)
const text = readFileSync(join(directory, files[0]!), "utf8")
const { lines } = Result.getOrThrow(Recording.decode(text))
const sent = lines.filter((line) => line._tag === "Sent" && line.output._tag === "AgentSendText").length
if (files.length !== pairs || sent !== turnsPerCall * tokens) throw new Error("calls are not recorded")

await Promise.all([runtime.dispose(), provider.stop()])
rmSync(directory, { recursive: true })
const [plain, recorded] = [median(costs.plain), median(costs.recorded)]
const ratio = median(costs.recorded.map((cost, pair) => cost / costs.plain[pair]!))
const us = (value: number) => `${value.toFixed(0)} us`
console.log(`  a turn: ${us(plain)}, recorded ${us(recorded)}, ${(text.length / turnsPerCall / 1000).toFixed(1)} kB`)
report([
  {
    budget: `CPU of one ${tokens}-token turn, recorded into a file <= ${bound} x not recorded`,
    measured: us(recorded),
    floor: `not recorded ${us(plain)}`,
    ratio: ratio.toFixed(3),
    ok: ratio <= bound
  }
])
process.exit()
