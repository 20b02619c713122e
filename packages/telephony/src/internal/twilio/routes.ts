/** Handlers for Twilio's requests: the voice webhook, media streams and callbacks. */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as PreCall from "@antiphon/server/PreCall"
import * as ByteSize from "effect/ByteSize"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as Signature from "../../Signature.ts"
import * as TwilioAccount from "../../TwilioAccount.ts"
import * as Body from "../body.ts"
import type * as CarrierDesk from "../carrierDesk.ts"
import * as Holding from "../holding.ts"
import * as PublicAddress from "../publicAddress.ts"
import * as Query from "../query.ts"
import * as Reception from "../reception.ts"
import * as Twiml from "../twiml.ts"
import * as Calls from "./calls.ts"
import * as Transfer from "./transfer.ts"
import * as Wire from "./wire.ts"

/** State that the routes of an account share. */
export interface Desk extends CarrierDesk.CarrierDesk<Calls.Expected> {
  readonly account: TwilioAccount.TwilioAccount
  readonly transfer: (targetPhoneNumber: string) => Transfer.Transfer
  readonly apology: string
  readonly parameters: Readonly<Record<string, string>>
  readonly checkUpgrade: boolean
  readonly calls: Map<string, Calls.Entry>
}

/** Longest form. Twilio's are below 4 KiB. */
const maxBodySize = ByteSize.kibibytes(64)

const forbidden = HttpServerResponse.text("Forbidden", { status: 403 })
const done = HttpServerResponse.empty({ status: 204 })
const instruct = (twiml: string) => HttpServerResponse.text(twiml, { contentType: "text/xml" })

/** Reads a form that Twilio signed. Fails with the response to other requests. */
const signedForm = (
  desk: Desk,
  request: HttpServerRequest
): Effect.Effect<ReadonlyMap<string, string>, HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const signature = request.headers["x-twilio-signature"]
    const refuse = Effect.andThen(
      desk.reception.refused(403, "The request is not signed by Twilio"),
      Effect.fail(forbidden)
    )
    if (signature === undefined) return yield* refuse
    const body =
      request.method === "POST"
        ? yield* Body.read(request, { maxSize: maxBodySize, within: desk.reception.settings.startTimeout })
        : ""
    const fields = [...new URLSearchParams(body)]
    const urls = PublicAddress.signed(request, desk.addresses)
    const isOurs = Signature.isTwilio({ signature, urls, fields }, Redacted.value(desk.account.authToken))
    return isOurs ? new Map([...queryOf(request), ...fields]) : yield* refuse
  })

const queryOf = (request: HttpServerRequest): ReadonlyArray<readonly [string, string]> => [...Query.of(request)]

/** Public address of these routes. */
const baseOf = (desk: Desk, request: HttpServerRequest): string => PublicAddress.of(request, desk.addresses) + desk.path

/** TwiML that connects a call to a media stream, with a one-use token. */
const connect = (desk: Desk, expected: Calls.Expected): string => {
  const url = `${PublicAddress.socket(expected.base)}/stream/${desk.tokens.issue(expected)}`
  const parameters = Object.entries(desk.parameters).map(([name, value]) => Twiml.element("Parameter", { name, value }))
  const stream = Twiml.element("Stream", { url, statusCallback: `${expected.base}/status` }, "", ...parameters)
  // Spoken only if the stream ends while the call goes on, which means that something broke.
  const apology = desk.apology === "" ? [] : [Twiml.element("Say", {}, Twiml.text(desk.apology))]
  return Twiml.response(Twiml.element("Connect", {}, stream), ...apology)
}

