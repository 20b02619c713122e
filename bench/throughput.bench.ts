/**
 * Claim: with 50 and with 200 calls the server plays at least 0.7 times the echo turns a second of a bare `ws` server,
 * and at least 5 times those of Line.
 *
 * Both servers and the load run in separate processes. The servers alternate, so that other work on the machine affects
 * both; the first round is dropped, and the result is the median of the others.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Load, Task } from "./load.ts"
import * as Line from "./line.ts"
import { median, ms, report, type Row } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const bound = 0.7
const boundOfLine = 5
const rounds = 6
const seconds = 2
const turnsPerCall = Number(process.env.TURNS ?? 20)

const client = fork(join(import.meta.dirname, "load.ts"))
const load = async (task: Task): Promise<Load> => {
  const answer = once(client, "message")
  client.send(task)
  return (await answer)[0] as Load
}

const servers = {
  ours: await ServerProcess.start("echo-server.ts"),
  floor: await ServerProcess.start("bare-server.ts")
}
type Name = keyof typeof servers

const rows: Array<Row> = []
for (const calls of [1, 50, 200]) {
  const results: Record<Name, Array<Load & { readonly cpuPerTurn: number }>> = { ours: [], floor: [] }
  for (let round = 0; round < rounds; round++) {
    const order: ReadonlyArray<Name> = round % 2 === 0 ? ["ours", "floor"] : ["floor", "ours"]
    for (const name of order) {
      const before = await servers[name].usage()
      const result = await load({ port: servers[name].port, calls, turnsPerCall, seconds })
      const after = await servers[name].usage()
      const cpuPerTurn = (1000 * (after.cpuMs - before.cpuMs)) / (result.turnsPerSecond * seconds)
      if (round > 0) results[name].push({ ...result, cpuPerTurn })
    }
  }
  const of = (name: Name, field: keyof Load | "cpuPerTurn") => median(results[name].map((result) => result[field]))
  for (const name of ["ours", "floor"] as const) {
    console.log(
      `  ${calls} ${calls === 1 ? "call" : "calls"}, ${name === "ours" ? "Antiphon" : "bare ws "}: ${of(name, "turnsPerSecond").toFixed(0)} turns/s` +
        ` (turn p50 ${ms(of(name, "medianMs"))}, p99 ${ms(of(name, "p99Ms"))}; server ${of(name, "cpuPerTurn").toFixed(1)} us` +
        ` a turn; client ${(100 * of(name, "clientShare")).toFixed(0)} % of a processor)`
    )
  }
  const measured = of("ours", "turnsPerSecond")
  const floor = of("floor", "turnsPerSecond")
  const add = (budget: string, against: number, text: string, least: number) =>
    rows.push({
      budget,
      measured: `${measured.toFixed(0)} turns/s`,
      floor: `${text} ${against.toFixed(0)}`,
      ratio: (measured / against).toFixed(2),
      ok: measured / against >= least
    })
  // A single call mostly waits for the other side, and measures how fast the machine wakes up.
  if (calls > 1) add(`throughput, ${calls} calls >= ${bound} x bare ws`, floor, "bare ws", bound)
  const alone = calls === 1 ? "1 call" : `${calls} calls`
  add(`throughput, ${alone} >= ${boundOfLine} x Line`, Line.turnsPerSecond[calls]!, "Line (recorded)", boundOfLine)
}

await Promise.all([servers.ours.stop(), servers.floor.stop()])
client.disconnect()
report(rows)
