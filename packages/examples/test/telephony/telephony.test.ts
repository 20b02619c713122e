import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { VoiceAgentApp } from "@antiphon/server"
import { Speech, SpeechToText, TurnDetector, Vad } from "@antiphon/speech"
import * as TestVoice from "@antiphon/speech/testing/TestVoice"
import { Twilio } from "@antiphon/telephony"
import { FakeTelnyx, FakeTwilio } from "@antiphon/telephony/testing"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import { connect } from "node:net"
import { fileURLToPath } from "node:url"
import { protocols } from "../../src/telephony/carriers.ts"
import { navigator } from "../../src/telephony/menu.ts"
import { remind, reminder } from "../../src/telephony/outgoing.ts"
import { busyColleague } from "../../src/telephony/test.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const Voice = Layer.mergeAll(
  Vad.scripted([]),
  SpeechToText.scripted([]),
  TestVoice.layer(),
  TurnDetector.TurnDetector.text()
)
const wordBytes = 250 * 8

/** Waits until something holds. */
const until = (what: string, holds: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (holds() ? Effect.void : Effect.delay(until(what, holds), "20 millis"))).pipe(
    Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => Effect.die(new Error(`waited in vain: ${what}`)) })
  )

const served = (routes: Layer.Layer<never, unknown, HttpRouter.HttpRouter>) =>
  Effect.gen(function* () {
    const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
    )
    const { address } = yield* Effect.provideContext(HttpServer.HttpServer, yield* Layer.build(server))
    return `http://127.0.0.1:${"port" in address ? address.port : 0}`
  })

describe("telephony", () => {
  it.live("twilio: a call is answered with a voice", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make()
      const port = yield* freePort
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, ["--conditions=antiphon-source", "packages/examples/src/telephony/twilio.ts"], {
            cwd: root,
            env: {
              ...process.env,
              PORT: String(port),
              HOST: "127.0.0.1",
              ANTIPHON_DRAIN_TIMEOUT: "100 millis",
              DEEPGRAM_API_KEY: "none",
              TWILIO_ACCOUNT_SID: twilio.account.accountSid,
              TWILIO_AUTH_TOKEN: Redacted.value(twilio.account.authToken),
              TWILIO_BASE_URL: twilio.account.baseUrl
            },
            stdio: "ignore"
          })
        ),
        (child) =>
          Effect.promise(async () => {
            const exited = child.exitCode === null ? once(child, "exit") : undefined
            child.kill("SIGTERM")
            await exited
          })
      )
      yield* until("the server", () => child.exitCode !== null || isListening(port))
      const phone = yield* twilio.dial({ url: `http://127.0.0.1:${port}/twilio` })
      yield* phone.streams(1)
      // About two seconds of speech rather than silence.
      yield* until("the greeting", () => phone.recording().length > 8000)
      assert.isAbove(phone.recording().filter((byte) => byte !== 0xff && byte !== 0x7f).length, 4000)
    }).pipe(Effect.scoped)
  )

  it.live("transfer and test: the caller hears that the colleague is busy", () =>
    Effect.gen(function* () {
      const { called, words } = yield* busyColleague
      assert.strictEqual(called, "+15550009999")
      assert.strictEqual(Math.floor(words), 16)
    }).pipe(Effect.scoped)
  )

  it.live("outgoing: leaves a message on a machine, and reports a busy number", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make({ answeredBy: "machine_start", numbers: { "+2": "busy" } })
      const phone = Twilio.layer((line) => Speech.run(reminder, line), { account: twilio.account })
      const publicUrl = yield* served(Layer.provide(phone, Voice))
      assert.strictEqual(yield* remind("+1", { account: twilio.account, publicUrl }), "Answered")
      const called = yield* twilio.answered
      assert.strictEqual(yield* called.over, "server")
      assert.isAtLeast(called.recording().length, 5 * wordBytes)
      assert.strictEqual(yield* remind("+2", { account: twilio.account, publicUrl }), "Busy")
    }).pipe(Effect.scoped)
  )

  it.effect("menu: presses the key that leads to a person", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(navigator, [
        Caller.says("For sales, press 1. Press 2 to speak to our staff."),
        Caller.listens()
      ])
      Expect.output(call, { _tag: "AgentSendDtmf", button: "2" })
    })
  )

  it.live("carriers: one agent serves all of them, and knows who calls", () =>
    Effect.gen(function* () {
      let webhook = ""
      const twilio = yield* FakeTwilio.make()
      const telnyx = yield* FakeTelnyx.make({ webhook: () => webhook })
      const env = {
        TWILIO_ACCOUNT_SID: twilio.account.accountSid,
        TWILIO_AUTH_TOKEN: Redacted.value(twilio.account.authToken),
        TWILIO_BASE_URL: twilio.account.baseUrl,
        TELNYX_API_KEY: Redacted.value(telnyx.account.apiKey),
        TELNYX_PUBLIC_KEY: telnyx.account.publicKey,
        TELNYX_BASE_URL: telnyx.account.baseUrl
      }
      const server = VoiceAgentApp.layerServer(navigator, {
        guard: false,
        protocols,
        settings: { port: 0, host: "127.0.0.1" }
      }).pipe(Layer.provide(Voice), Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env))))
      const { address } = yield* Effect.provideContext(HttpServer.HttpServer, yield* Layer.build(server))
      const base = `http://127.0.0.1:${"port" in address ? address.port : 0}`
      webhook = `${base}/telnyx`
      const stranger = yield* twilio.dial({ url: `${base}/twilio`, from: "anonymous" })
      assert.strictEqual(yield* stranger.over, "rejected")
      const ada = yield* twilio.dial({ url: `${base}/twilio`, from: "+15550001111" })
      yield* until("Hello, Ada.", () => ada.recording().length === 2 * wordBytes)
      const other = yield* telnyx.dial({ from: "+15550003333" })
      yield* until("Hello, you.", () => other.recording().length === 2 * wordBytes)
    }).pipe(Effect.scoped)
  )
})

const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
})

let listening: number | undefined
/** Whether something listens at a port. Asks again each time. */
const isListening = (port: number): boolean => {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => {})
  socket.on("connect", () => {
    listening = port
    socket.destroy()
  })
  return listening === port
}
