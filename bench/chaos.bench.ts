/**
 * Claim: the others hardly notice what one call does wrong. While one call floods, stalls, sends 1 MiB reports or
 * throws outside its fiber, every turn of the others is answered, and their p99 stays within 5 times that of the quiet
 * phase of the same run and 150 ms. A call that blocks the event loop for 8 s holds up all calls of its process: it is
 * named, and none is lost.
 *
 * `CALLS` calls (500 by default) play a turn every two seconds each, all in one process; the load runs in its own
 * process.
 */
import { fork, spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import * as Harness from "./harness.ts"
import { ms, now, quantile, report, type Row } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const calls = Number(process.env.CALLS ?? 500)
const pauseMs = 2000
const phaseMs = 6000
const bound = (quiet: number) => 5 * quiet + 150

const port = await ServerProcess.freePort()
const server = spawn(process.execPath, ["--conditions=antiphon-source", join(import.meta.dirname, "chaosServer.ts")], {
  env: { ...process.env, PORT: String(port), HOST: "127.0.0.1", ANTIPHON_DRAIN_TIMEOUT: "10 minutes" }
})
let log = ""
server.stdout.on("data", (data: Buffer) => (log += data.toString()))
server.stderr.on("data", (data: Buffer) => (log += data.toString()))
const exited = new Promise<number | null>((resolve) => server.once("exit", resolve))
await ServerProcess.untilUp(`http://127.0.0.1:${port}/status`)

/** Turns of the other calls: when each was sent, and how long its answer took. */
const turns: Array<{ readonly sentAt: number; readonly took: number }> = []
const waiting = new Set<number>()
let over = false

const bystander = async (i: number) => {
  const peer = await Harness.open(port)
  await Harness.pause((pauseMs * i) / calls)
  for (let k = 0; !over; k++) {
    const sentAt = now()
    waiting.add(sentAt)
    await new Promise<void>((resolve) => {
      peer.onMessage = () => resolve()
      peer.send(Harness.userTurn(`turn ${k}`, `i${i}-${k}`))
    })
    waiting.delete(sentAt)
    turns.push({ sentAt, took: now() - sentAt })
    await Harness.pause(pauseMs)
  }
  await peer.close()
}
// A few at a time, because the limits on new calls are not what is measured.
const running: Array<Promise<void>> = []
for (let i = 0; i < calls; i++) {
  running.push(bystander(i))
  if (i % 25 === 24) await Harness.pause(50)
}
await Harness.pause(pauseMs)

/** The culprits, each in its own process, and what the log must say about each. */
const phases: ReadonlyArray<{ readonly name: string; readonly told: RegExp }> = [
  { name: "quiet", told: /(?:)/ },
  { name: "floods", told: /ended: Flood[^]*floods/ },
  { name: "stalls", told: /(?:)/ },
  { name: "reports 1 MiB", told: /ended: (TooLarge|Flood)[^]*reports 1 MiB/ },
  { name: "blocks", told: /stood still for \d+\.?\d* seconds by the call blocks/ },
  { name: "throws", told: /Uncaught: [^]*left behind by the call throws/ }
]

/** Starts a culprit, and returns once its call is open. */
const culprit = async (name: string): Promise<ChildProcess> => {
  const child = fork(join(import.meta.dirname, "chaosCulprit.ts"), [String(port), name])
  await once(child, "message")
  return child
}

interface Measured {
  readonly name: string
  readonly p50: number
  readonly p99: number
  readonly turns: number
  readonly told: boolean
}
const measured: Array<Measured> = []
for (const { name, told } of phases) {
  const before = log.length
  const child = name === "quiet" ? undefined : await culprit(name)
  const begin = now()
  child?.send("now")
  await Harness.pause(name === "blocks" ? 8000 + phaseMs : phaseMs)
  const end = now()
  const took = turns.filter(({ sentAt }) => sentAt >= begin && sentAt < end).map(({ took }) => took)
  const said = log.slice(before)
  measured.push({
    name,
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
    turns: took.length,
    told: told.test(said)
  })
  console.log(
    `  ${name}: the others' turns p50 ${ms(quantile(took, 0.5))}, p99 ${ms(quantile(took, 0.99))} (${took.length} turns); the operator was told:`
  )
  const lines = said.split("\n").filter((line) => /WARN|ERROR|antiphon:|process is ended/.test(line))
  for (const line of lines.slice(0, 4)) console.log(`    ${line.slice(0, 190)}`)
  child?.kill("SIGKILL")
}

over = true
await Promise.race([Promise.all(running), Harness.pause(15_000)])
const lost = waiting.size
server.kill("SIGTERM")
const code = await Promise.race([exited, Harness.pause(10_000).then(() => "none" as const)])
server.kill("SIGKILL")

const quiet = measured[0]!.p99
const rows: Array<Row> = measured.slice(1).map(({ name, p99, told }) => ({
  budget:
    name === "blocks"
      ? "one call blocks for 8 s: it is named"
      : `one call ${name}: p99 of the others <= 5 x quiet + 150 ms, and told`,
  measured: ms(p99),
  floor: `quiet ${ms(quiet)}`,
  ratio: (p99 / quiet).toFixed(1),
  ok: told && (name === "blocks" || p99 <= bound(quiet))
}))
rows.push(
  {
    budget: `turns of ${calls} calls that were never answered = 0`,
    measured: String(lost),
    floor: "-",
    ratio: "-",
    ok: lost === 0
  },
  { budget: "exit code after something was thrown = 1", measured: String(code), floor: "-", ratio: "-", ok: code === 1 }
)
report(rows)
process.exit(process.exitCode ?? 0)
