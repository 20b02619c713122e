import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { ServeError } from "effect/http/HttpServerError"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import * as Settings from "../src/Settings.ts"
import * as StartFailure from "../src/StartFailure.ts"

const settings = (env: Record<string, string>) =>
  Effect.flip(Effect.provideService(Settings.load(), ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env })))

const systemError = (facts: object) => new ServeError({ cause: Object.assign(new Error("listen: no"), facts) })

describe("StartFailure", () => {
  it.effect("names the setting and what it must be, in one line", () =>
    Effect.gen(function* () {
      for (const [name, value, expected] of [
        ["PORT", "http", "a number"],
        ["PORT", "80.5", "a whole number"],
        ["PORT", "70000", "a value between 0 and 65535"],
        ["ANTIPHON_DRAIN_TIMEOUT", "5", "a time with its unit, such as 10 seconds"],
        ["ANTIPHON_BIND_CALLS", "maybe", "true or false"],
        ["ANTIPHON_ON_UNCAUGHT", "ignore", '"drain" or "stop" or "continue"'],
        ["ANTIPHON_TOKEN", "", "a token that is not empty"],
        ["ANTIPHON_TICKET_SECRET", "", "a token that is not empty"],
        ["ANTIPHON_TRUSTED_PROXIES", "x", "a list of addresses and ranges, such as 10.0.0.0/8, separated by commas"]
      ] as const) {
        const message = StartFailure.message(yield* settings({ [name]: value }))
        assert.strictEqual(message, `A setting cannot be read. "${name}" must be ${expected}.`)
      }
    })
  )

  it.effect("refuses a port in code that no system has", () =>
    Effect.gen(function* () {
      for (const port of [-1, 65_536, 1.5, Number.NaN]) {
        assert.match(StartFailure.message(yield* Effect.flip(Settings.load({ port }))), /^A setting .* "PORT" must be /)
      }
      assert.strictEqual((yield* Settings.load({ port: 0 })).port, 0)
    })
  )

  it("explains why the system does not let it listen", () => {
    for (const [facts, message] of [
      [{ code: "EADDRINUSE", port: 8000 }, "Port 8000 is in use already: set PORT to another one."],
      [{ code: "EACCES", port: 80 }, "Port 80 is not allowed for this user: set PORT to one above 1023."],
      [
        { code: "EADDRNOTAVAIL", address: "203.0.113.5" },
        /^203\.0\.113\.5 is not an address of this machine: set HOST/
      ],
      [{ code: "ENOTFOUND", hostname: "nowhere" }, /^The name nowhere is not known: set HOST/],
      [{ code: "EMFILE" }, "The server could not listen: listen: no."]
    ] as const) {
      const shown = StartFailure.message(systemError(facts))
      if (typeof message === "string") assert.strictEqual(shown, message)
      else assert.match(shown, message)
    }
    assert.strictEqual(StartFailure.portInUse(systemError({ code: "EADDRINUSE", port: 8000 })), 8000)
    assert.isUndefined(StartFailure.portInUse(systemError({ code: "EACCES", port: 80 })))
  })

  it("shows any other failure on one line, without its stack", () => {
    assert.strictEqual(StartFailure.message(new Error("no\n  key")), "no, key")
    assert.strictEqual(StartFailure.message("no"), "no")
  })
})

/** Starts a server that cannot start, and returns what it prints and its exit code. */
const fails = (env: Record<string, string>) =>
  Effect.promise(async () => {
    const main = fileURLToPath(new URL("support/mainServer.ts", import.meta.url))
    const child = spawn(process.execPath, ["--conditions=antiphon-source", main], {
      env: { PATH: process.env["PATH"], PORT: "0", HOST: "127.0.0.1", ...env }
    })
    let printed = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (printed += data.toString()))
    const [code] = await once(child, "close")
    return { printed: printed.trim(), code }
  })

describe("A server that cannot start", { timeout: 120_000 }, () => {
  it.live("prints one line, and exits with 1", () =>
    Effect.gen(function* () {
      const other = createServer().listen(0, "127.0.0.1")
      yield* Effect.promise(() => once(other, "listening"))
      const { port } = other.address() as { port: number }
      for (const [env, message] of [
        [{ PORT: `${port}` }, `Port ${port} is in use already: set PORT to another one.`],
        [{ ANTIPHON_TOKEN: "" }, 'A setting cannot be read. "ANTIPHON_TOKEN" must be a token that is not empty.'],
        [{ MODEL: "missing" }, "openai needs a key: set OPENAI_API_KEY"],
        [{ MODEL: "defect" }, "twilio: set TWILIO_AUTH_TOKEN"]
      ] as const) {
        const { code, printed } = yield* fails(env)
        assert.strictEqual(printed.replace(/^\S+ ERROR \(#\d+\): /, ""), message)
        assert.strictEqual(code, 1)
      }
      other.close()
    })
  )

  it.live("stops with its supervisor, which starts no process again that has never served", () =>
    Effect.gen(function* () {
      const { code, printed } = yield* fails({ ANTIPHON_PROCESSES: "2", ANTIPHON_TOKEN: "" })
      assert.strictEqual(code, 1)
      assert.match(
        printed,
        /ERROR \(#\d+\): A setting cannot be read\. "ANTIPHON_TOKEN" must be a token that is not empty\.\n/
      )
      assert.match(
        printed,
        /ERROR \(#\d+\): No process could start: the first one has ended with 1\. It has said why\.\n/
      )
      assert.notMatch(printed, /started again|^ {4}at /m)
      const few = yield* fails({ ANTIPHON_PROCESSES: "none" })
      assert.match(
        few.printed,
        /^\S+ ERROR \(#\d+\): A setting cannot be read\. "ANTIPHON_PROCESSES" must be a number\.$/
      )
      assert.strictEqual(few.code, 1)
    })
  )
})
