/**
 * Claim: each of 500 open calls that do nothing takes at most 30 KB of heap.
 *
 * A server in its own process, measured after a garbage collection, before and after the calls are opened. As many
 * calls have been opened and closed before, so that one-time allocations do not count. Resident memory is measured for
 * the first 500 calls only: since it is not returned, later ones would seem to cost nothing.
 */
import * as Harness from "./harness.ts"
import * as Line from "./line.ts"
import { report } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const boundKb = 30
const calls = 500

const openAll = async (port: number, count = calls) => {
  const peers: Array<Harness.Peer> = []
  for (let i = 0; i < count; i += 20) {
    peers.push(...(await Promise.all(Array.from({ length: 20 }, () => Harness.open(port)))))
  }
  await Harness.pause(1000)
  return peers
}
const closeAll = async (peers: ReadonlyArray<Harness.Peer>) => {
  await Promise.all(peers.map((peer) => peer.close()))
  await Harness.pause(1000)
}

const measure = async (file: string) => {
  const server = await ServerProcess.start(file)
  await closeAll(await openAll(server.port, 20))
  const fresh = await server.usage()
  const first = await openAll(server.port)
  const grown = await server.usage()
  await closeAll(first)
  const before = await server.usage()
  const second = await openAll(server.port)
  const after = await server.usage()
  await closeAll(second)
  const closed = await server.usage()
  await server.stop()
  const perCall = (from: number, to: number) => (to - from) / calls / 1024
  return {
    heap: perCall(before.heapUsed, after.heapUsed),
    rss: perCall(fresh.rss, grown.rss),
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
console.log(`  Line (recorded): resident ${Line.residentKb} KB a call`)
report([
  {
    budget: `heap of an idle call, ${calls} open <= ${boundKb} KB`,
    measured: `${ours.heap.toFixed(1)} KB`,
    floor: `bare ws ${floor.heap.toFixed(1)} KB`,
    ratio: (ours.heap / floor.heap).toFixed(2),
    ok: ours.heap <= boundKb
  }
])
