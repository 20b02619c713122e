/**
 * The watchdog's own thread: sees that the event loop of the server stands still, asks the debugger whose code it stands in, and
 * ends the process at a limit. Nothing else in the process can do anything then.
 */
import { writeSync } from "node:fs"
import { parentPort, Worker, workerData } from "node:worker_threads"
import * as Running from "../../internal/running.ts"
import type { Found } from "./watchdogProbe.ts"

/** What the thread is started with. */
export interface Start {
  /** One counter, which the server counts up at every beat. */
  readonly beats: SharedArrayBuffer
  readonly beatMs: number
  readonly warningMs: number
  /** 0 for no limit. */
  readonly limitMs: number
  /** Key of the symbol under which the server says whose code runs. */
  readonly probe: string
  /** The call that was served last. */
  readonly served: SharedArrayBuffer
}

/** What the thread tells the server, once that hears again. */
export interface Block {
  readonly callId: string | undefined
  /** The call that was served last, if the debugger could not tell whose code it is. */
  readonly lastCallId: string | undefined
  readonly where: string | undefined
}

/** Time that the debugger gets to find out, or to end the process well. */
const patienceMs = 2000

const { beatMs, beats, limitMs, probe, served, warningMs } = workerData as Start
// Code that runs from its sources has its thread there too.
const probeThread = new URL(
  import.meta.url.endsWith(".ts") ? "./watchdogProbe.ts" : "./watchdogProbe.js",
  import.meta.url
)
const counter = new Int32Array(beats)

/** Nothing of the server runs, its logger included. */
const say = (text: string) => void writeSync(2, `${new Date().toISOString()} antiphon: ${text}\n`)

/** Has the debugger evaluate an expression where the loop stands. Undefined if that cannot be done. */
const evaluate = (expression: string): Promise<Found | undefined> =>
  new Promise((resolve) => {
    const worker = new Worker(probeThread, { workerData: expression })
    const done = (found?: Found) => {
      clearTimeout(timer)
      // Not waited for: it may be unable to end.
      void worker.terminate()
      resolve(found)
    }
    const timer = setTimeout(done, patienceMs)
    worker.once("message", done)
    worker.once("error", () => done())
  })

const look = async (seconds: number) => {
  const found = await evaluate(`globalThis[globalThis.Symbol.for(${JSON.stringify(probe)})]?.()`)
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
  say(
    `the event loop has stood still for ${seconds} seconds: the process is ended; its calls are cut and cannot be drained`
  )
  // By the way of its exit handlers if it can be interrupted, so that recordings are whole.
  await evaluate("globalThis.process.exit(70)")
  process.kill(process.pid, "SIGKILL")
}

let seen = Atomics.load(counter, 0)
/** Beats missed, and not time: a machine that slept, or a process that was stopped, misses none. */
let missed = 0
let told = false
let ending = false

setInterval(() => {
  const now = Atomics.load(counter, 0)
  if (now !== seen) {
    seen = now
    missed = 0
    told = false
    return
  }
  missed++
  const stoodMs = missed * beatMs
  const seconds = Math.round(stoodMs / 100) / 10
  if (!told && stoodMs >= warningMs) {
    told = true
    void look(seconds)
  }
  if (!ending && limitMs > 0 && stoodMs >= limitMs) {
    ending = true
    void end(seconds)
  }
}, beatMs)
