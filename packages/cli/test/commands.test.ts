import { assert, describe, it } from "@effect/vitest"
import { FakeTwilio } from "@antiphon/telephony/testing"
import { Effect, Redacted, Schedule } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { fixture, run } from "./running.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** The command in its own process, as a user runs it, with no key and no color. */
const antiphon = (args: ReadonlyArray<string>, options: { readonly cwd?: string; readonly env?: object } = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const bare = Object.entries(process.env).filter(
        ([name]) => !/_KEY$|_BASE_URL$|^ANTIPHON_|^TWILIO_|^PORT$/.test(name)
      )
      const child = spawn(
        process.execPath,
        ["--conditions=antiphon-source", join(root, "scripts/antiphon.mjs"), ...args],
        {
          cwd: options.cwd ?? root,
          env: { ...Object.fromEntries(bare), HOST: "127.0.0.1", ...options.env }
        }
      )
      const state = { child, printed: "", code: undefined as number | null | undefined }
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => (state.printed += text))
      }
      child.on("close", (code) => (state.code = code))
      return state
    }),
    ({ child, code }) => (code === undefined ? Effect.promise(() => ended(child)) : Effect.void)
  )

const ended = async (child: ChildProcess) => {
  const closed = once(child, "close")
  child.kill("SIGTERM")
  await closed
}

const until = (holds: () => boolean) =>
  Effect.sync(holds).pipe(Effect.repeat({ until: (there) => there, schedule: Schedule.spaced("20 millis") }))

const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
})

/** A user's project with one agent. */
const project = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "antiphon-project-"))
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)
const agentThatSays = (text: string) => `
  import { Agent, Event } from "@antiphon/core"
  import { Stream } from "effect"
  export default Agent.make(Agent.route({ CallStarted: () => Stream.make(Event.sendText(${JSON.stringify(text)})) }))
`

/** The first words of an agent, over the wire. */
const greeting = (port: number) =>
  Effect.promise(async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    return await new Promise<string | undefined>((resolve) => {
      socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "start" })))
      socket.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(String(data))
        if (frame.type !== "message") return
        resolve(frame.content)
        socket.close()
      })
      socket.addEventListener("error", () => resolve(undefined))
    })
  })

describe("antiphon chat", { timeout: 120_000 }, () => {
  it.live("sends piped lines to an agent, and shows its answers and tools", () =>
    Effect.gen(function* () {
      const chat = yield* antiphon(["chat", fixture("agent.ts")])
      chat.child.stdin.end("A table for two\n")
      yield* until(() => chat.code !== undefined)
      assert.strictEqual(chat.code, 0, chat.printed)
      assert.match(chat.printed, /agent {2}Good evening/)
      assert.match(chat.printed, /you {4}A table for two\n/)
    }).pipe(Effect.scoped)
  )

  it.live("explains in one line why it cannot start", () =>
    Effect.gen(function* () {
      const { error } = yield* run(["chat", "nowhere.ts"])
      assert.match(error?._tag === "CliError" ? error.message : "", /^There is no file nowhere\.ts\.$/)
      const model = yield* run(["chat", fixture("agent.ts"), "--model", "nobody/x"])
      assert.match(
        model.error?._tag === "CliError" ? model.error.message : "",
        /^The model cannot be used: unknown provider/
      )
    })
  )
})

describe("antiphon start", { timeout: 120_000 }, () => {
  it.live("serves an agent with the console, and exits with 0 on a signal", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const server = yield* antiphon(["start", fixture("agent.ts"), "--port", `${port}`])
      yield* until(() => server.printed.includes("Ctrl-C") || server.code !== undefined)
      assert.match(yield* Effect.promise(async () => await (await fetch(`http://127.0.0.1:${port}/`)).text()), /<html/)
      assert.match((yield* greeting(port)) ?? "", /Good/)
      const metrics = yield* Effect.promise(async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
      assert.match(metrics, /^antiphon_ready [01]$/m)
      const second = yield* antiphon(["start", fixture("agent.ts"), "--port", `${port}`])
      yield* until(() => second.code !== undefined)
      assert.strictEqual(second.code, 1)
      assert.match(
        second.printed.trim(),
        /^✗ Port \d+ is in use already\. Try another one: antiphon start \S+ --port \d+$/
      )
      server.child.kill("SIGTERM")
      yield* until(() => server.code !== undefined)
      assert.strictEqual(server.code, 0)
    }).pipe(Effect.scoped)
  )
})

