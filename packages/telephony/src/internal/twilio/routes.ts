/** What Twilio asks of a server: instructions for a call, the socket of its stream, and to hear how calls stand. */
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
import * as Holding from "../holding.ts"
import * as PublicAddress from "../publicAddress.ts"
import * as Reception from "../reception.ts"
import type { Tokens } from "../tokens.ts"
import * as Twiml from "../twiml.ts"
import * as Calls from "./calls.ts"
import * as Transfer from "./transfer.ts"
import * as Wire from "./wire.ts"

/** What the routes of one account share. */
export interface Desk extends Holding.Place {
  readonly account: TwilioAccount.TwilioAccount
  readonly publicUrl: PublicAddress.PublicUrl
  /** The path of the webhook, without a slash at its end. The others are below it. */
  readonly path: string
  readonly preCall: PreCall.Handler<unknown> | undefined
  readonly transfer: (targetPhoneNumber: string) => Transfer.Transfer
  readonly apology: string
  readonly parameters: Readonly<Record<string, string>>
  readonly checkUpgrade: boolean
  readonly tokens: Tokens<Calls.Expected>
  readonly calls: Map<string, Calls.Entry>
}

/** Longest form that is read. Twilio's are below 4 KiB. */
const maxBodySize = ByteSize.kibibytes(64)

const forbidden = HttpServerResponse.text("Forbidden", { status: 403 })
const done = HttpServerResponse.empty({ status: 204 })
const instruct = (twiml: string) => HttpServerResponse.text(twiml, { contentType: "text/xml" })

/** Reads a form that Twilio has signed. Fails with the answer to anything else. */
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
    const urls = PublicAddress.signed(request, desk.publicUrl)
    const isOurs = Signature.isTwilio({ signature, urls, fields }, Redacted.value(desk.account.authToken))
    return isOurs ? new Map([...queryOf(request), ...fields]) : yield* refuse
  })

const queryOf = (request: HttpServerRequest): ReadonlyArray<readonly [string, string]> => [
  ...new URL(request.originalUrl, "http://localhost").searchParams
]

/** The address of this server for what Twilio is told of a call. */
const baseOf = (desk: Desk, request: HttpServerRequest): string => PublicAddress.of(request, desk.publicUrl) + desk.path

/** Tells Twilio to connect a call to us, with a token that is good for one socket. */
const connect = (desk: Desk, expected: Calls.Expected): string => {
  const url = `${PublicAddress.socket(expected.base)}/stream/${desk.tokens.issue(expected)}`
  const parameters = Object.entries(desk.parameters).map(([name, value]) => Twiml.element("Parameter", { name, value }))
  const stream = Twiml.element("Stream", { url, statusCallback: `${expected.base}/status` }, "", ...parameters)
  // Said only if the stream has ended and the call has not: something broke.
  const apology = desk.apology === "" ? [] : [Twiml.element("Say", {}, Twiml.text(desk.apology))]
  return Twiml.response(Twiml.element("Connect", {}, stream), ...apology)
}

/** A call comes in, or one that we made is answered. */
export const voice = (desk: Desk, request: HttpServerRequest): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const form = yield* signedForm(desk, request)
    const callSid = form.get("CallSid") ?? ""
    if (callSid === "") return HttpServerResponse.text("There is no CallSid", { status: 400 })
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

/** What an application says of a call. If it does not know, the caller is told so. */
const decide = (desk: Desk, decision: ReturnType<PreCall.Handler<unknown>>) =>
  Effect.catchCause(decision, (cause) =>
    Effect.andThen(
      Effect.logError("The pre-call handler failed.", cause),
      Effect.fail(instruct(Twiml.response(Twiml.element("Say", {}, Twiml.text(desk.apology)), Twiml.element("Hangup"))))
    )
  )

/** The socket of a stream. */
export const stream = (
  desk: Desk,
  request: HttpServerRequest,
  token: string
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const signature = request.headers["x-twilio-signature"]
    const urls = PublicAddress.signed(request, desk.publicUrl)
    const isOurs = Signature.isTwilio({ signature, urls }, Redacted.value(desk.account.authToken))
    // The signature first: who cannot sign must not use up a token.
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
      if (started.callId !== callSid) return Effect.fail("the stream is that of another call")
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
        if (entry !== undefined) calls.set(callSid, entry)
        const by = expected.answeredBy
        return by === undefined ? Effect.void : session.tell({ _tag: "Answered", by })
      }),
    over: Effect.suspend(() => {
      if (entry === undefined) return Effect.void
      calls.delete(callSid)
      Deferred.doneUnsafe(entry.over, Effect.void)
      return Transfer.abandon(account, entry)
    })
  }
}

/** How a call stands: ours, a leg of it, its stream, or who answered it. */
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

/** How the call to the target of a transfer stands. */
const leg = (desk: Desk, callSid: string | undefined, callStatus: string | undefined): Effect.Effect<void> => {
  const entry = callSid === undefined ? undefined : desk.calls.get(callSid)
  const outcome = Calls.outcomeOf(callStatus)
  if (entry?.transfer === undefined || outcome === undefined) return Effect.void
  const pending = entry.transfer
  // A target that is gone before it was heard of has not answered.
  if (outcome !== "Answered" || callStatus === "completed") {
    // After a cold one Twilio asks where the caller is to go, and the agent is told then.
    return pending.kind === "warm"
      ? Calls.settle(entry, pending, outcome === "Answered" ? "Failed" : outcome)
      : Effect.void
  }
  return pending.kind === "warm"
    ? Transfer.bridge(desk.account, entry, pending)
    : Effect.andThen(Calls.settle(entry, pending, "Answered"), Calls.leave(entry))
}

/** How long a caller who comes back may take to do so. */
const returnTimeout = "20 seconds"

/** A cold transfer is over: the caller comes back to the agent, if nobody has answered. */
export const transferred = (
  desk: Desk,
  request: HttpServerRequest
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const form = yield* signedForm(desk, request)
    const entry = desk.calls.get(form.get("CallSid") ?? "")
    const hangUp = instruct(Twiml.response(Twiml.element("Hangup")))
    if (entry?.transfer === undefined) return hangUp
    const outcome = Calls.outcomeOf(form.get("DialCallStatus")) ?? "Failed"
    yield* Calls.settle(entry, entry.transfer, outcome)
    if (outcome === "Answered" || Calls.isOver(form.get("CallStatus"))) {
      yield* Calls.leave(entry)
      return hangUp
    }
    const { base, callSid, session } = entry
    const lost = Effect.suspend(() => (session.isAway ? Calls.leave(entry) : Effect.void))
    yield* Calls.later(entry, returnTimeout, lost)
    return instruct(connect(desk, { callSid, request: entry.request, base, answeredBy: undefined, session }))
  }).pipe(Effect.catch(Effect.succeed))
