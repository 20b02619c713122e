/**
 * `npm run soak`: calls that open, talk, are interrupted and close, for an hour or `MINUTES`, against a server that records them.
 * Prints memory, descriptors and open calls of the server once a minute, and fails if they have grown from the second fifth of
 * the time to the last.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Harness from "./harness.ts"
import { median } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const minutes = Number(process.env.MINUTES ?? 60)
const calls = Number(process.env.CALLS ?? 100)
const everyMs = Math.min(60_000, (minutes * 60_000) / 20)

const port = await ServerProcess.freePort()
const recordings = mkdtempSync(join(tmpdir(), "antiphon-soak-"))
const server = spawn(
  process.execPath,
  [
    "--conditions=antiphon-source",
    "--expose-gc",
    "--import",
    join(import.meta.dirname, "usageProbe.ts"),
    join(import.meta.dirname, "echo-server.ts")
  ],
  {
    env: { ...process.env, PORT: String(port), ANTIPHON_RECORD_DIR: recordings },
    stdio: ["ignore", "ignore", "inherit", "ipc"]
  }
)
await ServerProcess.untilUp(`http://127.0.0.1:${port}/status`)

const end = Date.now() + minutes * 60_000
let played = 0
const caller = async (i: number) => {
  for (let k = 0; Date.now() < end; k++) {
    const call = await Harness.open(port)
    const turns = 2 + ((i + k) % 4)
    for (let turn = 0; turn < turns; turn++) {
      const answered = new Promise<void>((resolve) => (call.onMessage = () => resolve()))
      // Every other turn streams without end, and is interrupted by the next.
      call.send(Harness.userTurn((i + turn) % 2 === 0 ? "stream" : `turn ${turn}`, `i${turn}`))
      await answered
      await Harness.pause(200 + 50 * ((i * 7 + turn * 13) % 10))
      call.send(Harness.frames({ type: "user_state", value: "speaking" }))
    }
    await call.close()
    played++
  }
}

interface Sample {
  readonly minute: number
  readonly heapMiB: number
  readonly rssMiB: number
  readonly descriptors: number
}
const usage = () =>
  new Promise<{ readonly heapUsed: number }>((resolve) => {
    server.once("message", (message) => resolve(message as { readonly heapUsed: number }))
    server.send("usage")
  })
const begin = Date.now()
const samples: Array<Sample> = []
const sample = async () => {
  const { heapUsed } = await usage()
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8")
  const rssMiB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  const descriptors = readdirSync(`/proc/${server.pid}/fd`).length
  const taken = { minute: (Date.now() - begin) / 60_000, heapMiB: heapUsed / 2 ** 20, rssMiB, descriptors }
  samples.push(taken)
  console.log(
    `${taken.minute.toFixed(1).padStart(6)} min: heap ${taken.heapMiB.toFixed(1)} MiB, resident ${rssMiB.toFixed(0)} MiB, ${descriptors} descriptors, ${played} calls played`
  )
}
await sample()
const idle = samples.shift()!
const sampling = setInterval(() => void sample(), everyMs)
await Promise.all(Array.from({ length: calls }, (_, i) => caller(i)))
clearInterval(sampling)
await Harness.pause(2000)
await sample()
server.kill("SIGKILL")
const files = readdirSync(recordings).length
rmSync(recordings, { recursive: true })

const fifth = Math.floor(samples.length / 5)
const early = samples.slice(fifth, 2 * fifth)
const late = samples.slice(-1 - fifth, -1)
const grown = (of: (sample: Sample) => number, bound: number) => {
  const [before, after] = [median(early.map(of)), median(late.map(of))]
  return { before, after, ok: after <= before * bound }
}
const last = samples.at(-1)!
const checks = {
  heap: grown(({ heapMiB }) => heapMiB, 1.2),
  resident: grown(({ rssMiB }) => rssMiB, 1.3),
  // While calls are open there are as many of them as the machine allows.
  descriptors: { before: idle.descriptors, after: last.descriptors, ok: last.descriptors <= idle.descriptors + 5 }
}
for (const [name, { after, before, ok }] of Object.entries(checks)) {
  console.log(`${name}: ${before.toFixed(1)} -> ${after.toFixed(1)}${ok ? "" : "  GROWS"}`)
}
console.log(`${played} calls, ${files} recordings, ${last.descriptors} descriptors with no call open`)
process.exit(Object.values(checks).every(({ ok }) => ok) && files === played ? 0 : 1)