describe("antiphon start with a token", { timeout: 120_000 }, () => {
  it.live("shows its metrics to nobody without it", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const server = yield* antiphon(["start", fixture("agent.ts"), "--port", `${port}`], {
        env: { ANTIPHON_TOKEN: "secret" }
      })
      yield* until(() => server.printed.includes("Ctrl-C") || server.code !== undefined)
      const page = (headers: Record<string, string>) =>
        Effect.promise(() => fetch(`http://127.0.0.1:${port}/metrics`, { headers }))
      assert.strictEqual((yield* page({})).status, 401)
      assert.strictEqual((yield* page({ authorization: "Bearer secret" })).status, 200)
    }).pipe(Effect.scoped)
  )
})

describe("antiphon dev", { timeout: 120_000 }, () => {
  it.live("serves the latest save, even after a mistake and with an open call", () =>
    Effect.gen(function* () {
      const folder = yield* project
      const save = (text: string) => writeFileSync(join(folder, "agent.ts"), text)
      save(agentThatSays("one"))
      const port = yield* freePort
      const dev = yield* antiphon(["dev", "agent.ts", "--port", `${port}`], { cwd: folder })
      const hears = (text: string) =>
        greeting(port).pipe(
          Effect.repeat({ until: (heard) => heard === text, schedule: Schedule.spaced("100 millis") })
        )
      yield* hears("one")
      const open = new WebSocket(`ws://127.0.0.1:${port}/ws`)
      yield* Effect.promise(() => new Promise((resolve) => open.addEventListener("open", resolve)))
      open.send(JSON.stringify({ type: "start" }))
      save(agentThatSays("two"))
      yield* hears("two")
      save("this is no program")
      yield* until(() => /could not be loaded/.test(dev.printed) && /Save a file to start again/.test(dev.printed))
      save(agentThatSays("three"))
      yield* hears("three")
      assert.match(dev.printed, /agent\.ts saved: restarting/)
    }).pipe(Effect.scoped)
  )
})

describe("antiphon call", { timeout: 120_000 }, () => {
  const keys = (twilio: FakeTwilio.FakeTwilio, port: number) => ({
    PORT: `${port}`,
    TWILIO_ACCOUNT_SID: twilio.account.accountSid,
    TWILIO_AUTH_TOKEN: Redacted.value(twilio.account.authToken),
    TWILIO_BASE_URL: twilio.account.baseUrl,
    TWILIO_NUMBER: "+15550002222",
    ANTIPHON_PUBLIC_URL: `http://127.0.0.1:${port}`,
    ANTIPHON_STT: "openai/whisper-1",
    OPENAI_API_KEY: "k"
  })

  it.live("connects the agent to the person who answers, and ends when they hang up", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make({ rings: "100 millis" })
      const port = yield* freePort
      const call = yield* antiphon(["call", "+4930123456", fixture("greeter.ts")], { env: keys(twilio, port) })
      const phone = yield* twilio.answered
      yield* until(() => phone.played.length > 0 || call.code !== undefined)
      assert.isUndefined(call.code, call.printed)
      assert.strictEqual(twilio.requests[0]?.form["To"], "+4930123456")
      yield* phone.hangUp
      yield* until(() => call.code !== undefined)
      assert.match(call.printed, /Calling \+4930123456 …[^]*Somebody answers[^]*The call is over/)
      assert.strictEqual(call.code, 0)
    }).pipe(Effect.scoped)
  )

  it.live("exits with 1 if the line is busy", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make({ rings: "50 millis", numbers: { "+4930123456": "busy" } })
      const call = yield* antiphon(["call", "+4930123456", fixture("greeter.ts")], {
        env: keys(twilio, yield* freePort)
      })
      yield* until(() => call.code !== undefined)
      assert.match(call.printed, /The line is busy\./)
      assert.strictEqual(call.code, 1)
    }).pipe(Effect.scoped)
  )

  it.live("explains in one line what is missing or wrong", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make()
      const env = keys(twilio, yield* freePort)
      const { ANTIPHON_PUBLIC_URL: _, ...hidden } = env
      const { TWILIO_AUTH_TOKEN: __, ...keyless } = env
      for (const [args, given, message] of [
        [["call", "030-12", fixture("greeter.ts")], env, /^✗ "030-12" is not a telephone number/],
        [["call", "+4930123456", fixture("greeter.ts")], hidden, /^✗ Missing --public-url/],
        [
          ["call", "+4930123456", fixture("greeter.ts")],
          keyless,
          /^✗ The request to the carrier failed: twilio: set TWILIO_AUTH_TOKEN/
        ],
        [["call", "+4930123456", "nowhere.ts"], env, /^✗ There is no file nowhere\.ts/],
        [
          ["call", "+4930123456", fixture("greeter.ts"), "--public-url", "my tunnel"],
          env,
          /^✗ "my tunnel" is not a public address/
        ]
      ] as const) {
        const call = yield* antiphon(args, { env: given })
        yield* until(() => call.code !== undefined)
        assert.match(call.printed.trim(), message)
        assert.strictEqual(call.code, 1)
      }
    }).pipe(Effect.scoped)
  )
})

