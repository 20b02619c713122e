/** Servers in separate processes, on a free port, that report their resource usage. */
import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"

/** The resource usage of a process. */
export interface Usage {
  /** Processor time since it started, in milliseconds. */
  readonly cpuMs: number
  /** Heap in use after a collection, in bytes. */
  readonly heapUsed: number
  /** Resident memory, in bytes. */
  readonly rss: number
}

export interface ServerProcess {
  readonly port: number
  readonly usage: () => Promise<Usage>
  readonly stop: () => Promise<void>
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0)
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

/**
 * Asks again until it is answered. A server that listens before it has its routes leaves the first request unanswered.
 */
export const untilUp = async (url: string, pauseMs = 20): Promise<void> => {
  for (let attempt = 0; attempt < 30_000 / pauseMs; attempt++) {
    const up = await fetch(url, { signal: AbortSignal.timeout(1000) }).then(
      async (response) => (await response.arrayBuffer()) && response.ok,
      () => false
    )
    if (up) return
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  throw new Error(`${url} does not answer`)
}

/** Starts a file of this folder as a server. */
export const start = async (file: string, env: NodeJS.ProcessEnv = {}): Promise<ServerProcess> => {
  const port = await freePort()
  const child = fork(join(import.meta.dirname, file), {
    execArgv: ["--conditions=antiphon-source", "--expose-gc", "--import", join(import.meta.dirname, "usageProbe.ts")],
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ["ignore", "ignore", "inherit", "ipc"]
  })
  await untilUp(`http://127.0.0.1:${port}/status`)
  return {
    port,
    usage: async () => {
      const answer = once(child, "message")
      child.send("usage")
      const [{ cpuMs, heapUsed }] = (await answer) as [Omit<Usage, "rss">]
      return { cpuMs, heapUsed, rss: residentBytes(child) }
    },
    stop: async () => {
      const exited = once(child, "exit")
      child.kill("SIGKILL")
      await exited
    }
  }
}

// As counted by the kernel, so that it is the same for every process.
const residentBytes = (child: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) * 1024
