import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as RecordingFile from "@antiphon/server/node/RecordingFile"
import * as Speech from "@antiphon/speech/Speech"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TestVoice from "@antiphon/speech/testing/TestVoice"
import type * as Transport from "@antiphon/speech/Transport"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import * as Vad from "@antiphon/speech/Vad"
import * as AudioTime from "@antiphon/speech/AudioTime"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Layer, Redacted, Scope, Stream } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, serve } from "./support/server.ts"

const start = { type: "start", format: "pcm_16000" }
const bytes = (length: number, from = 0) => Uint8Array.from({ length }, (_, index) => (from + index) & 255)
const audioOf = (incoming: ReadonlyArray<Transport.Incoming>) =>
  incoming.flatMap((one) => (one._tag === "Audio" ? [...one.bytes] : []))

/** Keeps everything that arrives, and reports when the caller has left. */
const listener = Effect.map(Deferred.make<ReadonlyArray<Transport.Incoming>>(), (gone) => {
  const heard: Array<Transport.Incoming> = []
  let line: Transport.Transport | undefined
  return {
    heard,
    line: () => line!,
    gone: Deferred.await(gone),
    answer: (transport: Transport.Transport) => {
      line = transport
      return Stream.runForEach(transport.incoming, (one) => Effect.sync(() => heard.push(one))).pipe(
        Effect.ensuring(Deferred.succeed(gone, heard))
      )
    }
  }
})

const audio = (stream: number, samples: number) =>
  ({ _tag: "Audio", generation: 1, stream, at: AudioTime.zero, bytes: bytes(samples * 2) }) as const

