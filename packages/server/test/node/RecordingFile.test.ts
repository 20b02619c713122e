import * as CallRequest from "@antiphon/core/CallRequest"
import * as EventId from "@antiphon/core/EventId"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Recording from "@antiphon/core/recording/Recording"
import * as Redaction from "@antiphon/core/recording/Redaction"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as RecordingFile from "../../src/node/RecordingFile.ts"
import * as Client from "../support/client.ts"
import * as Server from "../support/server.ts"

/** A directory that exists as long as the test. */
const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "antiphon-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const read = (path: string): Recording.Recording => {
  const result = Recording.decode(readFileSync(path, "utf8"))
  return Result.isSuccess(result) ? result.success : assert.fail(result.failure.message)
}

const filesIn = (path: string) => (existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [])

/** The only file of a directory, once its recording is complete. */
const complete = (path: string) =>
  Effect.as(
    Client.until("the recording", () =>
      filesIn(path).some((file) => readFileSync(file, "utf8").includes("CallClosed"))
    ),
    filesIn(path)[0]!
  )

/** Has a call of one turn with a recording server. */
const holdCall = (server: Server.Server, start: Parameters<typeof Client.call>[1]) =>
  Effect.gen(function* () {
    const client = yield* Client.call(server.ws, start)
    client.say("hello")
    yield* client.hear("You said: hello")
    client.ws.close()
    yield* client.closed
    yield* Server.allOver(server)
    return client
  })

describe("A server that records", () => {
  it.live("writes a file for each call, with everything reported and sent, readable only by its user", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "a", "b")
      const server = yield* Server.serve(Server.byName({}), { recordDir: path })
      const client = yield* holdCall(server, { call_id: "c1", agent_token: "top-secret" })
      const file = yield* complete(path)
      assert.match(file, /\/\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z-c1\.jsonl$/)
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      const { header, lines, truncated } = read(file)
      assert.strictEqual(header.request.callId, "c1")
      assert.isFalse(truncated)
      assert.notInclude(readFileSync(file, "utf8"), "top-secret")
      assert.deepStrictEqual(
        lines.flatMap((line) => (line._tag === "Reported" ? [line.report._tag] : [])),
        ["UserTurnStarted", "UserTextSent", "UserTurnEnded"]
      )
      assert.deepStrictEqual(
        lines.flatMap((line) =>
          line._tag === "Sent" && line.output._tag === "AgentSendText" ? [line.output.text] : []
        ),
        client.messages.map(({ content }) => content)
      )
      assert.deepStrictEqual(lines.at(-1), { ...lines.at(-1)!, _tag: "CallClosed", how: "Ended" })
      const recorder = yield* Recorder.make({ request: header.request, seed: header.seed, write: () => {} })
      const nextId = yield* Recorder.provide(EventId.make, recorder)
      assert.deepStrictEqual(
        lines.flatMap((line) =>
          line._tag === "Happened" && line.event._tag === "CallStarted" ? [line.event.eventId] : []
        ),
        [nextId()]
      )
    })
  )

  it.live("records concurrent calls into separate files, and applies the redaction", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const server = yield* Server.serve(Server.byName({}), { recordDir: path }, { redact: Redaction.everything })
      const ids = ["c1", "c2", "c3"]
      yield* Effect.forEach(ids, (call_id) => holdCall(server, { call_id }), { concurrency: "unbounded" })
      yield* Client.until("the files", () => filesIn(path).filter((file) => statSync(file).size > 0).length === 3)
      yield* Client.until("their ends", () =>
        filesIn(path).every((file) => readFileSync(file, "utf8").includes("CallClosed"))
      )
      assert.deepStrictEqual(
        filesIn(path)
          .map((file) => read(file).header.request.callId)
          .toSorted(),
        ids
      )
      for (const file of filesIn(path)) assert.notMatch(readFileSync(file, "utf8"), /hello|said|Welcome/)
    })
  )

  it.live("never uses the id of a call as a path", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const server = yield* Server.serve(Server.byName({}), { recordDir: join(path, "deep", "er") })
      yield* holdCall(server, { call_id: `../../..\\\0 ${"x".repeat(500)}/é` })
      const file = yield* complete(join(path, "deep", "er"))
      assert.match(file, /Z-_x{79}\.jsonl$/)
      assert.deepStrictEqual(readdirSync(path), ["deep"])
    })
  )

  it.live("continues a call it cannot record, and logs that once, with the id of the call", () =>
    Effect.gen(function* () {
      const file = join(yield* directory, "file")
      writeFileSync(file, "")
      const server = yield* Server.serve(Server.byName({}), { recordDir: join(file, "no") })
      const failures = () => server.log.filter(({ message }) => message.includes("could not be written"))
      const client = yield* Client.call(server.ws, { call_id: "c1" })
      yield* client.hear("Welcome.")
      yield* Client.until("the failure", () => failures().length > 0)
      client.say("hello")
      yield* client.hear("You said: hello")
      client.ws.close()
      yield* Server.allOver(server)
      assert.deepStrictEqual(
        failures().map(({ annotations, level }) => [level, annotations["callId"]]),
        [["Error", "c1"]]
      )
    })
  )
})

