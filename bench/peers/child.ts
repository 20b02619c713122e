/** One peer in its own process: loads the given adapter, and does the tasks it is told. */
import type { Peer } from "./peer.ts"

const [, , name, baseUrl] = process.argv
const begin = performance.now()
const before = process.cpuUsage()
const { peer } = (await import(`./adapters/${name}.ts`)) as { readonly peer: Peer }
const { system, user } = process.cpuUsage(before)
const loaded = { ms: performance.now() - begin, cpuMs: (system + user) / 1000, rss: process.memoryUsage().rss }
const { tasks } = await import("./tasks.ts")

process.on("message", ({ args, task }: { readonly task: keyof typeof tasks; readonly args: never }) => {
  void tasks[task]({ peer, baseUrl: baseUrl! }, args).then(
    (result) => process.send!({ result }),
    (error: unknown) => process.send!({ error: error instanceof Error ? error.stack : String(error) })
  )
})
process.on("disconnect", () => process.exit())
process.send!(loaded)
