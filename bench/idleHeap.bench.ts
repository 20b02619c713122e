/**
 * Claim: each of 500 open calls that do nothing takes at most 30 KB of heap.
 *
 * A server in a process of its own, asked after a collection, before and after the calls are opened. Calls come and go
 * first, so that what is made once and kept does not count.
 */
import * as Harness from "./harness.ts"
import { report } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const boundKb = 30
const calls = 500

const openAll = async (port: number) => {
  const peers: Array<Harness.Peer> = []
  for (let i = 0; i < calls; i += 25) {
    peers.push(...(await Promise.all(Array.from({ length: 25 }, () => Harness.open(port)))))
  }
  return peers
}

const measure = async (file: string) => {
  const server = await ServerProcess.start(file)
  const first = await openAll(server.port)
  await Promise.all(first.map((peer) => peer.close()))
  await Harness.pause(500)
  const before = await server.usage()
  const peers = await openAll(server.port)
  await Harness.pause(1000)
  const after = await server.usage()
  await Promise.all(peers.map((peer) => peer.close()))
  await Harness.pause(500)
  const closed = await server.usage()
  await server.stop()
  const perCall = (from: number, to: number) => (to - from) / calls / 1024
  return {
    heap: perCall(before.heapUsed, after.heapUsed),
    rss: perCall(before.rss, after.rss),
    left: perCall(before.heapUsed, closed.heapUsed)
  }
}

const ours = await measure("echo-server.ts")
const floor = await measure("bare-server.ts")
for (const [name, { heap, left, rss }] of Object.entries({ Antiphon: ours, "bare ws": floor })) {
  console.log(
    `  ${name}: heap ${heap.toFixed(1)} KB, resident ${rss.toFixed(1)} KB a call; ${left.toFixed(2)} KB of heap left after it`
  )
}
report([
  {
    budget: `heap of an idle call, ${calls} open <= ${boundKb} KB`,
    measured: `${ours.heap.toFixed(1)} KB`,
    floor: `bare ws ${floor.heap.toFixed(1)} KB`,
    ratio: (ours.heap / floor.heap).toFixed(2),
    ok: ours.heap <= boundKb
  }
])
