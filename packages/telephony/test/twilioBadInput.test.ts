/** What a carrier can do wrong, and what happens to the call: the rows of the table in docs/telephony.md. */
import type * as Settings from "@antiphon/server/Settings"
import * as AudioTime from "@antiphon/speech/AudioTime"
import type { TransportError, Transport } from "@antiphon/speech/Transport"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Logger, Redacted, Schedule, Scope, Stream } from "effect"
import * as Signature from "../src/Signature.ts"
import * as Twilio from "../src/Twilio.ts"
import { FakeTwilio, type Faults } from "../src/testing.ts"
import { connect } from "./support/client.ts"
import { audioOf, listener, serve } from "./support/server.ts"

const sound = (length: number) => Uint8Array.from({ length }, (_, index) => (index % 100) + 1)
const speech = (bytes: Uint8Array) => ({ _tag: "Audio", generation: 1, stream: 0, at: AudioTime.zero, bytes }) as const
const includes = (all: Uint8Array, some: Uint8Array) => Buffer.from(all).includes(Buffer.from(some))

/** A call to a listening server, by a carrier that does something wrong. */
const faulty = (faults: Faults, options: { readonly settings?: Settings.Overrides } = {}) =>
  Effect.gen(function* () {
    const heard = yield* listener
    const twilio = yield* FakeTwilio.make()
    const server = yield* serve(Twilio.layer(heard.answer, { ...options, account: twilio.account }))
    const phone = yield* twilio.dial({ url: `${server}/twilio`, faults })
    return { heard, phone, twilio, url: `${server}/twilio` }
  })

/** Runs an effect, and returns what was logged meanwhile. */
const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(JSON.stringify(message)))
    yield* Effect.provide(effect, Logger.layer([logger]))
    return lines
  })

const apologises = (phone: FakeTwilio.Phone) =>
  Effect.gen(function* () {
    assert.strictEqual(yield* phone.over, "instructions")
    assert.match(phone.verbs.at(-1) ?? "", /^Say: I am sorry/)
  })

