/**
 * The watchdog's own thread: sees that the event loop of the server stands still, asks the debugger whose code it stands in, and
 * ends the process at a limit. Nothing else in the process can do anything then.
 */
import { writeSync } from "node:fs"
import * as Inspector from "node:inspector"
import { parentPort, workerData } from "node:worker_threads"

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
}

/** What the thread tells the server, once that hears again. */
export interface Block {
  readonly callId: string | undefined
  readonly where: string | undefined
}

/** Time that the debugger gets to find out, or to end the process well. */
const patienceMs = 2000

const { beatMs, beats, limitMs, probe, warningMs } = workerData as Start
const counter = new Int32Array(beats)

/** Nothing of the server runs, its logger included. */
const say = (text: string) => void writeSync(2, `${new Date().toISOString()} antiphon: ${text}\n`)

/** Pauses the server's code where it is, evaluates something there, and lets it go on. Undefined if that cannot be done. */
const evaluate = (expression: string): Promise<{ readonly value: unknown; readonly where: string } | undefined> =>
  new Promise((resolve) => {
    const session = new Inspector.Session()
    const done = (found?: { readonly value: unknown; readonly where: string }) => {
      clearTimeout(timer)
      // Answered once: the debugger may be behind, in code that it cannot pause.
      try {
        session.disconnect()
      } catch {
        // It was not connected.
      }
      resolve(found)
    }
    const timer = setTimeout(done, patienceMs)
    const addresses = new Map<string, string>()
    try {
      session.connectToMainThread()
      session.on("Debugger.scriptParsed", ({ params }) => addresses.set(params.scriptId, params.url))
      session.on("Debugger.paused", ({ params }) => {
        const addressOf = ({ location, url }: Inspector.Debugger.CallFrame) => addresses.get(location.scriptId) ?? url
        // Somebody's code, and not the part of Node that it happens to be in.
        const frame = params.callFrames.find((frame) => !addressOf(frame).startsWith("node:")) ?? params.callFrames[0]
        if (frame === undefined) return done()
        const where = `${frame.functionName || "(anonymous)"} (${addressOf(frame)}:${frame.location.lineNumber + 1})`
        const asked = { callFrameId: frame.callFrameId, expression, returnByValue: true }
        session.post(
          "Debugger.evaluateOnCallFrame",
          asked,
          (_: Error | null, answer: Inspector.Debugger.EvaluateOnCallFrameReturnType | undefined) => {
            session.post("Debugger.resume")
            session.post("Debugger.disable", () => done({ value: answer?.result.value, where }))
          }
        )
      })
      session.post("Debugger.enable", () => session.post("Debugger.pause"))
    } catch {
      done()
    }
  })

const look = async (seconds: number) => {
  const found = await evaluate(`globalThis[globalThis.Symbol.for(${JSON.stringify(probe)})]?.()`)
  const callId = typeof found?.value === "string" ? found.value : undefined
  const block: Block = { callId, where: found?.where }
  const by = callId === undefined ? "" : ` by the call ${callId}`
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
