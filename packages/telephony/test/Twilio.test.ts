import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as PreCall from "@antiphon/server/PreCall"
import * as AudioTime from "@antiphon/speech/AudioTime"
import * as Speech from "@antiphon/speech/Speech"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TestVoice from "@antiphon/speech/testing/TestVoice"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import * as Vad from "@antiphon/speech/Vad"
import type * as Transport from "@antiphon/speech/Transport"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Stream } from "effect"
import { HttpServer } from "effect/http"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Signature from "../src/Signature.ts"
import * as Twilio from "../src/Twilio.ts"
import { FakeTwilio } from "../src/testing.ts"
import { connect } from "./support/client.ts"
import { audioOf, listener, serve } from "./support/server.ts"

const bytes = (length: number, from = 1) => Uint8Array.from({ length }, (_, index) => ((from + index) % 100) + 1)
const audio = (stream: number, sound: Uint8Array) =>
  ({ _tag: "Audio", generation: 1, stream, at: AudioTime.zero, bytes: sound }) as const
const mark = (stream: number, sample: number) =>
  ({ _tag: "Mark", generation: 1, stream, name: `1.${stream}.${sample}` }) as const

/** A fake Twilio, and a server that it can call. */
const setUp = (
  answer: (line: Transport.Transport) => Effect.Effect<unknown, unknown>,
  options: Omit<Twilio.Options<unknown>, "account"> = {},
  behaviour: FakeTwilio.Options = {}
) =>
  Effect.gen(function* () {
    const twilio = yield* FakeTwilio.make(behaviour)
    const server = yield* serve(Twilio.layer(answer, { ...options, account: twilio.account }))
    return { twilio, url: `${server}/twilio` }
  })

