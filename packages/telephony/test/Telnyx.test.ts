import * as PreCall from "@antiphon/server/PreCall"
import * as AudioTime from "@antiphon/speech/AudioTime"
import type { Transport } from "@antiphon/speech/Transport"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Telnyx from "../src/Telnyx.ts"
import { FakeTelnyx } from "../src/testing.ts"
import { connect } from "./support/client.ts"
import { audioOf, listener, serve } from "./support/server.ts"

const bytes = (length: number, from = 1) => Uint8Array.from({ length }, (_, index) => ((from + index) % 100) + 1)
const audio = (stream: number, sound: Uint8Array) =>
  ({ _tag: "Audio", generation: 1, stream, at: AudioTime.zero, bytes: sound }) as const
const mark = (name: string) => ({ _tag: "Mark", generation: 1, stream: 0, name }) as const

/** A fake Telnyx, and a server that receives its webhooks. */
const setUp = (
  answer: (line: Transport) => Effect.Effect<unknown, unknown>,
  options: Omit<Telnyx.Options<unknown>, "account"> & { readonly settings?: { readonly maxCalls?: number } } = {},
  behaviour: Omit<FakeTelnyx.Options, "webhook"> = {}
) =>
  Effect.gen(function* () {
    let webhook = ""
    const telnyx = yield* FakeTelnyx.make({ ...behaviour, webhook: () => webhook })
    const server = yield* serve(Telnyx.layer(answer, { ...options, account: telnyx.account }))
    webhook = `${server}/telnyx`
    return { telnyx, webhook }
  })

