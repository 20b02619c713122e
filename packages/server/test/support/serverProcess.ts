/** A server in its own process, as an application starts it. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Client from "./client.ts"

export interface ServerProcess {
  readonly ws: string
  readonly http: string
  readonly kill: (signal: NodeJS.Signals) => void
  /** Everything it has written so far. */
  readonly output: () => string
  /** Waits until it has written something that matches. */
  readonly says: (pattern: RegExp) => Effect.Effect<void>
  /** Waits for its end, and returns the exit code, or the signal that ended it. */
  readonly exit: Effect.Effect<number | NodeJS.Signals>
  readonly isOver: () => boolean
}

/** Starts a file of this folder, which prints its address. It is killed with the scope. */
export const start = (file: string, env: Record<string, string> = {}, nodeOptions: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const main = fileURLToPath(new URL(file, import.meta.url))
    const state: { output: string; exit?: number | NodeJS.Signals } = { output: "" }
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(process.execPath, ["--conditions=antiphon-source", ...nodeOptions, main], {
          env: { PATH: process.env["PATH"], PORT: "0", HOST: "127.0.0.1", ...env }
        })
        const write = (data: Buffer) => void (state.output += data.toString())
        child.stdout.on("data", write)
        child.stderr.on("data", write)
        child.once("close", (code, signal) => (state.exit = code ?? signal ?? "SIGKILL"))
        return child
      }),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const listening = /Listening on http:\/\/[^:]+:(\d+)/
    const port = yield* Client.until(`the port in ${state.output}`, () => {
      if (state.exit !== undefined) throw new Error(`The server did not start: ${state.output}`)
      return listening.exec(state.output)?.[1]
    })
    const server: ServerProcess = {
      ws: `ws://127.0.0.1:${port}/ws`,
      http: `http://127.0.0.1:${port}`,
      kill: (signal) => void child.kill(signal),
      output: () => state.output,
      says: (pattern) => Effect.asVoid(Client.until(String(pattern), () => pattern.test(state.output))),
      exit: Client.until("the exit", () => state.exit),
      isOver: () => state.exit !== undefined
    }
    return server
  })