describe("RecordingFile", () => {
  it.live("names a file by the id that a redaction returns", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const redactions: ReadonlyArray<Redaction.Redaction> = [
        { request: (request) => ({ ...request, callId: "hidden" }) },
        {
          request: () => {
            throw new Error("no")
          }
        }
      ]
      for (const redact of redactions) {
        yield* Effect.scoped(
          RecordingFile.recorder({ directory: path, redact })(CallRequest.make({ callId: "secret" }))
        )
      }
      assert.deepStrictEqual(
        readdirSync(path)
          .map((name) => name.replace(/^.*Z-/, ""))
          .toSorted(),
        ["hidden.jsonl", "redacted.jsonl"]
      )
      for (const file of filesIn(path)) assert.notInclude(readFileSync(file, "utf8"), "secret")
    })
  )

  /** Runs a call in its own process, and returns the process and the number of messages it reports to have sent. */
  const run = (path: string, ...args: ReadonlyArray<string>) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const script = fileURLToPath(new URL("../support/recordedProcess.ts", import.meta.url))
        const child: ChildProcess = spawn(process.execPath, ["--conditions=antiphon-source", script, path, ...args], {
          stdio: ["ignore", "pipe", "ignore"]
        })
        const state = { sent: 0, over: false }
        child.stdout!.on("data", (text: Buffer) => (state.sent = Number(text.toString().trim().split("\n").at(-1))))
        child.on("exit", () => (state.over = true))
        return { child, state }
      }),
      ({ child }) => Effect.sync(() => void child.kill("SIGKILL"))
    )

  const wordsOf = ({ lines }: Recording.Recording) =>
    lines.flatMap((line) => (line._tag === "Sent" && line.output._tag === "AgentSendText" ? [line.output.text] : []))

  it.live("can be read after its process was killed, and lacks only the last moments", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const { child, state } = yield* run(path)
      yield* Client.until("a second of talk", () => state.sent >= 1000)
      child.kill("SIGKILL")
      yield* Client.until("its end", () => state.over)
      const words = wordsOf(read(filesIn(path)[0]!))
      assert.isAbove(words.length, 300)
      assert.deepStrictEqual(
        words,
        Array.from(words, (_, n) => `word${n} `)
      )
    })
  )

  it.live("is complete if its process exits, or dies of an exception", () =>
    Effect.gen(function* () {
      for (const end of ["exit", "throw"]) {
        const path = yield* directory
        const { state } = yield* run(path, end)
        yield* Client.until("its end", () => state.over)
        assert.strictEqual(wordsOf(read(filesIn(path)[0]!)).length, 100, end)
      }
    })
  )

  const request = CallRequest.make({ callId: "c1" })
  const wavIn = (path: string) => filesIn(path).find((file) => file.endsWith(".wav"))
  const sizes = (file: string) => {
    const bytes = readFileSync(file)
    return {
      file: bytes.length,
      riff: bytes.readUInt32LE(4),
      data: bytes.readUInt32LE(40),
      rate: bytes.readUInt32LE(24)
    }
  }

  it.live("keeps the audio of a call beside its lines on request, in a file that can be played at any time", () =>
    Effect.gen(function* () {
      const path = yield* directory
      yield* Effect.scoped(
        Effect.gen(function* () {
          const recorder = yield* RecordingFile.recorder({ directory: path, audio: true })(request)
          recorder.note({ _tag: "CallClosed", how: "Ended" })
          const write = recorder.audio!(16000)
          write(new Uint8Array(6400).fill(7))
          yield* Client.until("the first samples", () => {
            const file = wavIn(path)
            return file !== undefined && statSync(file).size >= 44 && sizes(file).data === 6400
          })
          // As if the process were killed now.
          assert.deepStrictEqual(sizes(wavIn(path)!), { file: 6444, riff: 6436, data: 6400, rate: 16000 })
          write(new Uint8Array(100).fill(9))
        })
      )
      const [lines, wav] = filesIn(path).toSorted()
      assert.strictEqual(wav, lines!.replace(/jsonl$/, "wav"))
      assert.deepStrictEqual(sizes(wav!), { file: 6544, riff: 6536, data: 6500, rate: 16000 })
      assert.strictEqual(statSync(wav!).mode & 0o777, 0o600)
      assert.strictEqual(readFileSync(wav!).subarray(8, 16).toString("latin1"), "WAVEfmt ")
      assert.strictEqual(readFileSync(wav!).readUInt16LE(22), 2)
    }).pipe(Effect.scoped)
  )

  it.live("keeps no audio by default, or if words are redacted, unless the redaction allows it", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const audioOf = (options: Omit<RecordingFile.Options, "directory">) =>
        Effect.map(RecordingFile.recorder({ directory: path, ...options })(request), ({ audio }) => audio !== undefined)
      const redact = Redaction.everything
      assert.isFalse(yield* audioOf({}))
      assert.isFalse(yield* audioOf({ audio: true, redact }))
      assert.isTrue(yield* audioOf({ audio: true, redact: { ...redact, audio: true } }))
      assert.deepStrictEqual(
        filesIn(path).filter((file) => file.endsWith(".wav")),
        []
      )
    }).pipe(Effect.scoped)
  )

  it.live("continues without audio if it cannot be written", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "file")
      writeFileSync(path, "no directory")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const recorder = yield* RecordingFile.recorder({ directory: path, audio: true })(request)
          recorder.audio!(8000)(new Uint8Array(320))
        })
      )
      assert.strictEqual(readFileSync(path, "utf8"), "no directory")
    }).pipe(Effect.scoped)
  )
})
