/**
 * The load of the throughput bench, in its own process: a number of calls play turns back to back for a while. As in
 * Line's baseline, a turn is sent at once, the next one follows its answer, and a call is closed and replaced by a new
 * one after `turnsPerCall` turns.
 */
import * as Harness from "./harness.ts"
import { median, now, quantile } from "./report.ts"

export interface Task {
  readonly port: number
  readonly calls: number
  readonly turnsPerCall: number
  readonly seconds: number
}

export interface Load {
  readonly turnsPerSecond: number
  readonly medianMs: number
  readonly p99Ms: number
  /** Processor time of the load itself, as a share of one processor. */
  readonly clientShare: number
}

const turn = (k: number) => {
  const id = `i${k}`
  const text = `turn number ${k} please`
  const answer = { type: "message", content: `You said: ${text}`, interruptible: true, responding_to: id }
  return { sent: Harness.userTurn(text, id), answer: Buffer.from(JSON.stringify(answer)) }
}

const play = async ({ calls, port, seconds, turnsPerCall }: Task): Promise<Load> => {
  const script = Array.from({ length: turnsPerCall }, (_, k) => turn(k + 1))
  const latencies: Array<number> = []
  const cpu = process.cpuUsage()
  const begin = now()
  const end = begin + seconds * 1000

  const one = async () => {
    while (now() < end) {
      const call = await Harness.open(port)
      await new Promise<void>((resolve, reject) => {
        let k = 0
        let sentAt = now()
        call.onMessage = (message) => {
          // Every answer is compared completely: a fast server with wrong answers is not fast.
          if (message.compare(script[k]!.answer) !== 0) return reject(new Error(`wrong answer: ${message.toString()}`))
          const at = now()
          latencies.push(at - sentAt)
          if (at >= end || ++k === turnsPerCall) return resolve()
          sentAt = at
          call.send(script[k]!.sent)
        }
        call.send(script[0]!.sent)
      })
      await call.close()
    }
  }
  // Never sleeps: waking a process costs the one that writes to it, so a slower server would pay for being slow.
  let awake = true
  const spin = () => void (awake && setImmediate(spin))
  spin()
  await Promise.all(Array.from({ length: calls }, one))
  awake = false
  const elapsed = now() - begin
  const { system, user } = process.cpuUsage(cpu)
  return {
    turnsPerSecond: latencies.length / (elapsed / 1000),
    medianMs: median(latencies),
    p99Ms: quantile(latencies, 0.99),
    clientShare: (user + system) / 1000 / elapsed
  }
}

process.on("message", (task: Task) => {
  void play(task).then((load) => process.send!(load))
})
