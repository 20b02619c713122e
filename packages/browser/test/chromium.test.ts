/// <reference lib="dom" />
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as AudioTime from "@antiphon/speech/AudioTime"
import * as Pcm from "@antiphon/speech/Pcm"
import * as Speech from "@antiphon/speech/Speech"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TextToSpeech from "@antiphon/speech/TextToSpeech"
import type * as Transport from "@antiphon/speech/Transport"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import * as Vad from "@antiphon/speech/Vad"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Layer, Stream } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"
import type { Call } from "@antiphon/client"
import { serve } from "./support/server.ts"

const executablePath = "/usr/bin/chromium"

/** A page that calls on command, and keeps what it is told. */
const html = `<!doctype html><meta charset="utf-8"><title>A page</title><script type="module">
import { call } from "/antiphon/index.js"
globalThis.events = []
globalThis.dial = async (options) => {
  globalThis.line = await call("/voice", { onEvent: (event, name) => events.push({ name, ...event }), ...options })
}
</script>`
const page = HttpRouter.add("GET", "/", HttpServerResponse.html(html))

/** Listens behind the page's player, where its samples reach the loudspeaker. Runs in the page. */
const tap = () => {
  const rendered: Array<number> = []
  Object.assign(globalThis, { rendered })
  const source = `registerProcessor("tap", class extends AudioWorkletProcessor {
    process([[input]]) { if (input) this.port.postMessage(input.slice()); return true }
  })`
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }))
  const addModule = AudioWorklet.prototype.addModule
  AudioWorklet.prototype.addModule = async function (url) {
    await addModule.call(this, address)
    return addModule.call(this, url)
  }
  const Original = AudioWorkletNode
  globalThis.AudioWorkletNode = class extends Original {
    constructor(context: BaseAudioContext, name: string, options?: AudioWorkletNodeOptions) {
      super(context, name, options)
      if (name !== "antiphon-play") return
      const node = new Original(context, "tap", { numberOfOutputs: 0 })
      node.port.onmessage = ({ data }: { data: Float32Array }) => {
        for (const sample of data) if (sample !== 0) rendered.push(Math.round(sample * 32768))
      }
      this.connect(node)
    }
  }
}

interface Told {
  readonly name: string
  readonly [field: string]: unknown
}
declare global {
  var events: Array<Told>
  var rendered: Array<number>
  var line: Call
  var dial: (options?: object) => Promise<void>
}

/** A page in a browser whose microphone hears a file. */
const browse = (port: number, options: { readonly microphone?: string; readonly denied?: boolean } = {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() =>
        chromium.launch({
          executablePath,
          args: [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--autoplay-policy=no-user-gesture-required",
            ...(options.denied === true
              ? []
              : ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]),
            ...(options.microphone === undefined
              ? []
              : [`--use-file-for-fake-audio-capture=${options.microphone}%noloop`])
          ]
        })
      ),
      (browser) => Effect.promise(() => browser.close())
    ),
    (browser) => ({
      open: Effect.promise(async () => {
        const page = await browser.newPage()
        page.setDefaultTimeout(45_000)
        await page.addInitScript(tap)
        await page.goto(`http://127.0.0.1:${port}/`)
        await page.waitForFunction(() => "dial" in globalThis)
        return page
      })
    })
  )

/** A sound file, 16-bit and mono. Removed with the scope. */
const soundFile = (samples: Int16Array) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(tmpdir(), "antiphon-sound-"))
      const header = Buffer.alloc(44)
      header.write("RIFF", 0)
      header.writeUInt32LE(36 + samples.byteLength, 4)
      header.write("WAVEfmt ", 8)
      header.writeUInt32LE(16, 16)
      header.writeUInt16LE(1, 20)
      header.writeUInt16LE(1, 22)
      header.writeUInt32LE(16000, 24)
      header.writeUInt32LE(32000, 28)
      header.writeUInt16LE(2, 32)
      header.writeUInt16LE(16, 34)
      header.write("data", 36)
      header.writeUInt32LE(samples.byteLength, 40)
      const path = join(folder, "microphone.wav")
      writeFileSync(path, Buffer.concat([header, Buffer.from(samples.buffer)]))
      return { folder, path }
    }),
    ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  ).pipe(Effect.map(({ path }) => path))

