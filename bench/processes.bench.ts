/**
 * Measures, without a bound: turns a second of one process and of two on one port, under the same load. On a machine with two
 * cores the load takes one of them, so two processes can only use what is left, and the processor time of a turn says more.
 *
 * If `taskset` is available, the load is kept to the last core and the servers to the others.
 */
import { fork, spawn, spawnSync, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import type { Load, Task } from "./load.ts"
import { median, ms, report } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const rounds = 3
const cores = cpus().length
const canPin = cores > 1 && spawnSync("taskset", ["-p", String(process.pid)]).status === 0
const pin = (child: ChildProcess, cores: string) => {
  if (canPin) spawnSync("taskset", ["-a", "-c", "-p", cores, String(child.pid)])
}

const client = fork(join(import.meta.dirname, "load.ts"))
pin(client, String(cores - 1))
const load = async (task: Task): Promise<Load> => {
  const answer = once(client, "message")
  client.send(task)
  return (await answer)[0] as Load
}

/** Processor time of a process and its children, in milliseconds. */
const cpuMs = (pid: number): number => {
  const of = (pid: number | string) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
    return (Number(fields[11]) + Number(fields[12])) * 10
  }
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean)
  return [pid, ...children].reduce((sum: number, pid) => sum + of(pid), 0)
}

const rows = []
for (const calls of [50, 200]) {
  const results: Array<{ readonly processes: number; readonly rate: number }> = []
  for (const processes of [1, 2]) {
    const port = await ServerProcess.freePort()
    const server = spawn(
      process.execPath,
      ["--conditions=antiphon-source", join(import.meta.dirname, "processesServer.ts")],
      {
        env: { ...process.env, PORT: String(port), ANTIPHON_PROCESSES: String(processes), ANTIPHON_ADMIN_PORT: "0" },
        stdio: ["ignore", "inherit", "inherit"]
      }
    )
    if (cores > 2) pin(server, `0-${cores - 2}`)
    await ServerProcess.untilUp(`http://127.0.0.1:${port}/status`)
    // The second process may still be starting.
    await new Promise((resolve) => setTimeout(resolve, 4000))
    const loads: Array<Load & { readonly us: number }> = []
    for (let round = 0; round <= rounds; round++) {
      const before = cpuMs(server.pid!)
      const result = await load({ port, calls, turnsPerCall: 20, seconds: 2 })
      const us = (1000 * (cpuMs(server.pid!) - before)) / (result.turnsPerSecond * 2)
      if (round > 0) loads.push({ ...result, us })
    }
    const rate = median(loads.map(({ turnsPerSecond }) => turnsPerSecond))
    console.log(
      `  ${calls} calls, ${processes} ${processes === 1 ? "process" : "processes"}: ${rate.toFixed(0)} turns/s, p50 ${ms(median(loads.map(({ medianMs }) => medianMs)))},` +
        ` p99 ${ms(median(loads.map(({ p99Ms }) => p99Ms)))}; ${median(loads.map(({ us }) => us)).toFixed(0)} us of servers a turn;` +
        ` the load takes ${(100 * median(loads.map(({ clientShare }) => clientShare))).toFixed(0)} % of a core`
    )
    results.push({ processes, rate })
    const exited = once(server, "exit")
    server.kill("SIGTERM")
    await exited
  }
  const [one, two] = results
  rows.push({
    budget: `${calls} calls, 2 processes against 1 on ${cores} cores (no bound)`,
    measured: `${two!.rate.toFixed(0)} turns/s`,
    floor: `1 process ${one!.rate.toFixed(0)}`,
    ratio: (two!.rate / one!.rate).toFixed(2),
    ok: true
  })
}
client.disconnect()
report(rows)
