/**
 * Asks the debugger which code blocks the event loop. It has its own thread, because it waits forever if the loop is in
 * code the debugger cannot pause, such as a synchronous child process.
 */
import * as Inspector from "node:inspector"
import { parentPort, workerData } from "node:worker_threads"

/** The debugger's findings. */
export interface Found {
  readonly value: unknown
  /** Function, file and line. */
  readonly where: string
}

/** Pauses the server's code where it is, evaluates an expression there, and resumes it. */
const evaluate = (expression: string, done: (found: Found) => void) => {
  const session = new Inspector.Session()
  const addresses = new Map<string, string>()
  session.connectToMainThread()
  session.on("Debugger.scriptParsed", ({ params }) => addresses.set(params.scriptId, params.url))
  session.on("Debugger.paused", ({ params }) => {
    const addressOf = ({ location, url }: Inspector.Debugger.CallFrame) => addresses.get(location.scriptId) ?? url
    // Application code, rather than the part of Node it is currently in.
    const frame = params.callFrames.find((frame) => !addressOf(frame).startsWith("node:")) ?? params.callFrames[0]
    if (frame === undefined) return session.post("Debugger.resume")
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
}

// A session does not keep its thread alive. Whoever started it ends it.
setInterval(() => {}, 60_000)
evaluate(workerData as string, (found) => parentPort?.postMessage(found))
