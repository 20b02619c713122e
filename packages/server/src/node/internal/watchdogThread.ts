/**
 * The watchdog's own thread: notices that the server's event loop is blocked, asks the debugger which code blocks it,
 * and ends the process at a limit. Nothing else in the process can act in that state.
 */
import { writeSync } from "node:fs"
import { parentPort, Worker, workerData } from "node:worker_threads"
import * as Running from "../../internal/running.ts"
import type { Found } from "./watchdogProbe.ts"

/** Options of the thread. */
export interface Start {
  /** A counter that the server increments at every beat. */
  readonly beats: SharedArrayBuffer
  readonly beatMs: number
  readonly warningMs: number
  /** 0 for no limit. */
  readonly limitMs: number
  /** Key of the symbol under which the server tells whose code is running. */
  readonly probe: string
  /** The call served last. */
  readonly served: SharedArrayBuffer
}

/** The thread's message to the server, for when its loop continues. */
export interface Block {
  readonly callId: string | undefined
  /** The call served last, if the debugger could not determine whose code is running. */
  readonly lastCallId: string | undefined
  readonly where: string | undefined
}

/** Time for the debugger to find whose code it is, and to end the process. A busy machine starts its thread slowly. */
const patienceMs = { look: 5000, end: 8000 }

const { beatMs, beats, limitMs, probe, served, warningMs } = workerData as Start
// When running from sources, the thread's code is there too.
const probeThread = new URL(
  import.meta.url.endsWith(".ts") ? "./watchdogProbe.ts" : "./watchdogProbe.js",
  import.meta.url
)
const counter = new Int32Array(beats)

/** Nothing of the server runs, including its logger. */
const say = (text: string) => void writeSync(2, `${new Date().toISOString()} antiphon: ${text}\n`)

/** Waits for the debugger no longer. */
let giveUp = () => {}

/** Makes the debugger evaluate an expression where the loop is. Undefined if that is not possible. */
const evaluate = (expression: string, patienceMs: number): Promise<Found | undefined> =>
  new Promise((resolve) => {
    const worker = new Worker(probeThread, { workerData: expression })
    const done = (found?: Found) => {
      clearTimeout(timer)
      // Not awaited, because it may be unable to end.
      void worker.terminate()
      resolve(found)
    }
    giveUp = () => done()
    const timer = setTimeout(giveUp, patienceMs)
    worker.once("message", done)
    worker.once("error", () => done())
  })

const look = async (seconds: number) => {
  const found = await evaluate(`globalThis[globalThis.Symbol.for(${JSON.stringify(probe)})]?.()`, patienceMs.look)
  const callId = typeof found?.value === "string" ? found.value : undefined
  const lastCallId = found === undefined ? Running.lastServed(served) : undefined
  const block: Block = { callId, lastCallId, where: found?.where }
  const last = lastCallId === undefined ? "" : `, probably by the call ${lastCallId}, which was served last`
  const by = callId === undefined ? last : ` by the call ${callId}`
  const where = block.where === undefined ? "" : `, in ${block.where}`
  say(`the event loop has stood still for ${seconds} seconds${by}${where}; no call of this process is served meanwhile`)
  parentPort?.postMessage(block)
}

const end = async (seconds: number) => {
  // Whose code it is must be said before.
  giveUp()
  await looking
  say(
    `the event loop has stood still for ${seconds} seconds: the process is ended; its calls are cut and cannot be drained`
  )
  // Runs the exit handlers if the loop can be interrupted, so that recordings are complete.
  await evaluate("globalThis.process.exit(70)", patienceMs.end)
  process.kill(process.pid, "SIGKILL")
}

let seen = Atomics.load(counter, 0)
/** Counts missed beats instead of time: a machine that slept, or a suspended process, misses none. */
let missed = 0
let told = false
let ending = false
let looking: Promise<void> | undefined

setInterval(() => {
  const now = Atomics.load(counter, 0)
  if (now !== seen) {
    seen = now
    missed = 0
    told = false
    // It would find whoever runs now.
    giveUp()
    return
  }
  missed++
  const stoodMs = missed * beatMs
  const seconds = Math.round(stoodMs / 100) / 10
  if (!told && stoodMs >= warningMs) {
    told = true
    looking = look(seconds)
  }
  if (!ending && limitMs > 0 && stoodMs >= limitMs) {
    ending = true
    void end(seconds)
  }
}, beatMs)
