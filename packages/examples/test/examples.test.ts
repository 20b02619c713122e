import { Agent, CallRequest, Event, Recorder, Recording } from "@antiphon/core"
import { Caller, Expect, Played, TestCall } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Stream } from "effect"
import { LanguageModel } from "effect/ai"
import { execFileSync, spawn } from "node:child_process"
import { on, once } from "node:events"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import WebSocket from "ws"
import { concierge } from "../src/start/background.ts"
import { clerk } from "../src/start/interruption.ts"
import { answerTo } from "../src/testing/call.ts"
import { asRecorded, otherwiseFrom } from "../src/recording/model.ts"
import { recorded } from "../src/recording/own.ts"
import { transcript } from "../src/recording/read.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}

/** Runs an example as its reader would, and returns the address once it answers. */
const running = (file: string, env: Record<string, string> = {}) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const port = await freePort()
      const child = spawn(process.execPath, ["--conditions=antiphon-source", `packages/examples/src/${file}`], {
        cwd: root,
        env: { ...process.env, PORT: String(port), HOST: "127.0.0.1", ANTIPHON_DRAIN_TIMEOUT: "100 millis", ...env },
        stdio: "ignore"
      })
      const address = `127.0.0.1:${port}`
      const answers = () =>
        fetch(`http://${address}/status`).then(
          (response) => response.ok,
          () => false
        )
      while (!(await answers())) {
        if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`)
        await new Promise((resume) => setTimeout(resume, 20))
      }
      return { address, child }
    }),
    ({ child }) =>
      Effect.promise(async () => {
        const exited = child.exitCode === null ? once(child, "exit") : undefined
        child.kill("SIGTERM")
        await exited
      })
  )

const firstMessages = (address: string, frames: ReadonlyArray<object>, count: number) =>
  Effect.promise(async () => {
    const socket = new WebSocket(`ws://${address}/ws`)
    const messages = on(socket, "message", { close: ["close"] })
    const texts: Array<string> = []
    await once(socket, "open")
    for (const frame of frames) socket.send(JSON.stringify(frame))
    for await (const [data] of messages) {
      texts.push(JSON.parse(String(data)).content)
      if (texts.length === count) break
    }
    socket.close()
    return texts
  })