/** Handles the voice webhook, for incoming calls and for outgoing calls that were answered. */
export const voice = (desk: Desk, request: HttpServerRequest): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const form = yield* signedForm(desk, request)
    const callSid = form.get("CallSid") ?? ""
    if (callSid === "") return HttpServerResponse.text("CallSid is missing", { status: 400 })
    const refusal = yield* desk.reception.calls.refusal
    if (refusal !== undefined) {
      yield* desk.reception.refused(503, Reception.reasons[refusal])
      return instruct(Twiml.response(Twiml.element("Reject", { reason: "busy" })))
    }
    const asked = CallRequest.make({
      callId: callSid,
      from: form.get("From") ?? "unknown",
      to: form.get("To") ?? "unknown",
      agentCallId: callSid,
      metadata: {
        platform: "twilio",
        direction: form.get("Direction") ?? "inbound",
        ...Object.fromEntries(queryOf(request)),
        twilio: Object.fromEntries(form)
      }
    })
    const decision = desk.preCall === undefined ? PreCall.accept() : yield* decide(desk, desk.preCall(asked))
    if (decision._tag === "Rejected") return instruct(Twiml.response(Twiml.element("Reject")))
    const metadata = { ...asked.metadata, ...decision.metadata }
    const answeredBy = Calls.answererOf(form.get("AnsweredBy"))
    const base = baseOf(desk, request)
    return instruct(connect(desk, { callSid, request: { ...asked, metadata }, base, answeredBy }))
  }).pipe(Effect.catch(Effect.succeed))

/** Asks the application about a call. If that fails, the caller hears the apology. */
const decide = (desk: Desk, decision: ReturnType<PreCall.Handler<unknown>>) =>
  Effect.catchCause(decision, (cause) =>
    Effect.andThen(
      Effect.logError("The pre-call handler failed.", cause),
      Effect.fail(instruct(Twiml.response(Twiml.element("Say", {}, Twiml.text(desk.apology)), Twiml.element("Hangup"))))
    )
  )

/** Handles the socket of a media stream. */
export const stream = (
  desk: Desk,
  request: HttpServerRequest,
  token: string
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const signature = request.headers["x-twilio-signature"]
    const urls = PublicAddress.signed(request, desk.addresses)
    const isOurs = Signature.isTwilio({ signature, urls }, Redacted.value(desk.account.authToken))
    // Check the signature first: unsigned requests must not use up tokens.
    const expected = isOurs || !desk.checkUpgrade ? desk.tokens.redeem(token) : undefined
    if (expected === undefined) {
      yield* desk.reception.refused(403, isOurs ? "The stream is not expected" : "The stream is not signed by Twilio")
      return forbidden
    }
    return yield* expected.session === undefined
      ? Holding.open(request, carrier(desk, expected), desk)
      : expected.session.rejoin(request)
  })

const carrier = (desk: Desk, expected: Calls.Expected): Holding.Carrier => {
  const { account, calls } = desk
  const { base, callSid } = expected
  let { request } = expected
  let entry: Calls.Entry | undefined
  return {
    name: "twilio",
    decode: Wire.decode,
    codec: Wire.codec,
    mostHeld: 0,
    echoFree: () => true,
    admit: (started) => {
      if (started.callId !== callSid) return Effect.fail("the stream belongs to another call")
      request = { ...request, metadata: { ...started.metadata, ...request.metadata } }
      return Effect.succeed(request)
    },
    control: (_, session) => {
      const own: Calls.Entry = { callSid, request, session, base, over: Deferred.makeUnsafe(), transfer: undefined }
      entry = own
      return {
        hangUp: Effect.catch(TwilioAccount.hangUp(account, callSid), (error) =>
          Effect.logWarning(`The call could not be hung up: ${error.message}`)
        ),
        transfer: (target) => Transfer.begin(account, own, target, desk.transfer(target))
      }
    },
    began: (session) =>
      Effect.suspend(() => {
        const before = calls.get(callSid)
        if (entry !== undefined) calls.set(callSid, entry)
        const by = expected.answeredBy
        const told = by === undefined ? Effect.void : session.tell({ _tag: "Answered", by })
        // Twilio has the call on one stream at a time, so the one before is over, even if its end has not come yet.
        return before === undefined ? told : Effect.andThen(Calls.leave(before), told)
      }),
    over: Effect.suspend(() => {
      if (entry === undefined) return Effect.void
      if (calls.get(callSid) === entry) calls.delete(callSid)
      Deferred.doneUnsafe(entry.over, Effect.void)
      return Transfer.abandon(account, entry)
    })
  }
}