describe("BrowserVoice", () => {
  it.live("answers a start, and delivers what a page sends in order", () =>
    Effect.gen(function* () {
      const { answer, gone, line } = yield* listener
      const port = yield* serve(answer, { about: { voice: "flite" } })
      const page = yield* connect(port)
      page.send({ ...start, call_id: "c1", agent_id: "a1", metadata: { from: "test" }, echo_free: true })
      assert.deepStrictEqual(yield* page.message("ready"), {
        type: "ready",
        call_id: "c1",
        format: "pcm_16000",
        about: { voice: "flite" }
      })
      page.send(bytes(640))
      page.send({ type: "talk", pressed: true })
      page.send({ type: "dtmf", button: "#" })
      page.send({ type: "text", text: "hello" })
      page.send({ type: "custom", metadata: { a: 1 } })
      page.send({ type: "gap", ms: 40 })
      page.send({ type: "played", generation: 1, stream: 2, samples: 3, cleared: true })
      page.send({ type: "ping" })
      yield* page.message("pong")
      page.close()
      const heard = yield* gone
      assert.deepStrictEqual(heard.slice(1), [
        { _tag: "Talk", isPressed: true },
        { _tag: "Dtmf", button: "#" },
        { _tag: "Text", text: "hello" },
        { _tag: "Custom", metadata: { a: 1 } },
        { _tag: "Gap", ms: 40 },
        { _tag: "Played", generation: 1, stream: 2, samples: 3, isCleared: true }
      ])
      assert.deepStrictEqual(audioOf(heard), [...bytes(640)])
      const { capabilities, format, request } = line()
      assert.deepStrictEqual(capabilities, { heard: "position", messageMs: 100, echoFree: true })
      assert.strictEqual(format.sampleRateHz, 16000)
      assert.strictEqual(request.callId, "c1")
      assert.strictEqual(request.agent.id, "a1")
      assert.deepStrictEqual(request.metadata, { from: "test" })
    }).pipe(Effect.scoped)
  )

  it.live("ends a call after so many turns, as on any other wire: the agent says goodbye and hangs up", () =>
    Effect.gen(function* () {
      const agent = Agent.route({ UserTurnEnded: (event) => Stream.make(Event.sendText(Event.text(event))) })
      const services = Layer.mergeAll(
        Vad.scripted([]),
        SpeechToText.scripted([]),
        TestVoice.layer({ word: "40 millis" }),
        TurnDetector.TurnDetector.text()
      )
      const port = yield* serve((line) => Effect.provide(Speech.run(agent, line), services), {
        settings: { maxTurns: 2, goodbye: "That was all." }
      })
      const page = yield* connect(port)
      page.send(start)
      yield* page.message("ready")
      const shown = () => page.messages.filter(({ type }) => type === "agent_text").map(({ text }) => text)
      for (const text of ["One.", "Two.", "Three."]) {
        const before = shown().length
        page.send({ type: "text", text })
        yield* page.until(`an answer to ${text}`, () => shown().length > before)
      }
      assert.strictEqual(shown().at(-1), "That was all.")
      assert.deepInclude(yield* page.message("bye"), { reason: "max_turns" })
    }).pipe(Effect.scoped)
  )

  it.live("gives a page that names its call with nothing an id", () =>
    Effect.gen(function* () {
      const { answer } = yield* listener
      const page = yield* connect(yield* serve(answer))
      page.send({ ...start, call_id: " " })
      assert.match(String((yield* page.message("ready"))["call_id"]), /^web-.{8,}$/)
    }).pipe(Effect.scoped)
  )

  it.live("ends if it must be recorded and cannot be", () =>
    Effect.gen(function* () {
      const { answer, gone } = yield* listener
      const port = yield* serve(answer, {
        record: (request, failed = Effect.void) =>
          Effect.andThen(Effect.forkDetach(failed), Recorder.make({ request, write: () => {} }))
      })
      const page = yield* connect(port)
      page.send(start)
      assert.deepInclude(yield* page.message("error"), { code: "unrecorded" })
      assert.strictEqual(yield* page.closed, 1011)
      yield* gone
    }).pipe(Effect.scoped)
  )

  it.live("is recorded with both voices, if its recorder asks for them", () =>
    Effect.gen(function* () {
      const directory = mkdtempSync(join(tmpdir(), "antiphon-voice-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true })))
      const agent = Agent.route({ CallStarted: () => Stream.make(Event.sendText("Hello, who is there?")) })
      const services = Layer.mergeAll(
        Vad.energy(),
        SpeechToText.scripted([]),
        TestVoice.layer(),
        TurnDetector.TurnDetector.text()
      )
      const port = yield* serve((line) => Effect.provide(Speech.run(agent, line), services), {
        record: RecordingFile.recorder({ directory, audio: true })
      })
      const page = yield* connect(port)
      page.send({ ...start, call_id: "c1" })
      for (let sent = 0; sent < 40; sent++) {
        page.send(new Uint8Array(new Int16Array(320).fill(10 + sent).buffer))
        yield* Effect.sleep("20 millis")
      }
      page.close()
      yield* page.closed
      const files = () => readdirSync(directory).toSorted()
      const text = () => files().map((file) => readFileSync(join(directory, file), "latin1"))
      while (!text().some((text) => text.includes("CallClosed"))) yield* Effect.sleep("20 millis")
      while (readFileSync(join(directory, files()[1] ?? files()[0]!)).length < 10_000) yield* Effect.sleep("20 millis")
      assert.deepStrictEqual(
        files().map((file) => file.replace(/^.*-/, "")),
        ["c1.jsonl", "c1.wav"]
      )
      const wav = readFileSync(join(directory, files()[1]!))
      const samples = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length))
      const side = (channel: number) => samples.filter((_, index) => index % 2 === channel)
      assert.include([...side(0)], 20)
      assert.isAbove(side(1).filter((sample) => Math.abs(sample) > 2000).length, 1000)
    }).pipe(Effect.scoped)
  )

  it.live("names each stream before its samples, clears, and sends events for display", () =>
    Effect.gen(function* () {
      const port = yield* serve((line) =>
        Effect.gen(function* () {
          yield* line.send([audio(0, 4), { _tag: "Mark", generation: 1, stream: 0, name: "m" }, audio(0, 2)])
          yield* line.clear({ generation: 1, stream: 0 })
          yield* line.send([audio(1, 3)])
          yield* line.show!({ _tag: "AgentHeard", turn: 1, text: "Hi" })
          yield* line.show!({ _tag: "Latency", turn: 1, firstHeardMs: 12 })
          yield* Stream.runDrain(line.incoming)
        })
      )
      const page = yield* connect(port)
      page.send(start)
      yield* page.message("latency")
      assert.deepStrictEqual(
        page.messages.filter(({ type }) => type !== "ready"),
        [
          { type: "stream", generation: 1, stream: 0 },
          { type: "clear", generation: 1, stream: 0 },
          { type: "stream", generation: 1, stream: 1 },
          { type: "agent_heard", turn: 1, text: "Hi" },
          { type: "latency", turn: 1, first_heard_ms: 12 }
        ]
      )
      assert.deepStrictEqual(
        page.audio.map(({ length }) => length),
        [12, 6]
      )
    }).pipe(Effect.scoped)
  )

  it.live("hangs up once the page has played everything, or left", () =>
    Effect.gen(function* () {
      const port = yield* serve((line) => Effect.andThen(line.send([audio(0, 1600)]), line.hangUp("goodbye")))
      const page = yield* connect(port)
      page.send(start)
      assert.deepStrictEqual(yield* page.message("bye"), { type: "bye", reason: "goodbye" })
      page.close()
      assert.strictEqual(yield* page.closed, 1000)
      assert.strictEqual(page.messages.filter(({ type }) => type === "bye").length, 1)
      // A page that does not hang up is dropped after the length of what it has to play, plus a moment.
      const other = yield* connect(port)
      other.send(start)
      assert.strictEqual(yield* other.closed, 1000)
    }).pipe(Effect.scoped)
  )

  it.live("ends the call if the page disappears", () =>
    Effect.gen(function* () {
      const { answer, gone } = yield* listener
      const page = yield* connect(yield* serve(answer))
      page.send(start)
      yield* page.message("ready")
      page.send(bytes(10))
      page.send({ type: "ping" })
      yield* page.message("pong")
      page.drop()
      assert.strictEqual(audioOf(yield* gone).length, 10)
    }).pipe(Effect.scoped)
  )

  it.live("reports that it has failed, and nothing more", () =>
    Effect.gen(function* () {
      const page = yield* connect(yield* serve(() => Effect.fail(new Error("the secret of the house"))))
      page.send(start)
      assert.deepStrictEqual(yield* page.message("error"), { type: "error", code: "failed", detail: "internal error" })
      assert.strictEqual(yield* page.closed, 1011)
    }).pipe(Effect.scoped)
  )
})