/** Samples whose values show which ones they are. */
const ramp = (generation: number, stream: number, from: number, length: number) =>
  ({
    _tag: "Audio",
    generation,
    stream,
    at: AudioTime.zero,
    bytes: Pcm.encode(
      AudioFormat.pcm16000,
      Int16Array.from({ length }, (_, i) => ((from + i) % 30_000) + 1)
    )
  }) as const

const saying = (text: string) =>
  Stream.runCollect(
    Stream.unwrap(
      Effect.gen(function* () {
        const tts = yield* TextToSpeech.TextToSpeech
        const session = yield* tts.open({}, AudioFormat.pcm16000)
        const context = yield* session.context
        yield* context.push(text)
        yield* context.end
        return context.audio
      })
    )
  ).pipe(Effect.map((parts) => parts.flatMap(({ audio }) => [...Pcm.decode(audio)])))

describe.skipIf(!existsSync(executablePath))("a page in Chromium", { timeout: 120_000 }, () => {
  it.live("answers a clear with exactly the samples played, and plays what follows", () =>
    Effect.gen(function* () {
      const reports: Array<Extract<Transport.Incoming, { readonly _tag: "Played" }>> = []
      const done = yield* Deferred.make<void>()
      const port = yield* serve(
        (line) =>
          Effect.gen(function* () {
            // Two seconds at once: far more than has been played when the clear arrives.
            yield* line.send([ramp(1, 0, 0, 32_000)])
            let stream = 0
            yield* Stream.runForEach(line.incoming, (one) => {
              if (one._tag !== "Played") return Effect.void
              reports.push(one)
              if (stream === 0 && one.samples > 4000) {
                stream = 1
                return line.clear({ generation: 1, stream: 0 })
              }
              if (stream === 1 && one.isCleared) {
                stream = 2
                return line.send([ramp(1, 1, 20_000, 8000)])
              }
              return one.stream === 1 && one.samples === 8000 ? Deferred.succeed(done, undefined) : Effect.void
            })
          }),
        { routes: page }
      )
      const { open } = yield* browse(port)
      const tab = yield* open
      yield* Effect.promise(() => tab.evaluate(() => globalThis.dial({ microphone: false })))
      yield* Deferred.await(done)
      const cleared = reports.find(({ isCleared }) => isCleared)!
      const rendered = yield* Effect.promise(async () => {
        await tab.waitForFunction((most) => globalThis.rendered.length >= most, cleared.samples + 8000)
        return tab.evaluate(() => globalThis.rendered)
      })
      assert.isBelow(cleared.samples, 20_000)
      assert.deepStrictEqual(rendered, [
        ...Array.from({ length: cleared.samples }, (_, i) => i + 1),
        ...Array.from({ length: 8000 }, (_, i) => ((20_000 + i) % 30_000) + 1)
      ])
    }).pipe(Effect.scoped)
  )

  it.live("has a call with an agent over it, and both know what was heard", () =>
    Effect.gen(function* () {
      const long =
        "The first choir sang a line on the hill and left the last word out, and the echo that lived in the valley sang " +
        "the line again, and put the word in, and nobody on the hill slept much after that for seven nights."
      const reply = "I have put you down for two."
      const heard: Array<string> = []
      const ended = yield* Deferred.make<unknown>()
      const agent = Agent.make((event, turn) => {
        if (event._tag === "CallStarted") return Stream.make(Event.sendText(long))
        if (event._tag !== "UserTurnEnded") return Stream.empty
        const texts = turn.history.entries.flatMap(({ item }) => (item._tag === "AgentTextSent" ? [item.content] : []))
        heard.push(texts.join(""))
        return Stream.make(Event.sendText(reply), Event.endCall())
      })
      const caller = yield* Effect.provide(saying("Please stop there. I want a table."), TextToSpeech.flite("rms"))
      const quiet = Array.from({ length: 16_000 * 4 }, () => 0)
      const file = yield* soundFile(Int16Array.from([...quiet, ...caller, ...quiet, ...quiet]))
      const spokenMs = 4000 + (caller.length * 1000) / 16_000
      const words = SpeechToText.scripted([
        { at: 5200, event: { _tag: "Partial", text: "please stop" } },
        { at: spokenMs, event: { _tag: "Final", text: "Please stop there. I want a table." } }
      ])
      const services = Layer.mergeAll(Vad.silero, words, TextToSpeech.flite(), TurnDetector.TurnDetector.text())
      const port = yield* serve(
        (line) =>
          Speech.run(agent, line).pipe(
            Effect.provide(services),
            Effect.onExit((exit) => Deferred.succeed(ended, exit))
          ),
        { routes: page }
      )
      const { open } = yield* browse(port, { microphone: file })
      const tab = yield* open
      yield* Effect.promise(() => tab.evaluate(() => globalThis.dial()))
      const closed = yield* Effect.promise(() => tab.evaluate(() => globalThis.line.closed))
      const events = yield* Effect.promise(() => tab.evaluate(() => globalThis.events))
      const textOf = (turn: number) =>
        events
          .filter((event) => event.name === "agent_heard" && event["turn"] === turn)
          .map((event) => event["text"])
          .join("")
      assert.deepStrictEqual(yield* Deferred.await(ended), Exit.succeed("AgentEnded"))
      const spoken = textOf(1)
      assert.isAbove(spoken.length, 10)
      assert.isBelow(spoken.length, long.length)
      assert.isTrue(long.startsWith(spoken), `heard: ${spoken}`)
      // The agent's record of what was heard matches what the page was told.
      assert.deepStrictEqual([...new Set(heard)], [spoken])
      assert.strictEqual(textOf(events.findLast(({ name }) => name === "agent_turn")!["turn"] as number), reply)
      const places = ["clear", "transcript", "latency", "bye"].map((name) =>
        events.findIndex((event) => event.name === name)
      )
      assert.deepStrictEqual(
        places,
        places.toSorted((a, b) => a - b)
      )
      // Nothing of the old stream was played after the clear was answered.
      const cleared = events.findIndex((event) => event.name === "played" && event["cleared"] === true)
      const { generation, stream } = events[cleared]!
      assert.isAbove(cleared, 0)
      assert.isFalse(
        events
          .slice(cleared + 1)
          .some((event) => event.name === "played" && event["generation"] === generation && event["stream"] === stream)
      )
      assert.strictEqual(closed.code, 1000)
    }).pipe(Effect.scoped)
  )

  it.live("continues without a microphone, with typed text, and reports a lost connection", () =>
    Effect.gen(function* () {
      const typed = yield* Deferred.make<string>()
      const port = yield* serve(
        (line) =>
          Stream.runForEach(line.incoming, (one) =>
            one._tag === "Text"
              ? Effect.andThen(Deferred.succeed(typed, one.text), Effect.die(new Error("a bug")))
              : Effect.void
          ),
        { routes: page }
      )
      const { open } = yield* browse(port, { denied: true })
      const tab = yield* open
      yield* Effect.promise(async () => {
        await tab.evaluate(() => globalThis.dial())
        await tab.waitForFunction(() => globalThis.events.some(({ name }) => name === "microphone"))
        await tab.evaluate(() => globalThis.line.say("hello"))
      })
      assert.strictEqual(yield* Deferred.await(typed), "hello")
      const [closed, events] = yield* Effect.promise(() =>
        tab.evaluate(async () => [await globalThis.line.closed, globalThis.events] as const)
      )
      assert.strictEqual(closed.code, 1011)
      assert.strictEqual(closed.meaning, "The server ended the call: something failed there.")
      const microphone = events.find(({ name }) => name === "microphone")!
      assert.strictEqual(microphone["state"], "off")
      assert.match(String(microphone["detail"]), /microphone/)
    }).pipe(Effect.scoped)
  )
})