describe("examples", () => {
  it.live(
    "start/echo greets and echoes over a socket",
    () =>
      Effect.gen(function* () {
        const { address } = yield* running("start/echo.ts")
        const turn = [
          { type: "start" },
          { type: "user_state", value: "speaking" },
          { type: "message", content: "hello" },
          { type: "user_state", value: "idle" }
        ]
        assert.deepStrictEqual(yield* firstMessages(address, turn, 2), ["Hello! Say something.", "You said: hello"])
      }),
    120_000
  )

  it.live(
    "start/mount serves the application's own route beside the agent",
    () =>
      Effect.gen(function* () {
        const { address } = yield* running("start/mount.ts")
        const health = yield* Effect.promise(() =>
          fetch(`http://${address}/health`).then((response) => response.text())
        )
        assert.strictEqual(health, "ok")
        assert.deepStrictEqual(yield* firstMessages(address, [{ type: "start" }], 1), ["You have 2 open orders."])
      }),
    120_000
  )

  it.effect("start/background reports its result unasked, once nobody is speaking", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(concierge, [Caller.says("A table"), Caller.listens(), Caller.pauses("1 second")])
      Expect.output(call, { _tag: "AgentSendText", text: "I am looking for a table. Anything else meanwhile?" }, 750)
      Expect.output(call, { _tag: "AgentSendText", text: "By the way: I found a table at eight." }, 4125)
      assert.lengthOf(Played.outputs(call), 2)
    })
  )

  it.effect("start/interruption finishes what must be heard, and nothing else", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(clerk, [Caller.bargesIn("Wait", { at: "80 millis" }), Caller.listens()])
      const reported = call.entries.filter(({ at, _tag }) => _tag === "Spoken" && at <= 455)
      assert.lengthOf(reported, 1)
      assert.strictEqual(Played.said(call), "This call is recorded. I had got to: This call is recorded. ")
    })
  )

  it.live(
    "start/assistant greets, with a plan of two providers behind it",
    () =>
      Effect.gen(function* () {
        const { address } = yield* running("start/assistant.ts", { ANTHROPIC_API_KEY: "none", OPENAI_API_KEY: "none" })
        assert.deepStrictEqual(yield* firstMessages(address, [{ type: "start" }], 1), ["Bicycle shop, good morning!"])
      }),
    120_000
  )

  it.live(
    "console/serve has the page and the studio beside the agent",
    () =>
      Effect.gen(function* () {
        const { address } = yield* running("console/serve.ts", { OPENAI_API_KEY: "none" })
        assert.deepStrictEqual(yield* firstMessages(address, [{ type: "start", call_id: "c1" }], 1), ["Good morning!"])
        const read = (path: string) =>
          Effect.promise(() => fetch(`http://${address}${path}`).then((response) => response.text()))
        assert.include(yield* read("/"), "<title>")
        assert.include(yield* read("/console/calls"), '"c1"')
      }),
    120_000
  )

  it.effect("testing/call answers without a socket", () =>
    Effect.gen(function* () {
      const outputs = yield* answerTo("hello")
      assert.deepStrictEqual(
        outputs.map((output) => output._tag === "AgentSendText" && output.text),
        ["You said: hello"]
      )
    })
  )

  it.live(
    "recording/serve redacts private content, and recording/read shows what was said",
    () =>
      Effect.gen(function* () {
        const directory = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "antiphon-"))),
          (path) => Effect.sync(() => rmSync(path, { recursive: true }))
        )
        const { address } = yield* running("recording/serve.ts", { ANTIPHON_RECORD_DIR: directory })
        const start = { type: "start", call_id: "c1", from: "+15550001111", metadata: { email: "ada@example.com" } }
        const said = [
          { type: "user_state", value: "speaking" },
          { type: "message", content: "It is 4711." },
          { type: "user_state", value: "idle" }
        ]
        yield* firstMessages(address, [start, ...said], 2)
        const path = yield* Effect.promise(async () => {
          for (;;) {
            const [file] = readdirSync(directory)
            if (file !== undefined && readFileSync(join(directory, file), "utf8").includes("CallClosed")) {
              return join(directory, file)
            }
            await new Promise((resume) => setTimeout(resume, 20))
          }
        })
        assert.notMatch(readFileSync(path, "utf8"), /0001111|4711|ada@/)
        assert.deepStrictEqual(yield* Effect.provide(transcript(path), NodeFileSystem.layer), [
          "agent: Please tell me your account number.",
          "caller: xx xx 0000.",
          "agent: You said: It is 0000."
        ])
      }),
    120_000
  )

  it.effect("recording/own records a call that no server runs", () =>
    Effect.gen(function* () {
      const echo = Agent.make((event) =>
        event._tag === "UserTurnEnded" ? Stream.make(Event.sendText(`You said: ${Event.text(event)}`)) : Stream.empty
      )
      const text = yield* recorded(
        echo,
        Stream.make<ReadonlyArray<Event.Report>>(
          { _tag: "UserTurnStarted" },
          { _tag: "UserTextSent", content: "hello" },
          { _tag: "UserTurnEnded" }
        )
      )
      const { header, lines } = Result.getOrThrow(Recording.decode(text))
      assert.strictEqual(header.request.callId, "call-1")
      assert.deepStrictEqual(
        lines.flatMap((line) =>
          line._tag === "Sent" && line.output._tag === "AgentSendText" ? [line.output.text] : []
        ),
        ["You said: hello"]
      )
      assert.strictEqual(lines.at(-1)?._tag, "CallClosed")
    })
  )

  it.effect("recording/model answers as recorded, and with another model from a given request", () =>
    Effect.gen(function* () {
      let text = ""
      const recorder = yield* Recorder.make({ request: CallRequest.make(), write: (line) => (text += line) })
      for (const delta of ["one", "two"]) {
        const prompt = [{ role: "user", content: "Count." }]
        const request = recorder.asked({ turn: 1, method: "streamText", prompt, tools: [], settings: {} })
        recorder.note({ _tag: "ModelReplied", request, parts: [{ type: "text-delta", id: "1", delta }] })
        recorder.note({ _tag: "ModelEnded", request, outcome: "Finished" })
      }
      const recording = Result.getOrThrow(Recording.decode(text))
      const ask = Stream.runCollect(LanguageModel.streamText({ prompt: "Count." })).pipe(
        Effect.map((parts) => parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join(""))
      )
      const twice = Effect.all([ask, ask])
      assert.deepStrictEqual(yield* Effect.provide(twice, asRecorded(recording).layer), ["one", "two"])
      const other = ScriptedModel.make([ScriptedModel.text("three")])
      assert.deepStrictEqual(yield* Effect.provide(twice, otherwiseFrom(recording, 2, other.layer).layer), [
        "one",
        "three"
      ])
    })
  )

  it("the code blocks of the documentation are these files", () => {
    execFileSync(process.execPath, ["scripts/embed-examples.mjs", "--check"], { cwd: root, stdio: "pipe" })
  })
})
