/** Handlers for Telnyx's requests: events of calls, and the sockets of their streams. */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Ending from "@antiphon/server/Ending"
import * as PreCall from "@antiphon/server/PreCall"
import type * as Transport from "@antiphon/speech/Transport"
import * as ByteSize from "effect/ByteSize"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { KeyObject } from "node:crypto"
import type { CarrierError } from "../../CarrierError.ts"
import * as Signature from "../../Signature.ts"
import * as TelnyxAccount from "../../TelnyxAccount.ts"
import * as Body from "../body.ts"
import type * as CarrierDesk from "../carrierDesk.ts"
import * as Holding from "../holding.ts"
import * as Json from "../json.ts"
import * as PublicAddress from "../publicAddress.ts"
import * as Reception from "../reception.ts"
import * as Wire from "./wire.ts"

/** A call in progress. */
interface Entry {
  readonly callControlId: string
  readonly session: Holding.Session
  /** Address of these routes: events of a transfer's target come there. */
  readonly base: string
  /** The target of a transfer in progress. */
  transfer: string | undefined
}

/** A call whose stream has not connected yet. */
export interface Expected {
  readonly callControlId: string
  readonly base: string
  readonly request: CallRequest.CallRequest
}

/** State that the routes of an account share. */
export interface Desk extends CarrierDesk.CarrierDesk<Expected> {
  readonly account: TelnyxAccount.TelnyxAccount
  readonly key: KeyObject
  readonly codec: "PCMU" | "PCMA"
  readonly ringFor: Duration.Duration
  readonly calls: Map<string, Entry>
  /** Whether an event comes for the first time. */
  readonly isNew: (event: string) => boolean
}

const optional = Schema.optional
const Text = Schema.NullishOr(Schema.String)
const Webhook = Schema.Struct({
  data: Schema.Struct({
    event_type: Schema.String,
    payload: Schema.Struct({
      call_control_id: optional(Text),
      direction: optional(Text),
      from: optional(Text),
      to: optional(Text),
      client_state: optional(Text),
      hangup_cause: optional(Text),
      result: optional(Text)
    })
  })
})
type Payload = (typeof Webhook.Type)["data"]["payload"]
const readWebhook = Json.reader(Webhook)

/** Our `client_state` of a call, which Telnyx repeats in its events. */
const State = Schema.Struct({
  antiphon: Schema.Union([
    Schema.Struct({ call: Schema.Record(Schema.String, Schema.String) }),
    Schema.Struct({ transferOf: Schema.String })
  ])
})
const readState = Json.reader(State)

/** Encodes a `client_state`. */
export const stateOf = (antiphon: (typeof State.Type)["antiphon"]): string =>
  Buffer.from(JSON.stringify({ antiphon })).toString("base64")

const keptIn = ({ client_state }: Payload): (typeof State.Type)["antiphon"] | undefined => {
  if (client_state == null) return undefined
  const state = readState(Buffer.from(client_state, "base64").toString("utf8"))
  return Result.isSuccess(state) ? state.success.antiphon : undefined
}

const maxBodySize = ByteSize.kibibytes(256)
const forbidden = HttpServerResponse.text("Forbidden", { status: 403 })
const taken = HttpServerResponse.empty({ status: 200 })

const failed = (what: string) => (error: CarrierError) => Effect.logWarning(`${what}: ${error.message}`)

/** Handles an event. Responds at once, and acts on it in the background. */
export const webhook = (desk: Desk, request: HttpServerRequest): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const signature = request.headers["telnyx-signature-ed25519"]
    const timestamp = request.headers["telnyx-timestamp"]
    const refuse = Effect.as(desk.reception.refused(403, "The request is not signed by Telnyx"), forbidden)
    if (signature === undefined || timestamp === undefined) return yield* refuse
    const body = yield* Body.read(request, { maxSize: maxBodySize, within: desk.reception.settings.startTimeout })
    const now = yield* Clock.currentTimeMillis
    if (!Signature.isTelnyx({ signature, timestamp, body }, desk.key, now)) return yield* refuse
    const event = readWebhook(body)
    // Accept signed events that we do not understand, or Telnyx would send them again.
    if (Result.isFailure(event)) return taken
    const { event_type, payload } = event.success.data
    const callControlId = payload.call_control_id ?? ""
    if (callControlId !== "") {
      const base = PublicAddress.of(request, desk.addresses) + desk.path
      yield* Effect.forkDetach(take(desk, event_type, { ...payload, call_control_id: callControlId }, base))
    }
    return taken
  }).pipe(Effect.catch(Effect.succeed))