describe("Telnyx", () => {
  it.live("answers a call with a stream, and carries it", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { telnyx } = yield* setUp(heard.answer)
      const phone = yield* telnyx.dial({ from: "+4912345" })
      const line = yield* heard.line
      assert.strictEqual(line.request.callId, phone.callControlId)
      assert.strictEqual(line.request.from, "+4912345")
      assert.deepStrictEqual(line.request.metadata, { platform: "telnyx", direction: "incoming" })
      const words = bytes(800)
      phone.say(words)
      yield* heard.until("the words", (all) => Buffer.from(audioOf(all)).includes(Buffer.from(words)))
      phone.press("5")
      assert.deepStrictEqual(yield* heard.tag("Dtmf"), { _tag: "Dtmf", button: "5" })
      yield* line.send([audio(0, bytes(480)), mark("1.0.480"), audio(0, bytes(8000)), mark("1.0.8480")])
      assert.deepStrictEqual(yield* heard.tag("Mark"), { _tag: "Mark", name: "1.0.480" })
      yield* line.clear({ generation: 1, stream: 0 })
      yield* heard.until("the other", (all) => all.filter(({ _tag }) => _tag === "Mark").length === 2)
      assert.isAbove(phone.clears[0]!.droppedBytes, 0)
      yield* line.dtmf!("12")
      yield* line.hangUp("goodbye")
      assert.strictEqual(yield* phone.over, "server")
      yield* heard.gone
      assert.deepStrictEqual(phone.nonsense(), [])
      const [answered, keys, hangUp] = telnyx.commands
      assert.deepInclude(answered!.body, {
        stream_track: "inbound_track",
        stream_bidirectional_mode: "rtp",
        stream_bidirectional_codec: "PCMU"
      })
      assert.deepStrictEqual(keys!.body, { digits: "12" })
      assert.match(hangUp!.path, /\/actions\/hangup$/)
    }).pipe(Effect.scoped)
  )

  it.live("detects lost audio as a gap, and ends with the caller", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { telnyx } = yield* setUp(heard.answer, {}, { faults: { lost: (chunk) => chunk === 5, chunkBytes: [160] } })
      const phone = yield* telnyx.dial({})
      yield* heard.line
      assert.deepStrictEqual(yield* heard.tag("Gap"), { _tag: "Gap", ms: 20 })
      yield* phone.hangUp
      yield* heard.gone
    }).pipe(Effect.scoped)
  )

  for (const [behaviour, outcome] of [
    ["answered", "Answered"],
    ["busy", "Busy"],
    ["no-answer", "NoAnswer"]
  ] as const) {
    it.live(`tells the agent that the target of a transfer was ${behaviour}`, () =>
      Effect.gen(function* () {
        const heard = yield* listener
        const { telnyx } = yield* setUp(heard.answer, { ringFor: "12 seconds" }, { numbers: { "+1": behaviour } })
        const phone = yield* telnyx.dial({})
        const line = yield* heard.line
        yield* phone.connected
        yield* line.transfer!("+1")
        assert.deepStrictEqual(yield* heard.tag("Transferred"), {
          _tag: "Transferred",
          outcome,
          targetPhoneNumber: "+1"
        })
        assert.deepInclude(telnyx.commands[1]!.body, { to: "+1", timeout_secs: 12 })
        if (outcome === "Answered") return yield* heard.gone
        phone.press("1")
        yield* heard.tag("Dtmf")
      }).pipe(Effect.scoped)
    )
  }

  it.live("calls out, and reports who answers", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { telnyx } = yield* setUp(heard.answer, {}, { answeredBy: "machine" })
      const { callControlId } = yield* Telnyx.call({
        to: "+1",
        from: "+2",
        connectionId: "c1",
        account: { ...telnyx.account, publicKey: "" },
        detectMachine: true,
        metadata: { campaign: "7" }
      })
      const line = yield* heard.line
      assert.strictEqual(line.request.callId, callControlId)
      assert.deepStrictEqual(line.request.metadata, { platform: "telnyx", direction: "outgoing", campaign: "7" })
      assert.deepStrictEqual(yield* heard.tag("Answered"), { _tag: "Answered", by: "Machine" })
    }).pipe(Effect.scoped)
  )

  it.live("binds each outgoing call to its own webhook, whatever the application has", () =>
    Effect.gen(function* () {
      const [inbound, sales, support] = [yield* listener, yield* listener, yield* listener]
      let application = ""
      const telnyx = yield* FakeTelnyx.make({
        webhook: () => application,
        answeredBy: "machine",
        numbers: { "+1999": "busy" }
      })
      const { account } = telnyx
      const server = yield* serve(
        Layer.mergeAll(
          Telnyx.layer(inbound.answer, { account }),
          Telnyx.layer(sales.answer, { account, path: "/sales" }),
          Telnyx.layer(support.answer, { account, path: "/support" })
        )
      )
      application = `${server}/telnyx`
      const call = (to: string, path?: string) =>
        Telnyx.call({
          to,
          from: "+2",
          connectionId: "c1",
          account: { ...account, publicKey: "" },
          publicUrl: server,
          path,
          detectMachine: true
        })
      const made = yield* Effect.all([call("+11", "/sales"), call("+12", "/support"), call("+13")])
      const lines = yield* Effect.all([sales.line, support.line, inbound.line])
      assert.deepStrictEqual(
        lines.map(({ request }) => [request.callId, request.to]),
        [
          [made[0].callControlId, "+11"],
          [made[1].callControlId, "+12"],
          [made[2].callControlId, "+13"]
        ]
      )
      // Later events go there too: who answered, and the outcome of a transfer.
      yield* sales.tag("Answered")
      yield* support.tag("Answered")
      yield* lines[1].transfer!("+1999")
      assert.strictEqual((yield* support.tag("Transferred")).outcome, "Busy")
      assert.deepStrictEqual(
        sales.told().filter(({ _tag }) => _tag === "Transferred"),
        []
      )
    }).pipe(Effect.scoped)
  )

  it.live("hangs up on who answered a call for which the server has no room, instead of leaving them in silence", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { telnyx } = yield* setUp(heard.answer, { settings: { maxCalls: 1 } })
      yield* telnyx.dial({})
      yield* heard.line
      yield* Telnyx.call({ to: "+1", from: "+2", connectionId: "c1", account: { ...telnyx.account, publicKey: "" } })
      const phone = yield* telnyx.answered
      assert.strictEqual(yield* phone.over, "server")
    }).pipe(Effect.scoped)
  )

  it.live("handles an event that comes twice once", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { telnyx } = yield* setUp(heard.answer, {}, { repeats: true })
      const { callControlId } = yield* Telnyx.call({
        to: "+1",
        from: "+2",
        connectionId: "c1",
        account: { ...telnyx.account, publicKey: "" }
      })
      const line = yield* heard.line
      assert.strictEqual(line.request.callId, callControlId)
      const phone = yield* telnyx.dial({})
      yield* phone.connected
      assert.deepStrictEqual(telnyx.commands.map(({ path }) => path.replace(/^.*[/]/, "")).toSorted(), [
        "answer",
        "calls",
        "streaming_start"
      ])
    }).pipe(Effect.scoped)
  )

  it.live("speaks, and stops speaking, while Telnyx has yet to confirm a key", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { telnyx } = yield* setUp(heard.answer, {}, { ignores: ["send_dtmf"] })
      const phone = yield* telnyx.dial({})
      const line = yield* heard.line
      // The API is given up after ten seconds.
      yield* Effect.timeout(line.dtmf!("1"), "8 seconds")
      yield* line.send([audio(0, bytes(8000)), mark("1.0.8000")])
      yield* line.clear({ generation: 1, stream: 0 })
      yield* heard.tag("Mark")
      assert.lengthOf(phone.clears, 1)
    }).pipe(Effect.scoped)
  )

  it.live("rejects unsigned events, and sockets without a valid token", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      for (const signs of ["never", "wrong"] as const) {
        const { telnyx, webhook } = yield* setUp(heard.answer, {}, { signs })
        assert.strictEqual(yield* Effect.flip(telnyx.dial({})), 403)
        assert.lengthOf(telnyx.commands, 0)
        assert.strictEqual(yield* Effect.flip(connect(`${webhook.replace("http", "ws")}/stream/guessed`)), 403)
      }
      const { telnyx } = yield* setUp(heard.answer)
      yield* telnyx.dial({})
      yield* heard.line
      const used = String(telnyx.commands[0]!.body["stream_url"])
      assert.strictEqual(yield* Effect.flip(connect(used)), 403)
    }).pipe(Effect.scoped)
  )

  it.live("declines a call that the application rejects, or that there is no room for", () =>
    Effect.gen(function* () {
      const heard = yield* listener
      const { telnyx } = yield* setUp(heard.answer, {
        preCall: ({ from }) => Effect.succeed(from === "+1" ? PreCall.reject : PreCall.accept({ metadata: { a: 1 } })),
        settings: { maxCalls: 1 }
      })
      const rejected = yield* telnyx.dial({ from: "+1" })
      assert.strictEqual(yield* rejected.over, "rejected")
      yield* telnyx.dial({ from: "+2" })
      assert.strictEqual((yield* heard.line).request.metadata["a"], 1)
      const next = yield* telnyx.dial({ from: "+2" })
      assert.strictEqual(yield* next.over, "rejected")
      assert.deepStrictEqual(telnyx.commands.at(-1)!.body, { cause: "USER_BUSY" })
    }).pipe(Effect.scoped)
  )
})