describe("a carrier that misbehaves", () => {
  it.live("audio in an unusable format: the stream is closed, and the caller is told", () =>
    Effect.gen(function* () {
      const { phone } = yield* faulty({ mediaFormat: { encoding: "audio/x-l16", sampleRate: 16_000 } })
      yield* apologises(phone)
      assert.strictEqual(phone.closes[0]?.code, 1008)
    }).pipe(Effect.scoped)
  )

  it.live("chunks of any size: no byte is lost", () =>
    Effect.gen(function* () {
      const { heard, phone } = yield* faulty({ chunkBytes: [1, 159, 161, 7, 33, 400] })
      yield* phone.streams(1)
      const words = sound(3001)
      phone.say(words)
      yield* heard.until("the words", (all) => includes(audioOf(all), words))
    }).pipe(Effect.scoped)
  )

  it.live("audio before the start: it is kept", () =>
    Effect.gen(function* () {
      const { heard } = yield* faulty({ early: 10 })
      yield* heard.until("the audio", (all) => audioOf(all).length >= 1600)
      assert.isBelow(
        heard.heard.findIndex(({ _tag }) => _tag === "Audio"),
        10
      )
    }).pipe(Effect.scoped)
  )

  it.live("audio faster than real time: at most five seconds ahead", () =>
    Effect.gen(function* () {
      const { heard, phone } = yield* faulty({ pace: 10 })
      yield* phone.streams(1)
      yield* Effect.sleep("1500 millis")
      phone.press("1")
      yield* heard.tag("Dtmf")
      const seconds = audioOf(heard.heard).length / 8000
      assert.isAbove(seconds, 4)
      assert.isBelow(seconds, phone.now() / 1000 + 5.2)
    }).pipe(Effect.scoped)
  )

  it.live("lost messages: a gap of their length", () =>
    Effect.gen(function* () {
      const { heard } = yield* faulty({ lost: (chunk) => chunk === 3 || chunk === 4 })
      assert.deepStrictEqual(yield* heard.tag("Gap"), { _tag: "Gap", ms: 40 })
    }).pipe(Effect.scoped)
  )

  it.live("no marks: a hang-up does not wait for them", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make()
      const server = yield* serve(
        Twilio.layer((line) => Effect.andThen(line.send([speech(sound(800))]), line.hangUp("goodbye")), {
          account: twilio.account
        })
      )
      const phone = yield* twilio.dial({ url: `${server}/twilio`, faults: { marks: "never" } })
      assert.strictEqual(yield* phone.over, "server")
      assert.lengthOf(phone.recording(), 800)
    }).pipe(Effect.scoped)
  )

  it.live("late marks: they are reported", () =>
    Effect.gen(function* () {
      const { heard, phone } = yield* faulty({ marks: 200 })
      const line = yield* heard.line
      yield* line.send([speech(sound(160)), { _tag: "Mark", generation: 1, stream: 0, name: "1.0.160" }])
      yield* heard.tag("Mark")
      assert.isAbove(phone.now() - phone.played[0]!.at, 190)
    }).pipe(Effect.scoped)
  )

  it.live("nonsense, binary frames and unknown events: dropped, counted, never quoted, and the call continues", () =>
    Effect.gen(function* () {
      const garbage = [
        "{",
        "null",
        "[]",
        '{"event":"media"}',
        '{"event":"media","media":{"payload":7}}',
        '{"event":"dtmf","dtmf":{"digit":"secret"}}',
        '{"event":"start","start":{"callSid":"other"}}',
        '{"event":"mark"}',
        '{"event":"weather","secret":1}',
        Uint8Array.of(1, 2, 3)
      ]
      const lines = yield* logged(
        Effect.gen(function* () {
          const { heard, phone } = yield* faulty({ garbage })
          yield* heard.line
          phone.press("1")
          yield* heard.tag("Dtmf")
          assert.deepStrictEqual(heard.told(), [{ _tag: "Dtmf", button: "1" }])
          yield* phone.hangUp
          yield* heard.gone
        }).pipe(Effect.scoped)
      )
      assert.notMatch(lines.join("\n"), /secret|payload/)
      assert.match(lines.join("\n"), /A message was dropped: a message that is not JSON/)
    })
  )

  for (const stop of ["never", "twice"] as const) {
    it.live(`a stream that ends with its stop said ${stop}: the call is over`, () =>
      Effect.gen(function* () {
        const { heard, phone } = yield* faulty({ stop })
        yield* heard.line
        yield* phone.hangUp
        yield* heard.gone
      }).pipe(Effect.scoped)
    )
  }

  it.live("no stop, and a socket that stays open: the status of the stream, or of the call, ends it", () =>
    Effect.gen(function* () {
      const { heard, phone } = yield* faulty({ stop: "never", staysOpen: true })
      yield* heard.line
      yield* phone.hangUp
      yield* heard.gone
      const other = yield* faulty({})
      yield* other.heard.line
      const fields = { CallSid: other.phone.callSid, CallStatus: "completed" }
      assert.strictEqual(yield* other.twilio.post(`${other.url}/status`, fields), 204)
      yield* other.heard.gone
    }).pipe(Effect.scoped)
  )

  it.live("a lost connection: the call is over", () =>
    Effect.gen(function* () {
      const { heard, phone } = yield* faulty({})
      yield* heard.line
      yield* phone.drop
      yield* heard.gone
    }).pipe(Effect.scoped)
  )

  it.live("no start: the stream is closed in time, and the caller is told", () =>
    Effect.gen(function* () {
      const { phone } = yield* faulty({ noStart: true }, { settings: { startTimeout: Duration.millis(100) } })
      yield* apologises(phone)
      assert.strictEqual(phone.closes[0]?.code, 1008)
    }).pipe(Effect.scoped)
  )

  it.live("silence for too long: the call is hung up", () =>
    Effect.gen(function* () {
      const { heard, phone } = yield* faulty({ isMute: true }, { settings: { idleTimeout: Duration.millis(300) } })
      yield* heard.gone
      assert.strictEqual(yield* phone.over, "server")
    }).pipe(Effect.scoped)
  )

  it.live("more data than allowed: the stream is closed, after what came before was heard", () =>
    Effect.gen(function* () {
      const { heard, phone } = yield* faulty({ early: 60 }, { settings: { maxFramesPerSecond: 8 } })
      yield* heard.gone
      yield* apologises(phone)
      assert.strictEqual(phone.closes[0]?.code, 1008)
      assert.isAbove(audioOf(heard.heard).length, 0)
    }).pipe(Effect.scoped)
  )

  it.live("a carrier that does not read: the line fails, with a reason", () =>
    Effect.gen(function* () {
      const broke = yield* Deferred.make<TransportError>()
      const flood = (line: Transport) =>
        Effect.forever(Effect.andThen(line.send([speech(sound(80_000))]), Effect.sleep("5 millis")))
      const answer = (line: Transport) =>
        Effect.raceFirst(
          flood(line),
          Effect.catch(Stream.runDrain(line.incoming), (error) => Deferred.succeed(broke, error))
        )
      const twilio = yield* FakeTwilio.make()
      const settings = { maxBufferedBytes: 64_000, stallTimeout: Duration.millis(200) }
      const server = yield* serve(Twilio.layer(answer, { account: twilio.account, settings }))
      const phone = yield* twilio.dial({ url: `${server}/twilio`, faults: { isDeaf: true } })
      assert.strictEqual((yield* Deferred.await(broke)).reason, "Stalled")
      yield* apologises(phone)
    }).pipe(Effect.scoped)
  )

  it.live("an agent that fails: the caller is told", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make()
      const server = yield* serve(
        Twilio.layer(() => Effect.fail("broken"), { account: twilio.account, apology: "Sorry & goodbye." })
      )
      const phone = yield* twilio.dial({ url: `${server}/twilio` })
      assert.strictEqual(yield* phone.over, "instructions")
      assert.deepStrictEqual(phone.verbs, ["Connect", "Say: Sorry & goodbye."])
    }).pipe(Effect.scoped)
  )
})

