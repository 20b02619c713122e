/** The example as an operator would run it: a process of its own, a collector, a scrape, a call, and SIGTERM. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { join } from "node:path"
import { WebSocket } from "ws"
import * as Collector from "../../../operate/test/support/collector.ts"

const root = join(import.meta.dirname, "../../../..")

const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { readonly port: number }
  server.close()
  await once(server, "close")
  return port
})
const get = (url: string) =>
  fetch(url).then(
    async (response) => ({ status: response.status, text: await response.text() }),
    () => ({ status: 0, text: "" })
  )
const until = <A>(ask: () => Promise<A>, met: (answer: A) => boolean): Effect.Effect<A> =>
  Effect.flatMap(Effect.promise(ask), (answer) =>
    met(answer)
      ? Effect.succeed(answer)
      : Effect.andThen(
          Effect.sleep("20 millis"),
          Effect.suspend(() => until(ask, met))
        )
  )

describe("operate/main.ts", () => {
  it.live("answers what a platform asks, sends its trace, and exits with 0 after SIGTERM", () =>
    Effect.gen(function* () {
      const collector = yield* Collector.make
      const port = yield* freePort
      const http = `http://127.0.0.1:${port}`
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, ["--conditions=antiphon-source", "packages/examples/src/operate/main.ts"], {
            cwd: root,
            env: {
              ...process.env,
              PORT: String(port),
              HOST: "127.0.0.1",
              ANTIPHON_DRAIN_TIMEOUT: "100 millis",
              OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
              OTEL_SERVICE_NAME: "desk"
            },
            stdio: "ignore"
          })
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      yield* until(
        () => get(`${http}/status`),
        ({ status }) => status === 200
      )
      assert.strictEqual((yield* Effect.promise(() => get(`${http}/ready`))).status, 200)
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
      const said: Array<string> = []
      socket.on("message", (data: Buffer) => said.push(data.toString()))
      yield* Effect.promise(() => once(socket, "open"))
      socket.send(JSON.stringify({ type: "start", call_id: "c1", from: "+43", to: "+44" }))
      for (const message of [
        { type: "user_state", value: "speaking" },
        { type: "message", content: "my secret" },
        { type: "user_state", value: "idle" }
      ]) {
        socket.send(JSON.stringify(message))
      }
      yield* until(
        () => Promise.resolve(said.join()),
        (all) => all.includes("You said: my secret")
      )
      const page = yield* until(
        () => get(`${http}/metrics`),
        ({ text }) => text.includes("nodejs_eventloop_delay_p99_seconds") && text.includes("antiphon_ready 1")
      )
      assert.include(page.text, "antiphon_calls_open 1\n")
      assert.notInclude(page.text, "my secret")
      const over = once(child, "exit")
      child.kill("SIGTERM")
      assert.deepStrictEqual(yield* Effect.promise(() => over), [0, null])
      assert.includeMembers(
        collector.spans.map(({ name }) => name),
        ["call", "turn"]
      )
      assert.include(collector.resource(), { "service.name": "desk" })
      assert.include(
        collector.metrics.map(({ name }) => name),
        "antiphon_calls"
      )
      assert.notInclude(collector.text(), "my secret")
    })
  )
})
