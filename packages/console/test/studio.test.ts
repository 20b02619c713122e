/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import * as LocalServer from "@antiphon/cli/LocalServer"
import * as Assistant from "@antiphon/examples/demo/Assistant"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import type * as Settings from "@antiphon/server/Settings"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, Schedule } from "effect"
import { HttpServer } from "effect/http"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"
import type * as CallView from "../src/CallView.ts"
import type * as Studio from "../src/Studio.ts"

const executablePath = "/usr/bin/chromium"

/** The server of `npm start`, with its studio. */
const serve = (others: Settings.Overrides = {}) =>
  Effect.gen(function* () {
    const settings = { port: 0, host: "127.0.0.1", drainTimeout: Duration.zero, ...others }
    const server = LocalServer.layer(Assistant.make(DefaultModel.demo), { model: DefaultModel.demo, settings })
    const { address } = yield* Effect.provideContext(HttpServer.HttpServer, yield* Layer.build(server))
    return `http://127.0.0.1:${"port" in address ? address.port : 0}`
  })

const ask = (url: string, path: string, init: RequestInit = {}) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}/console/${path}`, init)
    const text = await response.text()
    return { status: response.status, text, json: () => JSON.parse(text) }
  })

interface Frame {
  readonly type: string
  readonly content?: string
  readonly reason?: string
  readonly result?: string | null
}

/** A call over the wire, whose caller hears each word at once. */
const dial = (url: string, callId: string, token?: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const protocols =
        token === undefined ? [] : ["antiphon", `antiphon.bearer.${Buffer.from(token).toString("base64url")}`]
      const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, protocols)
      const frames: Array<Frame> = []
      socket.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(String(data)) as Frame
        frames.push(frame)
        if (frame.type === "message") socket.send(JSON.stringify({ type: "agent_speech", content: frame.content }))
      })
      await new Promise((resolve) => socket.addEventListener("open", resolve))
      const send = (...all: ReadonlyArray<object>) => all.forEach((frame) => socket.send(JSON.stringify(frame)))
      send({ type: "start", call_id: callId, from: "+331", to: "+332" })
      const say = (content: string) =>
        send(
          { type: "user_state", value: "speaking" },
          { type: "message", content },
          { type: "user_state", value: "idle" }
        )
      const text = () => frames.map(({ content = "", type }) => (type === "message" ? content : "")).join("")
      return { socket, frames, say, text }
    }),
    ({ socket }) => Effect.sync(() => socket.close())
  )

/** A call by voice, whose caller hums a sound of 7 units. */
const dialVoice = (url: string, callId: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const socket = new WebSocket(`${url.replace("http", "ws")}/voice`)
      socket.binaryType = "arraybuffer"
      await new Promise((resolve) => socket.addEventListener("open", resolve))
      socket.send(JSON.stringify({ type: "start", format: "pcm_16000", call_id: callId }))
      const humming = setInterval(() => socket.send(new Int16Array(320).fill(7)), 20)
      socket.addEventListener("close", () => clearInterval(humming))
      return socket
    }),
    (socket) => Effect.sync(() => socket.close())
  )

/** Listens to a call. */
const listen = (url: string, path: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const leaving = new AbortController()
      const response = await fetch(`${url}/console/${path}`, { signal: leaving.signal })
      let bytes = Buffer.alloc(0)
      let isOver = false
      const reading = async () => {
        for await (const part of response.body!) bytes = Buffer.concat([bytes, part])
      }
      void reading()
        .catch(() => {})
        .finally(() => (isOver = true))
      /** The loudest sample of one side so far. */
      const loudest = (side: 0 | 1) => {
        let most = 0
        for (let at = 44 + 2 * side; at + 2 <= bytes.length; at += 4) most = Math.max(most, bytes.readInt16LE(at))
        return most
      }
      return {
        status: response.status,
        contentType: response.headers.get("content-type"),
        sampleRateHz: () => bytes.readUInt32LE(24),
        loudest,
        isOver: () => isOver,
        leave: () => leaving.abort()
      }
    }),
    ({ leave }) => Effect.sync(leave)
  )

const until = (holds: () => boolean) =>
  Effect.sync(holds).pipe(Effect.repeat({ until: (there) => there, schedule: Schedule.spaced("10 millis") }))
const untilFrom = <A, R>(effect: Effect.Effect<A, never, R>, holds: (value: A) => boolean) =>
  effect.pipe(Effect.repeat({ until: holds, schedule: Schedule.spaced("20 millis") }))

describe("The studio's requests", () => {
  it.live("may have a long prompt, and not take memory without a limit", () =>
    Effect.gen(function* () {
      const url = yield* serve()
      const fork = (length: number) => {
        const body = JSON.stringify({ turn: 1, systemPrompt: "x".repeat(length) })
        return ask(url, "calls/nobody/fork", { method: "POST", body })
      }
      assert.strictEqual((yield* fork(200_000)).status, 404)
      assert.strictEqual((yield* fork(2_000_000)).status, 413)
      const faults = yield* ask(url, "faults", { method: "PUT", body: "x".repeat(2_000_000) })
      assert.strictEqual(faults.status, 413)
      assert.strictEqual((yield* ask(url, "faults", { method: "PUT", body: "{" })).status, 409)
    }).pipe(Effect.scoped)
  )
})

describe("the studio", { timeout: 120_000 }, () => {
  it.live("lists calls, and shows them while they are running and afterwards", () =>
    Effect.gen(function* () {
      const url = yield* serve()
      const call = yield* dial(url, "call-1")
      yield* until(() => call.text().includes("goodbye."))
      call.say("What time is it?")
      yield* until(() => /It is \d\d:\d\d/.test(call.text()))
      const list = Effect.map(ask(url, "calls"), ({ json }) => json() as ReadonlyArray<Studio.Listed>)
      const [listed] = yield* untilFrom(list, ([first]) => first!.turns === 2)
      assert.deepInclude(listed, { callId: "call-1", from: "+331", to: "+332", open: true, canHangUp: true })
      const shown: CallView.CallView = (yield* ask(url, `calls/${listed!.id}`)).json()
      assert.strictEqual(shown.all[1]!.caller, "What time is it?")
      assert.strictEqual(shown.all[1]!.tools[0]!.name, "current_time")
      assert.include(JSON.stringify(shown.all[1]!.requests[0]!.prompt), "What time is it?")
      call.socket.close()
      yield* untilFrom(list, ([first]) => first!.open === false)
      const recording = yield* ask(url, `calls/${listed!.id}/recording`)
      assert.match(recording.text, /^\{"_tag":"Recording"/)
    }).pipe(Effect.scoped)
  )

  it.live("hangs up a running call, and reports that another is already over", () =>
    Effect.gen(function* () {
      const url = yield* serve()
      const call = yield* dial(url, "call-2")
      yield* until(() => call.text().includes("goodbye."))
      const [{ id }] = (yield* ask(url, "calls")).json()
      assert.strictEqual((yield* ask(url, `calls/${id}/hangup`, { method: "POST" })).status, 200)
      yield* until(() => call.frames.some(({ reason, type }) => type === "end_call" && reason === "console"))
      call.socket.close()
      yield* untilFrom(ask(url, "calls"), ({ json }) => json()[0].open === false)
      const late = yield* ask(url, `calls/${id}/hangup`, { method: "POST" })
      assert.deepStrictEqual([late.status, late.json()], [409, { error: "The call is over." }])
    }).pipe(Effect.scoped)
  )

  it.live("replays a call from a turn with another prompt, and rejects invalid requests", () =>
    Effect.gen(function* () {
      const url = yield* serve()
      const call = yield* dial(url, "call-3")
      yield* until(() => call.text().includes("goodbye."))
      call.say("thank you")
      yield* until(() => call.text().includes("You are welcome."))
      call.socket.close()
      yield* untilFrom(ask(url, "calls"), ({ json }) => json()[0].open === false)
      const [{ id }] = (yield* ask(url, "calls")).json()
      const fork = (body: unknown) => ask(url, `calls/${id}/fork`, { method: "POST", body: JSON.stringify(body) })
      const played: CallView.CallView = (yield* fork({ turn: 2, systemPrompt: "Answer in French." })).json()
      assert.strictEqual(played.all[1]!.caller, "thank you")
      assert.strictEqual(played.all[1]!.heard, "You are welcome.")
      assert.strictEqual(played.systemPrompt, "Answer in French.")
      assert.match((yield* fork({ turn: 99 })).json().error, /none with the number 99/)
      assert.match((yield* fork({ turn: 2, model: "nobody/x" })).json().error, /unknown provider "nobody"/)
      assert.strictEqual((yield* fork({ turn: "two" })).status, 409)
      assert.strictEqual((yield* ask(url, "calls/77")).status, 404)
      assert.strictEqual((yield* ask(url, "calls/..%2f..%2fpackage.json")).status, 404)
    }).pipe(Effect.scoped)
  )

  it.live("makes models and tools fail while faults are on", () =>
    Effect.gen(function* () {
      const url = yield* serve()
      const call = yield* dial(url, "call-4")
      yield* until(() => call.text().includes("goodbye."))
      const faults = (body: unknown) => ask(url, "faults", { method: "PUT", body: JSON.stringify(body) })
      assert.strictEqual((yield* faults({ model: "none", tool: "fails" })).status, 200)
      call.say("What time is it?")
      yield* until(() => call.frames.some(({ result }) => /the console has it fail/.test(result ?? "")))
      yield* faults({ model: "down", tool: "none" })
      const before = call.text().length
      call.say("thank you")
      yield* until(() => call.text().length > before)
      assert.notInclude(call.text().slice(before), "You are welcome")
      yield* faults({ model: "none", tool: "none" })
      call.say("thank you")
      yield* until(() => call.text().includes("You are welcome."))
      assert.strictEqual((yield* faults({ model: "on fire", tool: "none" })).status, 409)
      assert.deepStrictEqual((yield* ask(url, "faults")).json(), { model: "none", tool: "none" })
      assert.strictEqual((yield* faults({ model: "none", tool: "none", voice: "hoarse" })).status, 409)
    }).pipe(Effect.scoped)
  )

  it.live(
    "plays an open call to those who listen, the caller on the left and the agent on the right, until it is over",
    () =>
      Effect.gen(function* () {
        const url = yield* serve()
        const typed = yield* dial(url, "typed")
        yield* until(() => typed.text().includes("goodbye."))
        const voice = yield* dialVoice(url, "spoken")
        const list = Effect.map(ask(url, "calls"), ({ json }) => json() as ReadonlyArray<Studio.Listed>)
        const calls = yield* untilFrom(list, (calls) => calls.some(({ canListen }) => canListen))
        assert.deepStrictEqual(
          calls.map(({ callId, canListen }) => [callId, canListen]),
          [
            ["spoken", true],
            ["typed", false]
          ]
        )
        const silent = yield* ask(url, `calls/${calls[1]!.id}/audio`)
        assert.strictEqual(silent.status, 409)
        assert.match(silent.json().error, /it has no audio/)

        const path = `calls/${calls[0]!.id}/audio`
        const heard = yield* listen(url, path)
        assert.strictEqual(heard.contentType, "audio/wav")
        yield* until(() => heard.loudest(1) > 1000 && heard.loudest(0) === 7)
        assert.strictEqual(heard.sampleRateHz(), 16_000)
        // A listener who leaves makes room for another.
        for (let more = 0; more < 20; more++) (yield* listen(url, path)).leave()
        const others = yield* Effect.forEach(Array.from({ length: 7 }), () =>
          untilFrom(listen(url, path), ({ status }) => status === 200)
        )
        assert.strictEqual((yield* listen(url, path)).status, 409)
        voice.close()
        yield* until(() => [heard, ...others].every(({ isOver }) => isOver()))
        assert.strictEqual((yield* ask(url, path)).status, 409)
        assert.isTrue((yield* list).every(({ canListen }) => !canListen))
      }).pipe(Effect.scoped)
  )

  it.live("keeps the voice of a call silent while that fault is on", () =>
    Effect.gen(function* () {
      const url = yield* serve()
      const fault = (voice: string) =>
        ask(url, "faults", { method: "PUT", body: JSON.stringify({ model: "none", tool: "none", voice }) })
      assert.strictEqual((yield* fault("silent")).status, 200)
      const call = yield* dialVoice(url, "mute")
      const came: Array<string> = []
      call.addEventListener("message", ({ data }) => {
        came.push(typeof data === "string" ? String(JSON.parse(data).type) : "audio")
      })
      yield* until(() => came.includes("agent_text"))
      assert.notInclude(came, "audio")
      yield* fault("none")
      call.send(JSON.stringify({ type: "text", text: "thank you" }))
      yield* until(() => came.includes("audio"))
    }).pipe(Effect.scoped)
  )

  it.live("reads the folder the server records into, and nothing outside it", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "antiphon-studio-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
      )
      const url = yield* serve({ recordDir: folder })
      const call = yield* dial(url, "call-5")
      yield* until(() => call.text().includes("goodbye."))
      call.socket.close()
      const [listed] = yield* untilFrom(
        Effect.map(ask(url, "calls"), ({ json }) => json() as ReadonlyArray<Studio.Listed>),
        (calls) => calls[0]?.open === false
      )
      assert.strictEqual(listed!.callId, "call-5")
      assert.deepStrictEqual(readdirSync(folder), [listed!.id])
      assert.strictEqual((yield* ask(url, `calls/${encodeURIComponent("../package.json")}`)).status, 404)
    }).pipe(Effect.scoped)
  )

  it.live("requires the token and the server's own page", () =>
    Effect.gen(function* () {
      const url = yield* serve({ token: Redacted.make("sesame") })
      for (const [path, method] of [
        ["calls", "GET"],
        ["calls/1", "GET"],
        ["calls/1/recording", "GET"],
        ["calls/1/audio", "GET"],
        ["calls/1/hangup", "POST"],
        ["calls/1/fork", "POST"],
        ["faults", "GET"],
        ["faults", "PUT"]
      ] as const) {
        assert.strictEqual((yield* ask(url, path, { method })).status, 401, `${method} ${path}`)
        const headers = { authorization: "Bearer sesame", origin: "http://evil.example" }
        assert.strictEqual((yield* ask(url, path, { method, headers })).status, 403, `${method} ${path}`)
      }
      const headers = { authorization: "Bearer sesame" }
      assert.deepStrictEqual((yield* ask(url, "calls", { headers })).json(), [])
    }).pipe(Effect.scoped)
  )
})

describe.skipIf(!existsSync(executablePath))("the page with a studio, in Chromium", { timeout: 120_000 }, () => {
  it.live("shows turns, requests and calls, replays from a turn, and starts calls with the given settings", () =>
    Effect.gen(function* () {
      const url = yield* serve()
      const browser = yield* Effect.acquireRelease(
        Effect.promise(() =>
          chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"] })
        ),
        (browser) => Effect.promise(() => browser.close())
      )
      yield* Effect.promise(async () => {
        const page = await browser.newPage({ viewport: { width: 1300, height: 800 }, reducedMotion: "reduce" })
        page.setDefaultTimeout(45_000)
        const problems: Array<string> = []
        page.on("pageerror", ({ message }) => problems.push(message))
        page.on("console", (line) => line.type() === "error" && problems.push(line.text()))
        let started: unknown
        page.on("websocket", (socket) =>
          socket.once("framesent", ({ payload }) => (started = JSON.parse(String(payload))))
        )
        await page.goto(`${url}/?rate=20`)

        await page.getByRole("button", { name: "Settings" }).click()
        await page.getByLabel("From", { exact: true }).fill("+49 30 1234")
        await page.getByLabel("Metadata, as JSON").fill("[1]")
        await page.getByRole("button", { name: "Keep" }).click()
        await page.getByText("The metadata must be an object.").waitFor()
        await page.getByLabel("Metadata, as JSON").fill('{"plan": "gold"}')
        await page.getByRole("button", { name: "Keep" }).click()

        await page.getByRole("button", { name: "Start call" }).first().click()
        await page.getByText("Heard to the end, 46 words.").waitFor()
        assert.deepInclude(started, { from: "+49 30 1234", to: "demo", metadata: { plan: "gold" } })
        await page.getByLabel("Say something").fill("What time is it?")
        await page.getByLabel("Say something").press("Enter")
        await page
          .locator("#talk")
          .getByText(/It is \d\d:\d\d UTC/)
          .first()
          .waitFor()

        await page.getByRole("tab", { name: "Turns" }).click()
        const turns = page.locator("#turns .turn")
        await turns.nth(1).getByText("What time is it?").waitFor()
        await turns
          .nth(1)
          .getByText(/current_time\(\{\}\) → It is/)
          .waitFor()
        await page.getByRole("tab", { name: "Models" }).click()
        await page.locator("#requests summary").first().click()
        await page.locator("#requests .message.is-user").getByText("What time is it?").first().waitFor()

        await page.getByRole("tab", { name: "Turns" }).click()
        await turns.nth(1).getByRole("button", { name: "Fork here" }).click()
        await page.locator("#fork-prompt").fill("Answer in French.")
        await page.getByRole("button", { name: "Play" }).click()
        const fork = page.locator("#turns.side-by-side .column").nth(1)
        await fork.getByText("another prompt").waitFor()
        await fork.getByText("What time is it?").waitFor()

        await page.getByRole("tab", { name: "Calls" }).click()
        await page.locator("#calls").getByRole("button", { name: "Hang up" }).click()
        await page.getByText("The agent hung up (console).").waitFor()
        assert.deepStrictEqual(problems, [])
      })
    }).pipe(Effect.scoped)
  )

  it.live("plays another call that is open, until told to stop", () =>
    Effect.gen(function* () {
      const url = yield* serve()
      yield* dialVoice(url, "spoken")
      const browser = yield* Effect.acquireRelease(
        Effect.promise(() =>
          chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"] })
        ),
        (browser) => Effect.promise(() => browser.close())
      )
      yield* Effect.promise(async () => {
        const page = await browser.newPage({ viewport: { width: 1300, height: 800 } })
        page.setDefaultTimeout(45_000)
        const problems: Array<string> = []
        page.on("pageerror", ({ message }) => problems.push(message))
        page.on("console", (line) => line.type() === "error" && problems.push(line.text()))
        /** The loudest sample of each side that the page has played. */
        await page.addInitScript(() => {
          const { start } = AudioBufferSourceNode.prototype
          const loudest = [0, 0]
          Object.assign(window, { loudest })
          AudioBufferSourceNode.prototype.start = function (...when) {
            for (const side of [0, 1]) {
              for (const sample of this.buffer!.getChannelData(side)) loudest[side] = Math.max(loudest[side]!, sample)
            }
            return start.apply(this, when)
          }
        })
        await page.goto(url)
        await page.getByRole("tab", { name: "Calls" }).click()
        await page.locator("#calls").getByRole("button", { name: "Listen", exact: true }).click()
        await page.waitForFunction(() => {
          const { loudest } = window as unknown as { readonly loudest: ReadonlyArray<number> }
          return loudest[0] === 7 / 32_768 && loudest[1]! > 0.03
        })
        await page.locator("#calls").getByRole("button", { name: "Stop listening" }).click()
        await page.locator("#calls").getByRole("button", { name: "Listen", exact: true }).waitFor()
        assert.deepStrictEqual(problems, [])
      })
    }).pipe(Effect.scoped)
  )
})