describe("BrowserVoice and invalid input", () => {
  it.live("names the accepted formats, and accepts another start", () =>
    Effect.gen(function* () {
      const { answer, gone, line } = yield* listener
      const page = yield* connect(yield* serve(answer))
      page.send({ ...start, format: "pcm_22050" })
      const error = yield* page.message("error")
      assert.strictEqual(error["code"], "bad_format")
      assert.match(String(error["detail"]), /pcm_8000, pcm_16000, pcm_24000, pcm_44100, pcm_48000/)
      page.send({ ...start, format: "pcm_24000" })
      yield* page.message("ready")
      page.close()
      yield* gone
      assert.strictEqual(line().format.sampleRateHz, 24000)
    }).pipe(Effect.scoped)
  )

  it.live("joins samples split between frames, and warns about them", () =>
    Effect.gen(function* () {
      const { answer, gone } = yield* listener
      const page = yield* connect(yield* serve(answer))
      page.send(start)
      page.send(bytes(5))
      page.send(bytes(1, 5))
      page.send(bytes(7, 6))
      page.send(new Uint8Array(0))
      page.send(bytes(3, 13))
      const warning = yield* page.message("warning")
      assert.strictEqual(warning["code"], "odd_size")
      page.close()
      const heard = yield* gone
      assert.deepStrictEqual(audioOf(heard), [...bytes(16)])
      for (const one of heard) assert.isTrue(one._tag === "Audio" && one.bytes.length % 2 === 0)
    }).pipe(Effect.scoped)
  )

  it.live("keeps audio sent before the start, and counts the excess as a gap", () =>
    Effect.gen(function* () {
      const { answer, gone } = yield* listener
      const page = yield* connect(yield* serve(answer))
      for (let i = 0; i < 4; i++) page.send(bytes(20_000, i))
      page.send(start)
      yield* page.message("ready")
      page.send(bytes(4))
      page.close()
      const heard = yield* gone
      assert.deepStrictEqual(
        heard.map((one) => (one._tag === "Audio" ? one.bytes.length : one)),
        [20_000, 20_000, 20_000, { _tag: "Gap", ms: 625 }, 4]
      )
      assert.deepStrictEqual(
        page.messages.filter(({ type }) => type === "warning").map(({ code }) => code),
        ["not_started", "not_started", "not_started", "early_audio_lost"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("answers invalid frames with a text, a few times, and continues", () =>
    Effect.gen(function* () {
      const { answer, gone } = yield* listener
      const page = yield* connect(yield* serve(answer))
      page.send(start)
      for (const text of ["{", "7", "{}", '{"type":"secret"}', '{"type":"dtmf","button":"x"}', "[", "]", "null"]) {
        page.sendText(text)
      }
      page.send(start)
      page.send({ type: "text", text: "still here" })
      page.send({ type: "stop" })
      assert.deepStrictEqual(yield* gone, [{ _tag: "Text", text: "still here" }])
      yield* page.closed
      const warnings = page.messages.filter(({ type }) => type === "warning")
      assert.deepStrictEqual(
        warnings.map(({ code }) => code),
        ["bad_message", "bad_message", "bad_message", "bad_message", "bad_message", "already_started"]
      )
      assert.notMatch(JSON.stringify(warnings), /secret/)
    }).pipe(Effect.scoped)
  )

  it.live("ends a flood with a reason, after what came before it", () =>
    Effect.gen(function* () {
      const { answer, gone } = yield* listener
      const port = yield* serve(answer, { settings: { maxBytesPerSecond: 2000 } })
      const page = yield* connect(port)
      page.send(start)
      yield* page.message("ready")
      page.send(bytes(8000))
      page.send({ type: "ping" })
      yield* page.message("pong")
      for (let i = 0; i < 10; i++) page.send(bytes(8000))
      const error = yield* page.message("error")
      assert.deepStrictEqual(error, { type: "error", code: "flood", detail: "More than 2000 bytes a second came." })
      assert.strictEqual(yield* page.closed, 1008)
      assert.isAtLeast(audioOf(yield* gone).length, 8000)
    }).pipe(Effect.scoped)
  )

  it.live("does not wait forever for a start, and rejects a frame that is too long", () =>
    Effect.gen(function* () {
      const { answer } = yield* listener
      const port = yield* serve(answer, { settings: { startTimeout: Duration.millis(50), maxFrameBytes: 1000 } })
      const late = yield* connect(port)
      assert.strictEqual(yield* late.closed, 1008)
      assert.strictEqual(late.messages[0]?.["code"], "not_started")
      const long = yield* connect(port)
      long.send(start)
      long.send(bytes(1001))
      assert.strictEqual(yield* long.closed, 1009)
    }).pipe(Effect.scoped)
  )

  it.live("admits whom the server admits", () =>
    Effect.gen(function* () {
      const { answer } = yield* listener
      const port = yield* serve(answer, { settings: { token: Redacted.make("open"), maxCalls: 1 } })
      assert.strictEqual(yield* Effect.flip(connect(port)), 401)
      const authorization = "Bearer open"
      assert.strictEqual(yield* Effect.flip(connect(port, { authorization, origin: "https://else.where" })), 403)
      const page = yield* connect(port, { authorization })
      page.send(start)
      yield* page.message("ready")
      assert.strictEqual(yield* Effect.flip(connect(port, { authorization })), 503)
      page.close()
      yield* page.closed
    }).pipe(Effect.scoped)
  )

  it.live("interrupts an answer that does not end", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      const port = yield* serve(
        () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined)),
        { settings: { startTimeout: Duration.millis(100) } }
      )
      const page = yield* connect(port)
      page.send(start)
      yield* page.message("ready")
      page.drop()
      yield* Deferred.await(interrupted)
    }).pipe(Effect.scoped)
  )

  it.live("tells pages when the server stops, and later writes do not fail", () =>
    Effect.gen(function* () {
      const wrote = yield* Deferred.make<string>()
      const serving = yield* Scope.make()
      const port = yield* Scope.provide(
        serve((line) =>
          Effect.ensuring(
            Stream.runDrain(line.incoming),
            Effect.flatMap(Effect.result(line.send([audio(0, 1)])), (result) => Deferred.succeed(wrote, result._tag))
          )
        ),
        serving
      )
      const page = yield* connect(port)
      page.send(start)
      yield* page.message("ready")
      yield* Scope.close(serving, Exit.void)
      assert.strictEqual(yield* page.closed, 1001)
      assert.deepStrictEqual(page.messages.at(-1), { type: "bye", reason: "the server is stopping" })
      assert.strictEqual(yield* Deferred.await(wrote), "Success")
      assert.deepStrictEqual(page.audio, [])
    }).pipe(Effect.scoped)
  )
})