describe("antiphon doctor", () => {
  it.live("reports what is there and what is not, for people and for programs", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const doctor = yield* antiphon(["doctor", fixture("agent.ts"), "--json"], { env: { PORT: `${port}` } })
      yield* until(() => doctor.code !== undefined)
      const findings = JSON.parse(doctor.printed) as ReadonlyArray<{ what: string; verdict: string; says: string }>
      assert.deepStrictEqual(
        findings.filter(({ verdict }) => verdict === "Bad"),
        []
      )
      assert.includeMembers(
        findings.map(({ what }) => what),
        ["Node", "effect", "@antiphon", "agent", "port", "models", "hearing", "voice", "microphone"]
      )
      assert.strictEqual(doctor.code, 0)
    }).pipe(Effect.scoped)
  )

  it.live("reports a port in use, an unreachable provider and an unreadable setting, and shows no key", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const env = {
        PORT: `${port}`,
        OPENAI_API_KEY: "sk-secret",
        OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
        ANTIPHON_TTS: "nobody/x"
      }
      const other = createServer().listen(port, "127.0.0.1")
      yield* Effect.promise(() => once(other, "listening"))
      const doctor = yield* antiphon(["doctor", "nowhere.ts"], { env })
      other.on("connection", (socket) => socket.destroy())
      yield* until(() => doctor.code !== undefined)
      other.close()
      assert.strictEqual(doctor.code, 1)
      assert.match(doctor.printed, /✗ agent +There is no file nowhere\.ts/)
      assert.match(doctor.printed, new RegExp(`✗ port +${port} is in use`))
      assert.match(doctor.printed, /✗ openai +OPENAI_API_KEY is set, but 127\.0\.0\.1:\d+ does not answer/)
      assert.match(doctor.printed, /✗ voice +nobody\/x cannot be used/)
      assert.notInclude(doctor.printed, "sk-secret")
      const unreadable = yield* antiphon(["doctor"], { env: { PORT: "many" } })
      yield* until(() => unreadable.code !== undefined)
      assert.match(unreadable.printed, /✗ settings +A setting cannot be read\./)
    }).pipe(Effect.scoped)
  )
})

