import * as CallRequest from "@antiphon/core/CallRequest"
import type { Incoming } from "@antiphon/speech/Transport"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Calls from "../../../src/internal/twilio/calls.ts"
import * as Transfer from "../../../src/internal/twilio/transfer.ts"

const account = { accountSid: "AC1", authToken: Redacted.make("t"), baseUrl: "http://carrier.test" }

/** A Twilio that accepts everything, and reports nothing. */
const silent = HttpClient.make((request) =>
  Effect.succeed(
    HttpClientResponse.fromWeb(request, new Response(JSON.stringify({ sid: "CA9", status: "queued" }), { status: 200 }))
  )
)

const makeEntry = Effect.sync(() => {
  const told: Array<Incoming> = []
  let ended = 0
  const entry: Calls.Entry = {
    callSid: "CA1",
    request: CallRequest.make({ from: "+1", to: "+2", metadata: { direction: "inbound" } }),
    base: "https://agent.example.com/twilio",
    over: Deferred.makeUnsafe(),
    transfer: undefined,
    session: {
      tell: (incoming) => Effect.sync(() => void told.push(incoming)),
      stop: () => void ended++,
      isAway: false,
      streamId: "MZ1",
      rejoin: () => Effect.never
    }
  }
  return { entry, told, ended: () => ended }
})

describe("a transfer without any status", () => {
  for (const kind of ["cold", "warm"] as const) {
    it.effect(`${kind}: has failed twenty seconds after it should have stopped ringing`, () =>
      Effect.gen(function* () {
        const { ended, entry, told } = yield* makeEntry
        yield* Transfer.begin(account, entry, "+333", { kind, timeout: "10 seconds" })
        yield* TestClock.adjust("29 seconds")
        assert.deepStrictEqual(
          told.filter(({ _tag }) => _tag === "Transferred"),
          []
        )
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(told.at(-1), { _tag: "Transferred", outcome: "Failed", targetPhoneNumber: "+333" })
        // A caller who was taken off the stream and never returned is gone.
        assert.strictEqual(ended(), kind === "cold" ? 1 : 0)
      }).pipe(Effect.provideService(HttpClient.HttpClient, silent))
    )
  }

  it.effect("is forgotten if the call has ended by then", () =>
    Effect.gen(function* () {
      const { entry, told } = yield* makeEntry
      yield* Transfer.begin(account, entry, "+333", { kind: "warm", timeout: "10 seconds" })
      yield* Deferred.succeed(entry.over, undefined)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(told, [])
    }).pipe(Effect.provideService(HttpClient.HttpClient, silent))
  )

  it.effect("prevents a second transfer", () =>
    Effect.gen(function* () {
      const { entry, told } = yield* makeEntry
      yield* Transfer.begin(account, entry, "+333", { kind: "warm" })
      yield* Transfer.begin(account, entry, "+444", { kind: "warm" })
      assert.deepStrictEqual(told, [{ _tag: "Transferred", outcome: "Failed", targetPhoneNumber: "+444" }])
    }).pipe(Effect.provideService(HttpClient.HttpClient, silent))
  )
})

describe("statuses of Twilio", () => {
  it("become outcomes once a call has been answered or not", () => {
    assert.deepStrictEqual(
      ["queued", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled", undefined].map(
        Calls.outcomeOf
      ),
      [undefined, undefined, "Answered", "Answered", "Busy", "NoAnswer", "Failed", "Failed", undefined]
    )
    assert.isFalse(Calls.isOver("in-progress"))
    assert.isTrue(Calls.isOver("no-answer"))
  })

  it("identify who answered, as far as Twilio knows", () => {
    assert.deepStrictEqual(
      ["human", "machine_start", "machine_end_beep", "fax", "unknown", undefined].map(Calls.answererOf),
      ["Human", "Machine", "Machine", "Machine", undefined, undefined]
    )
  })
})
