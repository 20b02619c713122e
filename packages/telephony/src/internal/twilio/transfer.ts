/**
 * Transfers of a call on Twilio.
 *
 * Cold: the caller is taken off the stream and hears the target ring. If nobody answers, they come back to the agent on another
 * stream. Warm: the target is called while the caller stays with the agent; when it answers, both meet in a conference.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { CarrierError } from "../../CarrierError.ts"
import * as TwilioAccount from "../../TwilioAccount.ts"
import * as Twiml from "../twiml.ts"
import * as Calls from "./calls.ts"

/** How a call is transferred. */
export interface Transfer {
  /** `cold` by default. */
  readonly kind?: "cold" | "warm" | undefined
  /** How long the target rings. 30 seconds by default. */
  readonly timeout?: Duration.Input | undefined
  /** Number that the target sees. By default the caller's with `cold`, and ours with `warm`. */
  readonly callerId?: string | undefined
  /** Spoken to whoever answers a warm transfer, before the caller joins. */
  readonly whisper?: string | undefined
}

/** Longest wait for an outcome after the ringing should have stopped. */
const grace = Duration.seconds(20)

const timeoutOf = (transfer: Transfer): Duration.Duration => Duration.fromInputUnsafe(transfer.timeout ?? "30 seconds")

/** Starts a transfer in the background. */
export const begin = (
  account: TwilioAccount.TwilioAccount,
  entry: Calls.Entry,
  targetPhoneNumber: string,
  transfer: Transfer
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const pending: Calls.Pending = { targetPhoneNumber, kind: transfer.kind ?? "cold" }
    if (entry.transfer !== undefined || addressee(targetPhoneNumber) === undefined) {
      return entry.session.tell({ _tag: "Transferred", outcome: "Failed", targetPhoneNumber })
    }
    entry.transfer = pending
    const work =
      pending.kind === "cold" ? cold(account, entry, pending, transfer) : warm(account, entry, pending, transfer)
    const late = Effect.suspend(() => (entry.transfer === pending ? giveUp(account, entry, pending) : Effect.void))
    return Effect.andThen(
      Effect.forkDetach(work, { startImmediately: true }),
      Calls.later(entry, Duration.sum(timeoutOf(transfer), grace), late)
    )
  })

/** A number or a SIP address, in the form TwiML expects. */
const addressee = (target: string): "Number" | "Sip" | undefined =>
  /^\+?[\d*#]{2,20}$/.test(target) ? "Number" : /^sips?:[^\s<>"']+$/.test(target) ? "Sip" : undefined

const failed = (what: string) => (error: CarrierError) => Effect.logWarning(`${what}: ${error.message}`)

const cold = (
  account: TwilioAccount.TwilioAccount,
  entry: Calls.Entry,
  pending: Calls.Pending,
  transfer: Transfer
): Effect.Effect<void> => {
  const { base, callSid, session } = entry
  const target = pending.targetPhoneNumber
  const leg = Twiml.element(
    addressee(target) ?? "Number",
    { statusCallback: `${base}/status`, statusCallbackEvent: "answered" },
    Twiml.text(target)
  )
  const twiml = Twiml.response(
    Twiml.element(
      "Dial",
      {
        action: `${base}/transferred`,
        timeout: Math.ceil(Duration.toSeconds(timeoutOf(transfer))),
        callerId: transfer.callerId,
        answerOnBridge: true
      },
      leg
    )
  )
  return Effect.gen(function* () {
    session.isAway = true
    yield* session.tell({ _tag: "Held", isHeld: true })
    yield* TwilioAccount.updateCall(account, callSid, twiml)
  }).pipe(
    Effect.catch((error) => {
      session.isAway = false
      return failed("The call could not be transferred")(error).pipe(
        Effect.andThen(session.tell({ _tag: "Held", isHeld: false })),
        Effect.andThen(Calls.settle(entry, pending, "Failed"))
      )
    })
  )
}

const room = (entry: Calls.Entry): string =>
  Twiml.element(
    "Dial",
    {},
    Twiml.element("Conference", { beep: false, endConferenceOnExit: true }, Twiml.text(`antiphon-${entry.callSid}`))
  )

const warm = (
  account: TwilioAccount.TwilioAccount,
  entry: Calls.Entry,
  pending: Calls.Pending,
  transfer: Transfer
): Effect.Effect<void> => {
  const { base, callSid, request } = entry
  const ours = request.metadata["direction"] === "inbound" ? request.to : request.from
  const whisper = transfer.whisper === undefined ? [] : [Twiml.element("Say", {}, Twiml.text(transfer.whisper))]
  const fields = {
    To: pending.targetPhoneNumber,
    From: transfer.callerId ?? ours,
    Timeout: String(Math.ceil(Duration.toSeconds(timeoutOf(transfer)))),
    Twiml: Twiml.response(...whisper, room(entry)),
    StatusCallback: `${base}/status?for=${encodeURIComponent(callSid)}`,
    StatusCallbackEvent: ["answered", "completed"]
  }
  return Effect.matchEffect(TwilioAccount.createCall(account, fields), {
    onSuccess: ({ sid }) =>
      Effect.suspend(() => {
        pending.legSid = sid
        // The caller may have hung up while the target was being called.
        return entry.transfer === pending ? Effect.void : drop(account, sid)
      }),
    onFailure: (error) =>
      Effect.andThen(failed("The target could not be called")(error), Calls.settle(entry, pending, "Failed"))
  })
}

const drop = (account: TwilioAccount.TwilioAccount, legSid: string): Effect.Effect<void> =>
  Effect.catch(TwilioAccount.hangUp(account, legSid), failed("The target could not be hung up on"))

/** Moves the caller into the conference, now that the target of a warm transfer has answered. */
export const bridge = (
  account: TwilioAccount.TwilioAccount,
  entry: Calls.Entry,
  pending: Calls.Pending
): Effect.Effect<void> =>
  Effect.suspend(() => {
    // The stream ends before Twilio answers this request, and the agent has yet to be told.
    entry.session.isAway = true
    return TwilioAccount.updateCall(account, entry.callSid, Twiml.response(room(entry)))
  }).pipe(
    Effect.matchEffect({
      onSuccess: () => Effect.andThen(Calls.settle(entry, pending, "Answered"), Calls.leave(entry)),
      onFailure: (error) =>
        Effect.suspend(() => {
          entry.session.isAway = false
          const dropped = pending.legSid === undefined ? Effect.void : drop(account, pending.legSid)
          return Effect.andThen(failed("The caller could not be taken to the target")(error), dropped)
        }).pipe(Effect.andThen(Calls.settle(entry, pending, "Failed")))
    })
  )

/** Gives up on a transfer without an outcome. A caller who is not on the stream is gone. */
const giveUp = (
  account: TwilioAccount.TwilioAccount,
  entry: Calls.Entry,
  pending: Calls.Pending
): Effect.Effect<void> =>
  Effect.andThen(
    Calls.settle(entry, pending, "Failed"),
    entry.session.isAway
      ? Calls.leave(entry)
      : pending.legSid === undefined
        ? Effect.void
        : drop(account, pending.legSid)
  )

/** Stops calling the target when the caller has hung up. */
export const abandon = (account: TwilioAccount.TwilioAccount, entry: Calls.Entry): Effect.Effect<void> =>
  Effect.suspend(() => {
    const legSid = entry.transfer?.legSid
    entry.transfer = undefined
    return legSid === undefined ? Effect.void : Effect.asVoid(Effect.forkDetach(drop(account, legSid)))
  })