type Told = Payload & { readonly call_control_id: string }

const take = (desk: Desk, type: string, payload: Told, base: string): Effect.Effect<void> => {
  const kept = keptIn(payload)
  if (kept !== undefined && "transferOf" in kept) return leg(desk, kept.transferOf, type, payload)
  const held = desk.calls.get(payload.call_control_id)
  // Each happens once in a call. A second answer would be refused, and a second stream that is refused would end the call.
  const isNew = () => desk.isNew(`${type} ${payload.call_control_id}`)
  switch (type) {
    case "call.initiated":
      return payload.direction === "incoming" && isNew() ? answer(desk, payload, base) : Effect.void
    case "call.answered":
      return kept !== undefined && "call" in kept && isNew() ? connect(desk, payload, base, kept.call) : Effect.void
    case "call.machine.detection.ended":
    case "call.machine.premium.detection.ended": {
      const by = answererOf(payload.result)
      return held === undefined || by === undefined ? Effect.void : held.session.tell({ _tag: "Answered", by })
    }
    case "call.hangup":
      return Effect.sync(() => held?.session.stop(Ending.Ending.PeerClosed()))
    default:
      return Effect.void
  }
}

const answererOf = (result: string | null | undefined): "Human" | "Machine" | undefined => {
  if (result === "human" || result === "human_residence" || result === "human_business") return "Human"
  return result === "machine" || result === "fax_detected" ? "Machine" : undefined
}

const requestOf = (payload: Told, metadata: Readonly<Record<string, string>>): CallRequest.CallRequest =>
  CallRequest.make({
    callId: payload.call_control_id,
    agentCallId: payload.call_control_id,
    from: payload.from ?? "unknown",
    to: payload.to ?? "unknown",
    metadata: { platform: "telnyx", direction: payload.direction ?? "incoming", ...metadata }
  })

/** Fields that start a media stream, with a one-use token in its address. */
const streamFields = (desk: Desk, expected: Expected) => ({
  stream_url: `${PublicAddress.socket(expected.base)}/stream/${desk.tokens.issue(expected)}`,
  stream_track: "inbound_track",
  stream_bidirectional_mode: "rtp",
  stream_bidirectional_codec: desk.codec
})

/** Answers an incoming call with a media stream, or rejects it. */
const answer = (desk: Desk, payload: Told, base: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { account } = desk
    const callControlId = payload.call_control_id
    const reject = (cause: "USER_BUSY" | "CALL_REJECTED") =>
      TelnyxAccount.command(account, callControlId, "reject", { cause })
    const refusal = yield* desk.reception.calls.refusal
    if (refusal !== undefined) {
      yield* desk.reception.refused(503, Reception.reasons[refusal])
      return yield* reject("USER_BUSY")
    }
    const request = requestOf(payload, {})
    const decision =
      desk.preCall === undefined
        ? PreCall.accept()
        : yield* Effect.catchCause(desk.preCall(request), (cause) =>
            Effect.as(Effect.logError("The pre-call handler failed.", cause), PreCall.reject)
          )
    if (decision._tag === "Rejected") return yield* reject("CALL_REJECTED")
    const metadata = { ...request.metadata, ...decision.metadata }
    const fields = streamFields(desk, { callControlId, base, request: { ...request, metadata } })
    // Events of this call go to this process from now on.
    const own = desk.addresses.processUrl === undefined ? {} : { webhook_url: base }
    yield* TelnyxAccount.command(account, callControlId, "answer", { ...fields, ...own })
  }).pipe(Effect.catch(failed("The call could not be answered")))

/** Starts the media stream of an outgoing call that was answered. Hangs up if there can be none: nobody would hear anything. */
const connect = (
  desk: Desk,
  payload: Told,
  base: string,
  metadata: Readonly<Record<string, string>>
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { account } = desk
    const callControlId = payload.call_control_id
    const hangUp = Effect.catch(TelnyxAccount.hangUp(account, callControlId), failed("The call could not be hung up"))
    const refusal = yield* desk.reception.calls.refusal
    if (refusal !== undefined) {
      yield* desk.reception.refused(503, Reception.reasons[refusal])
      return yield* hangUp
    }
    const fields = streamFields(desk, { callControlId, base, request: requestOf(payload, metadata) })
    yield* Effect.catch(TelnyxAccount.command(account, callControlId, "streaming_start", fields), (error) =>
      Effect.andThen(failed("The stream of the call could not be started")(error), hangUp)
    )
  })

type Outcome = Extract<Transport.Incoming, { readonly _tag: "Transferred" }>["outcome"]