describe("Twilio", () => {
  it.live("carries a call: who calls, audio and keys in, audio and marks out", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { twilio, url } = yield* setUp(heard.answer, { parameters: { tenant: "a & b" } })
      const phone = yield* twilio.dial({ url, from: "+4912345", to: "+15550002222" })
      const line = yield* heard.line
      assert.strictEqual(line.request.callId, phone.callSid)
      assert.strictEqual(line.request.from, "+4912345")
      assert.strictEqual(line.request.to, "+15550002222")
      assert.strictEqual(line.request.metadata["platform"], "twilio")
      assert.strictEqual(line.request.metadata["direction"], "inbound")
      assert.strictEqual(line.request.metadata["tenant"], "a & b")
      assert.deepStrictEqual(line.capabilities, { heard: "marks", messageMs: 100, echoFree: true })

      const sound = bytes(800)
      phone.say(sound)
      yield* heard.until("the words", (all) => Buffer.from(audioOf(all)).includes(Buffer.from(sound)))
      phone.press("5")
      assert.deepStrictEqual(yield* heard.tag("Dtmf"), { _tag: "Dtmf", button: "5" })

      const voice = bytes(480, 50)
      yield* line.send([audio(0, voice.subarray(0, 160)), audio(0, voice.subarray(160)), mark(0, 480)])
      assert.deepStrictEqual(yield* heard.tag("Mark"), { _tag: "Mark", name: "1.0.480" })
      assert.deepStrictEqual([...phone.recording()], [...voice])
      yield* phone.hangUp
      yield* heard.gone
      assert.deepStrictEqual(phone.nonsense(), [])
    }).pipe(Effect.scoped)
  )

  it.live("clears unplayed audio, and reports no mark twice", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { twilio, url } = yield* setUp(heard.answer)
      const phone = yield* twilio.dial({ url })
      const line = yield* heard.line
      yield* line.send([audio(0, bytes(160)), mark(0, 160), audio(0, bytes(80_000)), mark(0, 80_160)])
      yield* heard.tag("Mark")
      yield* line.clear({ generation: 1, stream: 0 })
      yield* heard.until("the other mark", (all) => all.filter(({ _tag }) => _tag === "Mark").length === 2)
      const [clear] = phone.clears
      assert.isAbove(clear!.droppedBytes, 0)
      assert.strictEqual(clear!.playedBytes + clear!.droppedBytes, 80_160)
    }).pipe(Effect.scoped)
  )

  it.live("hangs up through the API once everything was played", () =>
    Effect.gen(function* () {
      const { twilio, url } = yield* setUp((line) =>
        Effect.andThen(line.send([audio(0, bytes(2400))]), line.hangUp("goodbye"))
      )
      const phone = yield* twilio.dial({ url })
      assert.strictEqual(yield* phone.over, "server")
      assert.lengthOf(phone.recording(), 2400)
      assert.deepStrictEqual(
        twilio.requests.map(({ form, method }) => [method, form]),
        [["POST", { Status: "completed" }]]
      )
      assert.notInclude(phone.verbs, "Say")
    }).pipe(Effect.scoped)
  )

  it.live("pads the last frame with silence, since carriers play a short frame as noise", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { twilio, url } = yield* setUp(heard.answer)
      const phone = yield* twilio.dial({ url })
      const line = yield* heard.line
      yield* line.send([audio(0, bytes(200)), mark(0, 200)])
      yield* heard.tag("Mark")
      assert.deepStrictEqual([...phone.recording()], [...bytes(200), ...new Uint8Array(120).fill(0xff)])
    }).pipe(Effect.scoped)
  )

  it.live("sends keys as tones", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { twilio, url } = yield* setUp(heard.answer)
      const phone = yield* twilio.dial({ url })
      const line = yield* heard.line
      yield* line.dtmf!("1")
      yield* line.send([mark(0, 1)])
      yield* heard.tag("Mark")
      assert.lengthOf(phone.recording(), 1600)
    }).pipe(Effect.scoped)
  )

  it.live("tells the agent who answers an outgoing call, and how", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { twilio, url } = yield* setUp(heard.answer, {}, { answeredBy: "machine_start", numbers: { "+2": "busy" } })
      const given = { from: "+15550002222", publicUrl: url.replace("/twilio", ""), account: twilio.account }
      const { callSid } = yield* Twilio.call({ ...given, to: "+1", detectMachine: true, metadata: { campaign: "7" } })
      const phone = yield* twilio.answered
      assert.strictEqual(phone.callSid, callSid)
      assert.strictEqual(yield* Twilio.outcome(callSid, given), "Answered")
      const line = yield* heard.line
      assert.strictEqual(line.request.metadata["campaign"], "7")
      assert.strictEqual(line.request.metadata["direction"], "outbound-api")
      assert.deepStrictEqual(yield* heard.tag("Answered"), { _tag: "Answered", by: "Machine" })
      const other = yield* Twilio.call({ ...given, to: "+2" })
      assert.strictEqual(yield* Twilio.outcome(other.callSid, given), "Busy")
    }).pipe(Effect.scoped)
  )

  it.live("remembers who answered until the stream is connected", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { twilio, url } = yield* setUp(heard.answer)
      const sign = (url: string, fields: Readonly<Record<string, string>> = {}) => ({
        "x-twilio-signature": Signature.twilio(Redacted.value(twilio.account.authToken), url, Object.entries(fields))
      })
      const fields = { CallSid: "CA5", Direction: "outbound-api" }
      const twiml = yield* Effect.promise(() =>
        fetch(url, { method: "POST", headers: sign(url, fields), body: new URLSearchParams(fields) }).then((response) =>
          response.text()
        )
      )
      assert.strictEqual(yield* twilio.post(`${url}/status`, { CallSid: "CA5", AnsweredBy: "human" }), 204)
      const stream = /url="([^"]+)"/.exec(twiml)![1]!
      const socket = yield* connect(stream, sign(stream))
      socket.send({ event: "start", streamSid: "MZ5", start: { callSid: "CA5" } })
      assert.deepStrictEqual(yield* heard.tag("Answered"), { _tag: "Answered", by: "Human" })
    }).pipe(Effect.scoped)
  )

  it.live("names a missing variable, and reports a rejected number", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(Twilio.call({ to: "+1", from: "+2", publicUrl: "http://localhost" }))
      assert.strictEqual(missing.message, "twilio: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
      const twilio = yield* FakeTwilio.make({ refuses: 400 })
      const given = { from: "+2", publicUrl: "http://localhost", account: twilio.account }
      const refused = yield* Effect.flip(Twilio.call({ ...given, to: "+1" }))
      assert.deepStrictEqual(refused.reason, { _tag: "Refused", status: 400, code: 20_500 })
      const account = { ...twilio.account, authToken: Redacted.make("wrong") }
      const other = yield* FakeTwilio.make()
      const wrong = { ...given, account: { ...account, baseUrl: other.account.baseUrl } }
      const unauthorized = yield* Effect.flip(Twilio.call({ ...wrong, to: "+1" }))
      assert.strictEqual(unauthorized.reason._tag, "Unauthorized")
    }).pipe(Effect.scoped)
  )

  it.live("asks the application before a call, and passes on what it adds", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { twilio, url } = yield* setUp(heard.answer, {
        preCall: (request) =>
          request.from === "+1"
            ? Effect.succeed(PreCall.reject)
            : request.from === "+2"
              ? Effect.die(new Error("the database is down"))
              : Effect.succeed(PreCall.accept({ metadata: { customer: 12 } }))
      })
      const rejected = yield* twilio.dial({ url, from: "+1" })
      assert.strictEqual(yield* rejected.over, "rejected")
      const broken = yield* twilio.dial({ url, from: "+2" })
      assert.strictEqual(yield* broken.over, "instructions")
      assert.match(broken.verbs[0] ?? "", /^Say: I am sorry/)
      yield* twilio.dial({ url, from: "+3" })
      assert.strictEqual((yield* heard.line).request.metadata["customer"], 12)
    }).pipe(Effect.scoped)
  )
})

