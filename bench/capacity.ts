/**
 * `npm run bench:capacity [-- calls...]`: how many conversations one process can handle. Each caller speaks every six
 * seconds and is answered with 40 tokens, one every 20 ms. The server, the provider and the callers run in separate
 * processes. Each token is the time at which the provider wrote it, so that a caller knows how late it is.
 *
 * It has no budget, because the result depends on the machine. docs/scaling.md explains how to read it.
 */
import * as Harness from "./harness.ts"
import { ms, now, quantile } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const periodMs = 6000
const seconds = 12
const numbers = process.argv.slice(2).map(Number)

const provider = await ServerProcess.start("modelServer.ts")
const lateness: Array<number> = []
let turns = 0

/** One conversation. Callers are not synchronised. */
const converse = async (port: number, share: number, until: number): Promise<void> => {
  await Harness.pause(share * periodMs)
  const call = await Harness.open(port)
  for (let turn = 1; now() < until; turn++) {
    const begun = now()
    await new Promise<void>((resolve) => {
      let tokens = 0
      call.onMessage = (payload) => {
        const at = now()
        const { content, type } = JSON.parse(payload.toString()) as { readonly type: string; readonly content?: string }
        if (type !== "message" || content === undefined) return
        for (const stamp of content.trim().split(/\s+/)) lateness.push(at - Number(stamp))
        tokens += content.trim().split(/\s+/).length
        if (tokens >= 40) resolve()
      }
      call.send(Harness.userTurn("Tell me more about that, please.", `i${turn}`))
    })
    turns++
    await Harness.pause(periodMs - (now() - begun))
  }
  await call.close()
}

console.log("calls | server, share of a core | per call | token late p50 | p99 | turns a second")
for (const calls of numbers.length === 0 ? [25, 50, 100, 200] : numbers) {
  const server = await ServerProcess.start("modelAgentServer.ts", {
    PROVIDER_URL: `http://127.0.0.1:${provider.port}`,
    MODEL: "stamped"
  })
  const until = now() + seconds * 1000 + periodMs
  const running = Promise.all(Array.from({ length: calls }, (_, i) => converse(server.port, i / calls, until)))
  await Harness.pause(periodMs)
  lateness.length = turns = 0
  const [before, from] = [await server.usage(), now()]
  await Harness.pause(seconds * 1000)
  const [after, elapsed] = [await server.usage(), now() - from]
  const share = (after.cpuMs - before.cpuMs) / elapsed
  console.log(
    `${String(calls).padStart(5)} | ${(100 * share).toFixed(0).padStart(21)} % | ${((1000 * share) / calls).toFixed(2)} ms/s` +
      ` | ${ms(quantile(lateness, 0.5))} | ${ms(quantile(lateness, 0.99))} | ${(turns / (elapsed / 1000)).toFixed(1)}`
  )
  await running
  await server.stop()
}
await provider.stop()