const outcomeOf = (cause: string | null | undefined): Outcome => {
  switch (cause) {
    case "user_busy":
      return "Busy"
    case "timeout":
    case "no_answer":
    case "originator_cancel":
      return "NoAnswer"
    default:
      return "Failed"
  }
}

/** Handles an event of the call to the target of a transfer. */
const leg = (desk: Desk, callControlId: string, type: string, payload: Told): Effect.Effect<void> => {
  const entry = desk.calls.get(callControlId)
  if (entry?.transfer === undefined) return Effect.void
  switch (type) {
    case "call.answered":
    case "call.bridged":
      // From now on the caller talks to the target.
      return Effect.andThen(
        settle(entry, "Answered"),
        Effect.sync(() => entry.session.stop(Ending.Ending.PeerClosed()))
      )
    case "call.hangup":
      return settle(entry, outcomeOf(payload.hangup_cause))
    default:
      return Effect.void
  }
}

const settle = (entry: Entry, outcome: Outcome): Effect.Effect<void> =>
  Effect.suspend(() => {
    const targetPhoneNumber = entry.transfer
    entry.transfer = undefined
    return targetPhoneNumber === undefined
      ? Effect.void
      : entry.session.tell({ _tag: "Transferred", outcome, targetPhoneNumber })
  })

const transfer = (
  desk: Desk,
  entry: Entry,
  targetPhoneNumber: string,
  pressing: Semaphore.Semaphore
): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (entry.transfer !== undefined) {
      return entry.session.tell({ _tag: "Transferred", outcome: "Failed", targetPhoneNumber })
    }
    entry.transfer = targetPhoneNumber
    const asked = TelnyxAccount.command(desk.account, entry.callControlId, "transfer", {
      to: targetPhoneNumber,
      timeout_secs: Math.ceil(Duration.toSeconds(desk.ringFor)),
      // By default Telnyx tells the application's webhook, which may be that of another agent, or of another process.
      webhook_url: entry.base,
      target_leg_client_state: stateOf({ transferOf: entry.callControlId })
    })
    const work = Effect.catch(pressing.withPermit(asked), (error) =>
      Effect.andThen(failed("The call could not be transferred")(error), settle(entry, "Failed"))
    )
    return Effect.asVoid(Effect.forkDetach(work, { startImmediately: true }))
  })

/** Handles the socket of a media stream. Telnyx does not sign it, so the token binds it to a signed event. */
export const stream = (
  desk: Desk,
  request: HttpServerRequest,
  token: string
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.suspend(() => {
    const expected = desk.tokens.redeem(token)
    return expected === undefined
      ? Effect.as(desk.reception.refused(403, "The stream is not expected"), forbidden)
      : Holding.open(request, carrier(desk, expected), desk)
  })

/** How many messages of audio may wait for a missing one: 100 ms. */
const mostHeld = 5

const carrier = (desk: Desk, { base, callControlId, request }: Expected): Holding.Carrier => {
  const { account, calls } = desk
  let entry: Entry | undefined
  return {
    name: "telnyx",
    decode: Wire.decode,
    codec: Wire.codec,
    mostHeld,
    echoFree: () => true,
    admit: ({ callId }) =>
      callId === callControlId ? Effect.succeed(request) : Effect.fail("the stream belongs to another call"),
    control: (_, session) => {
      const own: Entry = { callControlId, session, base, transfer: undefined }
      entry = own
      const pressing = Semaphore.makeUnsafe(1)
      return {
        // Behind the keys that are being pressed.
        hangUp: Effect.catch(
          pressing.withPermit(TelnyxAccount.hangUp(account, callControlId)),
          failed("The call could not be hung up")
        ),
        transfer: (target) => transfer(desk, own, target, pressing),
        // One after another, but without waiting for Telnyx: speech, and the end of it when the caller cuts in, would wait as well.
        dtmf: (digits) =>
          TelnyxAccount.command(account, callControlId, "send_dtmf", { digits }).pipe(
            Effect.catch(failed("The keys could not be pressed")),
            pressing.withPermit,
            Effect.forkDetach({ startImmediately: true }),
            Effect.asVoid
          )
      }
    },
    began: () =>
      Effect.sync(() => {
        // Telnyx has the call on one stream at a time, so the one before is over, even if its end has not come yet.
        calls.get(callControlId)?.session.stop(Ending.Ending.PeerClosed())
        if (entry !== undefined) calls.set(callControlId, entry)
      }),
    over: Effect.sync(() => {
      if (calls.get(callControlId) === entry) calls.delete(callControlId)
    })
  }
}