describe("Twilio and a recording server", () => {
  it.live("records calls, and ends them after the last word", () =>
    Effect.gen(function* () {
      const directory = mkdtempSync(join(tmpdir(), "antiphon-telephony-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true })))
      const agent = Agent.route({
        CallStarted: () => Stream.fromIterable([Event.sendText("Hello there."), Event.endCall()])
      })
      const services = Layer.mergeAll(
        Vad.scripted([]),
        SpeechToText.scripted([]),
        TestVoice.layer(),
        TurnDetector.TurnDetector.text()
      )
      const twilio = yield* FakeTwilio.make()
      const server = VoiceAgentApp.layerServer(agent, {
        guard: false,
        protocols: [Twilio.mount((line) => Speech.run(agent, line), { account: twilio.account })],
        settings: { port: 0, host: "127.0.0.1", recordDir: directory }
      })
      const context = yield* Layer.build(Layer.provide(server, services))
      const { address } = yield* Effect.provideContext(HttpServer.HttpServer, context)
      const phone = yield* twilio.dial({ url: `http://127.0.0.1:${"port" in address ? address.port : 0}/twilio` })
      assert.strictEqual(yield* phone.over, "server")
      // Two words of a quarter of a second.
      assert.lengthOf(phone.recording(), 4000)
      const text = () => readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8"))[0] ?? ""
      while (!text().includes("CallClosed")) yield* Effect.sleep("20 millis")
      assert.include(text(), "Hello there.")
    }).pipe(Effect.scoped)
  )
})

describe("Twilio and transfers", () => {
  for (const kind of ["cold", "warm"] as const) {
    it.live(`${kind}: connects the caller to a target that answers, and tells the agent`, () =>
      Effect.gen(function* () {
        const heard = yield* listener
        const { twilio, url } = yield* setUp(heard.answer, { transfer: { kind, whisper: "A caller for you." } })
        const phone = yield* twilio.dial({ url })
        const line = yield* heard.line
        yield* line.transfer!("+15550009999")
        yield* heard.gone
        assert.deepStrictEqual(
          heard.told().filter(({ _tag }) => _tag === "Transferred"),
          [{ _tag: "Transferred", outcome: "Answered", targetPhoneNumber: "+15550009999" }]
        )
        if (kind === "cold") {
          assert.strictEqual(yield* phone.over, "instructions")
          assert.include(phone.verbs, "Dial: +15550009999")
        } else {
          assert.include(phone.verbs, `Conference: antiphon-${phone.callSid}`)
          assert.match(twilio.requests[0]?.form["Twiml"] ?? "", /<Say>A caller for you\.<\/Say>/)
        }
      }).pipe(Effect.scoped)
    )

    for (const [behaviour, outcome] of [
      ["busy", "Busy"],
      ["no-answer", "NoAnswer"],
      ["failed", "Failed"]
    ] as const) {
      it.live(`${kind}: returns the caller to the agent after ${behaviour}`, () =>
        Effect.gen(function* () {
          const heard = yield* listener
          const { twilio, url } = yield* setUp(
            heard.answer,
            { transfer: { kind } },
            { numbers: { "+15550009999": behaviour } }
          )
          const phone = yield* twilio.dial({ url })
          const line = yield* heard.line
          yield* phone.streams(1)
          yield* line.transfer!("+15550009999")
          assert.deepStrictEqual(yield* heard.tag("Transferred"), {
            _tag: "Transferred",
            outcome,
            targetPhoneNumber: "+15550009999"
          })
          if (kind === "cold") {
            yield* phone.streams(2)
            yield* heard.until("the return", (all) => all.some((one) => one._tag === "Held" && !one.isHeld))
          }
          // The same call continues.
          phone.press("1")
          yield* heard.tag("Dtmf")
          yield* line.send([audio(1, bytes(160)), mark(1, 160)])
          yield* heard.tag("Mark")
          yield* line.hangUp("goodbye")
          assert.strictEqual(yield* phone.over, "server")
          yield* heard.gone
        }).pipe(Effect.scoped)
      )
    }

    it.live(`${kind}: a caller who hangs up while the target rings ends the call and the ringing`, () =>
      Effect.gen(function* () {
        const heard = yield* listener
        const { twilio, url } = yield* setUp(heard.answer, { transfer: { kind } }, { rings: "1 minute" })
        const phone = yield* twilio.dial({ url })
        const line = yield* heard.line
        yield* phone.streams(1)
        yield* line.transfer!("+15550009999")
        if (kind === "cold") yield* heard.tag("Held")
        else yield* untilRequest(twilio, ({ form }) => form["To"] === "+15550009999")
        yield* phone.hangUp
        if (kind === "cold") {
          const fields = { CallSid: phone.callSid, CallStatus: "completed" }
          assert.strictEqual(yield* twilio.post(`${url}/status`, fields), 204)
        }
        yield* heard.gone
        if (kind === "warm") yield* untilRequest(twilio, ({ form }) => form["Status"] === "completed")
      }).pipe(Effect.scoped)
    )
  }

  it.live("can transfer a returned caller to somebody else", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { twilio, url } = yield* setUp(heard.answer, {}, { numbers: { "+15550009999": "busy" } })
      const phone = yield* twilio.dial({ url })
      const line = yield* heard.line
      yield* phone.streams(1)
      yield* line.transfer!("+15550009999")
      yield* phone.streams(2)
      yield* heard.until("the return", (all) => all.some((one) => one._tag === "Held" && !one.isHeld))
      yield* line.transfer!("+15550008888")
      yield* heard.gone
      assert.deepStrictEqual(
        heard.told().map((one) => (one._tag === "Transferred" ? one.outcome : one._tag)),
        ["Held", "Busy", "Held", "Held", "Answered"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("reports an invalid target and a failing API at once, and keeps the caller", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { twilio, url } = yield* setUp(heard.answer, {}, { refuses: 500 })
      const phone = yield* twilio.dial({ url })
      const line = yield* heard.line
      yield* phone.streams(1)
      yield* line.transfer!(`"/><Hangup/>`)
      assert.strictEqual((yield* heard.tag("Transferred")).outcome, "Failed")
      assert.lengthOf(twilio.requests, 0)
      yield* line.transfer!("+15550009999")
      yield* heard.until("the other", (all) => all.filter(({ _tag }) => _tag === "Transferred").length === 2)
      assert.deepStrictEqual(
        heard.told().filter(({ _tag }) => _tag === "Held"),
        [
          { _tag: "Held", isHeld: true },
          { _tag: "Held", isHeld: false }
        ]
      )
      phone.press("#")
      yield* heard.tag("Dtmf")
    }).pipe(Effect.scoped)
  )
})

const untilRequest = (
  twilio: FakeTwilio.FakeTwilio,
  is: (request: FakeTwilio.ApiRequest) => boolean
): Effect.Effect<void> =>
  Effect.suspend(() =>
    twilio.requests.some(is) ? Effect.void : Effect.delay(untilRequest(twilio, is), "10 millis")
  ).pipe(Effect.timeout("10 seconds"), Effect.orDie)
