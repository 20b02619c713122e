/**
 * Claim: when the user speaks, the last message of the interrupted turn arrives within 1 ms in half of the cases and
 * within 5 ms in 99 of 100, while 50 calls stream one message a millisecond each.
 *
 * The calls are interrupted one after another while the other 49 continue, and then stream again. A message that was on
 * its way when the user started to speak counts; if none followed, the time is 0.
 */
import * as Harness from "./harness.ts"
import * as Line from "./line.ts"
import { median, ms, now, quantile, report } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const calls = 50
const warmUp = 100
const samples = 500
/** How long each call is watched. A turn that does not stop counts as this. */
const watchedMs = 40

const stream = Harness.userTurn("stream", "i")
const speaking = Harness.frames({ type: "user_state", value: "speaking", event_id: "s" })

const measure = async (file: string) => {
  const server = await ServerProcess.start(file)
  const peers = await Promise.all(
    Array.from({ length: calls }, async () => {
      const peer = await Harness.open(server.port)
      const call = { peer, messages: 0, lastAt: 0, interruptedAt: 0 }
      peer.onMessage = () => {
        call.messages++
        call.lastAt = now()
      }
      peer.send(stream)
      return call
    })
  )
  await Harness.pause(1000)
  const begin = now()
  const messagesBefore = peers.reduce((sum, call) => sum + call.messages, 0)
  const times: Array<number> = []
  for (let i = 0; i < warmUp + samples; i++) {
    const call = peers[i % calls]!
    await Harness.pause(Math.random() * 2)
    if (call.messages === call.interruptedAt) throw new Error("a call that should stream is silent")
    const sentAt = now()
    call.peer.send(speaking)
    await Harness.pause(watchedMs)
    call.interruptedAt = call.messages
    const time = Math.max(0, call.lastAt - sentAt)
    if (i >= warmUp) times.push(time)
    call.peer.send(stream)
  }
  const elapsed = now() - begin
  const rate = (peers.reduce((sum, call) => sum + call.messages, 0) - messagesBefore) / elapsed
  await server.stop()
  return { p50: median(times), p99: quantile(times, 0.99), max: Math.max(...times), rate }
}

const ours = await measure("echo-server.ts")
const floor = await measure("bare-server.ts")
for (const [name, { max, p50, p99, rate }] of Object.entries({ Antiphon: ours, "bare ws": floor })) {
  console.log(
    `  ${name}: p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)}; ${rate.toFixed(1)} messages a millisecond on ${calls} calls`
  )
}
console.log(`  Line (recorded, one call): p50 ${ms(Line.interruptionMs.p50)}, p99 ${ms(Line.interruptionMs.p99)}`)
const row = (name: string, measured: number, floor: number, bound: number) => ({
  budget: `interruption, ${calls} calls streaming: ${name} <= ${bound} ms`,
  measured: ms(measured),
  floor: `bare ws ${ms(floor)}`,
  ratio: floor === 0 ? "-" : (measured / floor).toFixed(2),
  ok: measured <= bound
})
report([row("p50", ours.p50, floor.p50, 1), row("p99", ours.p99, floor.p99, 5)])