/** Handles callbacks about a call, its stream, its transfer, or who answered it. */
export const status = (desk: Desk, request: HttpServerRequest): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const form = yield* signedForm(desk, request)
    const callSid = form.get("CallSid") ?? ""
    const callStatus = form.get("CallStatus")
    const held = desk.calls.get(callSid)
    const by = Calls.answererOf(form.get("AnsweredBy"))
    if (by !== undefined) {
      if (held !== undefined) yield* held.session.tell({ _tag: "Answered", by })
      for (const one of desk.tokens.pending()) if (one.callSid === callSid) one.answeredBy = by
    }
    if (held !== undefined) {
      const isOwnStream = form.get("StreamSid") === held.session.streamId
      const hasStopped = isOwnStream && ["stream-stopped", "stream-error"].includes(form.get("StreamEvent") ?? "")
      if (Calls.isOver(callStatus) || (hasStopped && !held.session.isAway)) yield* Calls.leave(held)
    }
    yield* leg(desk, form.get("for") ?? form.get("ParentCallSid"), callStatus)
    return done
  }).pipe(Effect.catch(Effect.succeed))

/** Handles a status of the call to the target of a transfer. */
const leg = (desk: Desk, callSid: string | undefined, callStatus: string | undefined): Effect.Effect<void> => {
  const entry = callSid === undefined ? undefined : desk.calls.get(callSid)
  const outcome = Calls.outcomeOf(callStatus)
  if (entry?.transfer === undefined || outcome === undefined) return Effect.void
  const pending = entry.transfer
  // If a target's call ends before it was reported as answered, it was not answered.
  if (outcome !== "Answered" || callStatus === "completed") {
    // After a cold transfer Twilio requests `/transferred`, which reports the outcome.
    return pending.kind === "warm"
      ? Calls.settle(entry, pending, outcome === "Answered" ? "Failed" : outcome)
      : Effect.void
  }
  return pending.kind === "warm"
    ? Transfer.bridge(desk.account, entry, pending)
    : Effect.andThen(Calls.settle(entry, pending, "Answered"), Calls.leave(entry))
}

/** Longest wait for a caller to return after a failed transfer. */
const returnTimeout = "20 seconds"

/** Handles the end of a cold transfer. If nobody answered, the caller returns to the agent. */
export const transferred = (
  desk: Desk,
  request: HttpServerRequest
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const form = yield* signedForm(desk, request)
    const entry = desk.calls.get(form.get("CallSid") ?? "")
    const hangUp = instruct(Twiml.response(Twiml.element("Hangup")))
    if (entry === undefined) return hangUp
    const { base, callSid, session } = entry
    if (entry.transfer !== undefined) {
      const outcome = Calls.outcomeOf(form.get("DialCallStatus")) ?? "Failed"
      yield* Calls.settle(entry, entry.transfer, outcome)
      if (outcome === "Answered" || Calls.isOver(form.get("CallStatus"))) {
        yield* Calls.leave(entry)
        return hangUp
      }
      const lost = Effect.suspend(() => (session.isAway ? Calls.leave(entry) : Effect.void))
      yield* Calls.later(entry, returnTimeout, lost)
    } else if (!session.isAway) return hangUp
    // A caller who is still away is told the way back again: Twilio asks again if it did not get the first answer.
    return instruct(connect(desk, { callSid, request: entry.request, base, answeredBy: undefined, session }))
  }).pipe(Effect.catch(Effect.succeed))
