/**
 * Claim: with everything installed, `npm start` says its first words at most 1.5 s later.
 *
 * From spawning npm to the first message on a socket: npm itself, its check of what is installed, loading of the server
 * and its agent, and a call. The floor is npm with nothing to run.
 */
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import * as Harness from "./harness.ts"
import { median, ms, now, report } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const boundMs = 1500
const starts = 7

const npm = (args: ReadonlyArray<string>, port: number): ChildProcess =>
  spawn("npm", args, {
    cwd: join(import.meta.dirname, ".."),
    // In its own process group, so that npm, its shell and the server can be ended together.
    detached: true,
    stdio: "ignore",
    env: { ...process.env, PORT: String(port) }
  })

const firstReply = async (): Promise<number> => {
  const port = await ServerProcess.freePort()
  const begin = now()
  const child = npm(["start"], port)
  try {
    await ServerProcess.untilUp(`http://127.0.0.1:${port}/status`, 5)
    await Harness.open(port)
    return now() - begin
  } finally {
    process.kill(-child.pid!, "SIGKILL")
  }
}

const nothing = async (): Promise<number> => {
  const begin = now()
  await once(npm(["exec", "--offline", "-c", "true"], 0), "exit")
  return now() - begin
}

const times: Array<number> = []
const floors: Array<number> = []
for (let i = 0; i <= starts; i++) {
  const floor = await nothing()
  const time = await firstReply()
  // The first run reads the files from disk.
  if (i === 0) continue
  floors.push(floor)
  times.push(time)
}
const measured = median(times)
console.log(`  first reply: median ${ms(measured)}, slowest ${ms(Math.max(...times))}; npm alone ${ms(median(floors))}`)
report([
  {
    budget: `cold start: npm start to first reply <= ${boundMs} ms`,
    measured: ms(measured),
    floor: `npm alone ${ms(median(floors))}`,
    ratio: (measured / median(floors)).toFixed(2),
    ok: measured <= boundMs
  }
])
process.exit()
