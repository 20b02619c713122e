/**
 * Claim: when the peer of a call hangs up and its agent is idle, the call is gone at most 5 ms later: 99 of 100 calls.
 *
 * From the close frame being sent to the scope of the call being closed, with the server and its peer in one process.
 * The agent handles `CallEnded` in between, and has nothing to do there. The floor is the answer to the close frame.
 */
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { echo } from "./echoAgent.ts"
import * as Harness from "./harness.ts"
import { median, ms, now, quantile, report } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const boundMs = 5
const warmUp = 200
const calls = 1000

let ended = (_at: number) => {}
const factory = () =>
  Effect.as(
    Effect.addFinalizer(() => Effect.sync(() => ended(now()))),
    echo
  )

const measure = async (port: number) => {
  const gone: Array<number> = []
  const answered: Array<number> = []
  for (let i = 0; i < warmUp + calls; i++) {
    const peer = await Harness.open(port)
    const closed = new Promise<number>((resolve) => {
      ended = resolve
    })
    const begin = now()
    await peer.close()
    const answeredAt = now()
    const goneAt = await closed
    if (i < warmUp) continue
    answered.push(answeredAt - begin)
    gone.push(goneAt - begin)
  }
  return { gone, answered }
}

const port = await ServerProcess.freePort()
const server = VoiceAgentApp.layerServer(factory, {
  guard: false,
  settings: { port, host: "127.0.0.1", maxCallsPerSecond: 0 }
})
const { answered, gone } = await Effect.runPromise(
  Effect.scoped(
    Effect.andThen(
      Layer.build(server),
      Effect.promise(() => measure(port))
    )
  )
)
const p99 = quantile(gone, 0.99)
console.log(`  call gone: p50 ${ms(median(gone))}, p99 ${ms(p99)}, max ${ms(Math.max(...gone))}`)
report([
  {
    budget: `end of a call, agent idle: p99 <= ${boundMs} ms`,
    measured: ms(p99),
    floor: `connection closed ${ms(quantile(answered, 0.99))}`,
    ratio: (p99 / quantile(answered, 0.99)).toFixed(2),
    ok: p99 <= boundMs
  }
])