describe("antiphon doctor in a project for the telephone", { timeout: 120_000 }, () => {
  const findingsOf = (folder: string, env: object) =>
    Effect.gen(function* () {
      const doctor = yield* antiphon(["doctor", "--json"], { cwd: folder, env: { PORT: "0", ...env } })
      yield* until(() => doctor.code !== undefined)
      const findings = JSON.parse(doctor.printed) as ReadonlyArray<{ what: string; verdict: string; says: string }>
      return { bad: findings.filter(({ verdict }) => verdict === "Bad").map(({ says }) => says), code: doctor.code }
    })

  it.live("names what is missing of its recogniser, its carrier, its model and its metrics", () =>
    Effect.gen(function* () {
      const folder = yield* project
      writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies: { "@antiphon/telephony": "0.1.0" } }))
      const nothing = yield* findingsOf(folder, {})
      assert.strictEqual(nothing.code, 1)
      assert.match(
        nothing.bad.join("\n"),
        /^ANTIPHON_STT is not set.*\nno account: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN$/
      )
      const half = yield* findingsOf(folder, {
        ANTIPHON_STT: "deepgram/nova-3",
        ANTIPHON_MODEL: "groq/x",
        ANTIPHON_METRICS_TOKEN: "",
        ANTIPHON_PUBLIC_URL: "my tunnel",
        TWILIO_ACCOUNT_SID: "AC1",
        TELNYX_API_KEY: "k"
      })
      assert.strictEqual(half.code, 1)
      for (const missing of [
        /set DEEPGRAM_API_KEY/,
        /set GROQ_API_KEY/,
        /ANTIPHON_METRICS_TOKEN is set, but empty/,
        /^TWILIO_AUTH_TOKEN is missing$/m,
        /^TELNYX_PUBLIC_KEY is missing$/m,
        /ANTIPHON_PUBLIC_URL must be an address/
      ]) {
        assert.match(half.bad.join("\n"), missing)
      }
      const complete = yield* findingsOf(folder, {
        ANTIPHON_STT: "deepgram/nova-3",
        DEEPGRAM_API_KEY: "k",
        TWILIO_ACCOUNT_SID: "AC1",
        TWILIO_AUTH_TOKEN: "t"
      })
      assert.deepStrictEqual(complete, { bad: [], code: 0 })
    }).pipe(Effect.scoped)
  )
})

describe("A failure that no command expects", { timeout: 120_000 }, () => {
  it.live("is one line without a stack, and exits with 1", () =>
    Effect.gen(function* () {
      const folder = yield* project
      const modules = {
        "floating.ts": `Promise.reject(new Error("left behind")); ${agentThatSays("hi")}`,
        "later.ts": `setImmediate(() => { throw new Error("left behind") }); ${agentThatSays("hi")}`
      }
      for (const [name, text] of Object.entries(modules)) {
        writeFileSync(join(folder, name), text)
        const chat = yield* antiphon(["chat", name], { cwd: folder })
        yield* until(() => chat.code !== undefined)
        assert.match(chat.printed, new RegExp(`✗ Uncaught: left behind \\(${name}:\\d+\\)\\.\n`))
        assert.notMatch(chat.printed, /^ {4}at /m)
        assert.strictEqual(chat.code, 1)
      }
      for (const [args, env, message] of [
        [["start", fixture("agent.ts"), "--port", "99999"], {}, /Invalid value for flag --port.* from 0 to 65535/],
        [
          ["start", fixture("agent.ts")],
          { OTEL_EXPORTER_OTLP_ENDPOINT: "there" },
          /✗ .*"OTEL_EXPORTER_OTLP_ENDPOINT" must be/
        ],
        [["start", fixture("agent.ts")], { ANTIPHON_METRICS_TOKEN: "" }, /✗ .*"ANTIPHON_METRICS_TOKEN" must be/]
      ] as const) {
        const start = yield* antiphon(args, { env: { PORT: "0", ...env } })
        yield* until(() => start.code !== undefined)
        assert.match(start.printed, message)
        assert.notMatch(start.printed, /^ {4}at /m)
        assert.strictEqual(start.code, 1)
      }
    }).pipe(Effect.scoped)
  )
})

describe("antiphon env", () => {
  it.live("shows the settings in force, and no secret", () =>
    Effect.gen(function* () {
      const env = { ANTIPHON_TOKEN: "top-secret", GROQ_API_KEY: "gsk", PORT: "8123" }
      const shown = yield* antiphon(["env"], { env })
      yield* until(() => shown.code !== undefined)
      assert.match(shown.printed, /ANTIPHON_TOKEN +set\n/)
      assert.match(shown.printed, /GROQ_API_KEY +set\n/)
      assert.match(shown.printed, /PORT +8123\n/)
      assert.match(shown.printed, /ANTIPHON_MAX_CALLS +not set/)
      assert.match(shown.printed, /The model is groq\//)
      assert.notMatch(shown.printed, /top-secret|gsk/)
    }).pipe(Effect.scoped)
  )
})
