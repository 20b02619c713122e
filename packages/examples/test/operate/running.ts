/** An example that serves, in a process of its own. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { join } from "node:path"
import { WebSocket } from "ws"

const root = join(import.meta.dirname, "../../../..")

export const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { readonly port: number }
  server.close()
  await once(server, "close")
  return port
})

/** The answer at an address; status 0 if nothing answers. */
export const get = (url: string) =>
  fetch(url).then(
    async (response) => ({ status: response.status, text: await response.text() }),
    () => ({ status: 0, text: "" })
  )

/** Asks until the answer is right. A test that waits in vain ends with its own timeout. */
export const until = <A>(ask: () => Promise<A>, met: (answer: A) => boolean): Effect.Effect<A> =>
  Effect.flatMap(Effect.promise(ask), (answer) =>
    met(answer)
      ? Effect.succeed(answer)
      : Effect.andThen(
          Effect.sleep("20 millis"),
          Effect.suspend(() => until(ask, met))
        )
  )

/** Starts an example, and waits until it is alive. It is ended with the scope. */
export const example = (file: string, env: Record<string, string>) =>
  Effect.gen(function* () {
    const port = yield* freePort
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, ["--conditions=antiphon-source", `packages/examples/src/${file}`], {
          cwd: root,
          env: { ...process.env, PORT: String(port), HOST: "127.0.0.1", ANTIPHON_DRAIN_TIMEOUT: "100 millis", ...env },
          stdio: "ignore"
        })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    yield* until(
      () => get(`http://127.0.0.1:${port}/status`),
      ({ status }) => status === 200
    )
    const stop = Effect.promise(async () => {
      const over = once(child, "exit")
      child.kill("SIGTERM")
      return await over
    })
    return { http: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}/ws`, stop }
  })

/** Opens a call, says something, and waits for the answer. The call stays open. */
export const talk = (address: string, words: string) =>
  Effect.gen(function* () {
    const socket = new WebSocket(address)
    const heard: Array<string> = []
    socket.on("message", (data: Buffer) => heard.push(data.toString()))
    yield* Effect.promise(() => once(socket, "open"))
    socket.send(JSON.stringify({ type: "start", call_id: "c1", from: "+43", to: "+44" }))
    for (const message of [
      { type: "user_state", value: "speaking" },
      { type: "message", content: words },
      { type: "user_state", value: "idle" }
    ]) {
      socket.send(JSON.stringify(message))
    }
    yield* until(
      () => Promise.resolve(heard.join()),
      (all) => all.includes(`You said: ${words}`)
    )
  })