describe("faults on our side", () => {
  it.live("an API that rejects a hang-up: the stream is closed, so that the call does not go on", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make({ refuses: 500 })
      const server = yield* serve(Twilio.layer((line) => line.hangUp("goodbye"), { account: twilio.account }))
      const phone = yield* twilio.dial({ url: `${server}/twilio` })
      yield* apologises(phone)
      assert.strictEqual(phone.closes[0]?.code, 1000)
    }).pipe(Effect.scoped)
  )

  it.live("a server that stops: the stream is closed, and the caller is told", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const twilio = yield* FakeTwilio.make()
      const serving = yield* Scope.make()
      const server = yield* Scope.provide(serve(Twilio.layer(heard.answer, { account: twilio.account })), serving)
      const phone = yield* twilio.dial({ url: `${server}/twilio` })
      yield* heard.line
      yield* Scope.close(serving, Exit.void)
      yield* apologises(phone)
      assert.strictEqual(phone.closes[0]?.code, 1001)
    }).pipe(Effect.scoped)
  )
})

describe("admission", () => {
  it.live("rejects unsigned webhooks, whatever they say", () =>
    Effect.gen(function* () {
      for (const signs of ["never", "wrong"] as const) {
        const heard = yield* listener
        const twilio = yield* FakeTwilio.make({ signs })
        const server = yield* serve(Twilio.layer(heard.answer, { account: twilio.account }))
        for (const method of ["GET", "POST"] as const) {
          assert.strictEqual(yield* Effect.flip(twilio.dial({ url: `${server}/twilio`, method })), 403)
        }
        for (const path of ["status", "transferred"]) {
          assert.strictEqual(yield* twilio.post(`${server}/twilio/${path}`, { CallSid: "CA1" }), 403)
        }
      }
    }).pipe(Effect.scoped)
  )

  it.live("accepts a webhook called with GET, and one behind a proxy with another address", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const twilio = yield* FakeTwilio.make()
      const server = yield* serve(Twilio.layer(heard.answer, { account: twilio.account }))
      yield* twilio.dial({ url: `${server}/twilio?tenant=7`, method: "GET" })
      assert.strictEqual((yield* heard.line).request.metadata["tenant"], "7")

      const url = "https://agent.example.com/phone/twilio"
      const sign = (url: string, fields: Readonly<Record<string, string>>) =>
        Signature.twilio(Redacted.value(twilio.account.authToken), url, Object.entries(fields))
      const webhook = (server: string, signed: string, headers: Record<string, string> = {}) =>
        Effect.promise(() =>
          fetch(`${server}/twilio`, {
            method: "POST",
            headers: { "x-twilio-signature": sign(signed, { CallSid: "CA1" }), ...headers },
            body: new URLSearchParams({ CallSid: "CA1" })
          }).then(async (response) => ({ status: response.status, text: await response.text() }))
        )
      const configured = yield* serve(
        Twilio.layer(heard.answer, { account: twilio.account, publicUrl: "https://agent.example.com/phone/" })
      )
      const answer = yield* webhook(configured, url)
      assert.strictEqual(answer.status, 200)
      assert.match(answer.text, /url="wss:\/\/agent\.example\.com\/phone\/twilio\/stream\/[\w-]{32}"/)
      // If several processes share an address, the rest of the call goes to this one.
      const shared = yield* serve(
        Twilio.layer(heard.answer, {
          account: twilio.account,
          publicUrl: "https://agent.example.com",
          processUrl: "https://p1.example.com/"
        })
      )
      const routed = yield* webhook(shared, "https://agent.example.com/twilio")
      assert.match(routed.text, /url="wss:\/\/p1\.example\.com\/twilio\/stream\//)
      assert.match(routed.text, /statusCallback="https:\/\/p1\.example\.com\/twilio\/status"/)
      assert.strictEqual((yield* webhook(shared, "https://p1.example.com/twilio")).status, 200)
      assert.strictEqual((yield* webhook(shared, "https://p2.example.com/twilio")).status, 403)
      // Without configuration, the tunnel's own headers count.
      const forwarded = { "x-forwarded-host": "tunnel.example.com", "x-forwarded-proto": "https" }
      assert.strictEqual((yield* webhook(server, "https://tunnel.example.com/twilio", forwarded)).status, 200)
      assert.strictEqual((yield* webhook(server, url)).status, 403)
      assert.strictEqual((yield* webhook(configured, `${server}/twilio`, forwarded)).status, 403)
    }).pipe(Effect.scoped)
  )

  it.live("accepts one socket for each signed token, and only for the call it was made for", () =>
    Effect.gen(function* () {
      const { heard, phone, twilio, url } = yield* faulty({})
      yield* heard.line
      const open = (path: string, headers: Record<string, string> = {}) =>
        Effect.promise(() => upgrade(`${url}/stream/${path}`, headers))
      const signed = (path: string) => ({
        "x-twilio-signature": Signature.twilio(
          Redacted.value(twilio.account.authToken),
          `${url.replace("http", "ws")}/stream/${path}`
        )
      })
      assert.strictEqual(yield* open("guessed", signed("guessed")), 403)
      const fields = { CallSid: "CA77", From: "+1", To: "+2" }
      const twiml = yield* Effect.promise(() =>
        fetch(url, {
          method: "POST",
          headers: {
            "x-twilio-signature": Signature.twilio(
              Redacted.value(twilio.account.authToken),
              url,
              Object.entries(fields)
            )
          },
          body: new URLSearchParams(fields)
        }).then((response) => response.text())
      )
      const token = /stream\/([\w-]+)/.exec(twiml)![1]!
      // A client that cannot sign does not use up the token.
      assert.strictEqual(yield* open(token), 403)
      assert.strictEqual(yield* open(token, signed(token)), 101)
      assert.strictEqual(yield* open(token, signed(token)), 403)
      yield* phone.hangUp
      yield* heard.gone
    }).pipe(Effect.scoped)
  )

  it.live("a caller whose transfer failed is told the way back as often as Twilio asks for it", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const target = "+15550009999"
      const twilio = yield* FakeTwilio.make({ numbers: { [target]: "busy" }, rings: "1 second" })
      const server = yield* serve(Twilio.layer(heard.answer, { account: twilio.account }))
      const phone = yield* twilio.dial({ url: `${server}/twilio` })
      const line = yield* heard.line
      yield* line.transfer!(target)
      yield* Effect.suspend(() => (twilio.requests.length > 0 ? Effect.void : Effect.fail("not yet"))).pipe(
        Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 1000 })
      )
      const url = `${server}/twilio/transferred`
      const fields = { CallSid: phone.callSid, CallStatus: "in-progress", DialCallStatus: "busy" }
      const signature = Signature.twilio(Redacted.value(twilio.account.authToken), url, Object.entries(fields))
      const ask = Effect.promise(() =>
        fetch(url, {
          method: "POST",
          headers: { "x-twilio-signature": signature },
          body: new URLSearchParams(fields)
        }).then((response) => response.text())
      )
      assert.include(yield* ask, "<Connect>")
      assert.include(yield* ask, "<Connect>")
      // The carrier's own question comes last.
      yield* phone.streams(2)
      phone.press("1")
      yield* heard.tag("Dtmf")
      assert.deepStrictEqual(
        heard.told().filter(({ _tag }) => _tag === "Transferred"),
        [{ _tag: "Transferred", outcome: "Busy", targetPhoneNumber: target }]
      )
      assert.include(yield* ask, "<Hangup/>")
    }).pipe(Effect.scoped)
  )

  it.live("a second stream of one call replaces the first, and what Twilio says of the call is about it", () =>
    Effect.gen(function* () {
      const lines: Array<Transport> = []
      const over: Array<Transport> = []
      const twilio = yield* FakeTwilio.make()
      const { account } = twilio
      const server = yield* serve(
        Twilio.layer(
          (line) =>
            Effect.suspend(() => {
              lines.push(line)
              return Stream.runDrain(line.incoming)
            }).pipe(Effect.ensuring(Effect.sync(() => over.push(line)))),
          { account }
        )
      )
      const url = `${server}/twilio`
      const phone = yield* twilio.dial({ url })
      const until = (holds: () => boolean) =>
        Effect.suspend(() => (holds() ? Effect.void : Effect.fail("not yet"))).pipe(
          Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 1000 })
        )
      yield* until(() => lines.length === 1)
      const sign = (url: string, fields: Readonly<Record<string, string>> = {}) => ({
        "x-twilio-signature": Signature.twilio(Redacted.value(account.authToken), url, Object.entries(fields))
      })
      const fields = { CallSid: phone.callSid }
      const twiml = yield* Effect.promise(() =>
        fetch(url, { method: "POST", headers: sign(url, fields), body: new URLSearchParams(fields) }).then((response) =>
          response.text()
        )
      )
      const stream = /url="(ws:[^"]+)"/.exec(twiml)![1]!
      const second = yield* connect(stream, sign(stream))
      second.send({ event: "start", streamSid: "MZ2", start: { callSid: phone.callSid, streamSid: "MZ2" } })
      yield* until(() => lines.length === 2)
      yield* until(() => phone.closes.length === 1)
      yield* until(() => over.includes(lines[0]!))
      assert.notInclude(over, lines[1])
      // The end of the first stream does not end the call, which is on the second.
      assert.strictEqual(
        yield* twilio.post(`${url}/status`, { ...fields, StreamSid: "MZ1", StreamEvent: "stream-stopped" }),
        204
      )
      yield* Effect.sleep("50 millis")
      assert.lengthOf(over, 1)
      assert.strictEqual(yield* twilio.post(`${url}/status`, { ...fields, CallStatus: "completed" }), 204)
      yield* second.closed
      yield* until(() => over.length === 2)
    }).pipe(Effect.scoped)
  )

  it.live("accepts Twilio under whatever name a tunnel has, and from whatever address", () =>
    Effect.gen(function* () {
      const settings = { maxCallsPerClient: 1, hosts: ["somewhere.else"] }
      const { heard, phone, twilio, url } = yield* faulty({}, { settings })
      yield* heard.line
      const fields = { CallSid: "CA77" }
      const host = "calm-river.trycloudflare.com"
      const sign = (url: string, fields: Readonly<Record<string, string>> = {}) =>
        Signature.twilio(Redacted.value(twilio.account.authToken), url, Object.entries(fields))
      const twiml = yield* Effect.promise(() =>
        fetch(url, {
          method: "POST",
          headers: {
            "x-forwarded-host": host,
            "x-forwarded-proto": "https",
            "x-twilio-signature": sign(`https://${host}/twilio`, fields)
          },
          body: new URLSearchParams(fields)
        }).then((response) => response.text())
      )
      const stream = /url="(wss:[^"]+)"/.exec(twiml)![1]!
      const local = stream.replace(`wss://${host}/twilio`, url)
      const headers = { host, "x-forwarded-proto": "https", "x-twilio-signature": sign(stream) }
      assert.strictEqual(yield* Effect.promise(() => upgrade(local, headers)), 101)
      yield* phone.hangUp
      yield* heard.gone
    }).pipe(Effect.scoped)
  )

  it.live("closes a stream that starts another call than the one it was admitted for", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const twilio = yield* FakeTwilio.make()
      const server = yield* serve(Twilio.layer(heard.answer, { account: twilio.account }))
      const other = JSON.stringify({ event: "start", streamSid: "MZ9", start: { callSid: "CA-other" } })
      const phone = yield* twilio.dial({ url: `${server}/twilio`, faults: { noStart: true, garbage: [other] } })
      yield* apologises(phone)
      assert.strictEqual(phone.closes[0]?.code, 1008)
      assert.deepStrictEqual(heard.heard, [])
    }).pipe(Effect.scoped)
  )

  it.live("accepts the server's maximum of calls: the next caller hears that it is busy", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const twilio = yield* FakeTwilio.make()
      const settings = { maxCalls: 1, token: Redacted.make("of the server, which Twilio does not have") }
      const server = yield* serve(Twilio.layer(heard.answer, { account: twilio.account, settings }))
      yield* twilio.dial({ url: `${server}/twilio` })
      yield* heard.line
      const next = yield* twilio.dial({ url: `${server}/twilio` })
      assert.strictEqual(yield* next.over, "rejected")
    }).pipe(Effect.scoped)
  )
})

/** The status of the answer to a socket request. */
const upgrade = async (url: string, headers: Record<string, string>): Promise<number> => {
  const { request } = await import("node:http")
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      agent: false,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        ...headers
      }
    })
    asked.on("upgrade", (response, socket) => {
      socket.destroy()
      resolve(response.statusCode ?? 0)
    })
    asked.on("response", (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on("error", reject)
    asked.end()
  })
}
