/** A peer in a process of its own, asked over its channel. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Arguments, Name, Result } from "./tasks.ts"

/** What loading the adapter and its peer cost. */
export interface Loaded {
  readonly ms: number
  readonly cpuMs: number
  readonly rss: number
}

export interface PeerProcess {
  readonly loaded: Loaded
  readonly ask: <N extends Name>(task: N, args: Arguments<N>) => Promise<Result<N>>
  readonly stop: () => void
}

type Answer = { readonly result: unknown } | { readonly error: string }

export const start = async (adapter: string, baseUrl: string): Promise<PeerProcess> => {
  const child = fork(join(import.meta.dirname, "child.ts"), [adapter, baseUrl], {
    // Antiphon as it is installed: built like the others, rather than its sources, whose types Node would have to
    // strip.
    execArgv: ["--expose-gc"],
    env: { ...process.env, NODE_ENV: "production" }
  })
  const [loaded] = (await once(child, "message")) as [Loaded]
  return {
    loaded,
    ask: <N extends Name>(task: N, args: Arguments<N>) =>
      new Promise<Result<N>>((resolve, reject) => {
        const fail = (why: string) => reject(new Error(`${adapter}, ${task}: ${why}`))
        const exited = (code: number | null) => fail(`the process ended with ${code}`)
        child.once("exit", exited)
        child.once("message", (answer: Answer) => {
          child.off("exit", exited)
          if ("error" in answer) fail(answer.error)
          else resolve(answer.result as Result<N>)
        })
        child.send({ task, args })
      }),
    stop: () => void child.kill("SIGKILL")
  }
}
