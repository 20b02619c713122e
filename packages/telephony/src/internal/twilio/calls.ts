/** The calls of one Twilio account that are held here, by their SIDs, and what becomes of their transfers. */
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Ending from "@antiphon/server/Ending"
import type * as Transport from "@antiphon/speech/Transport"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Session } from "../holding.ts"

/** A transfer that is under way. */
export interface Pending {
  readonly targetPhoneNumber: string
  readonly kind: "cold" | "warm"
  /** The call to the target, once it is made. */
  legSid?: string | undefined
}

/** A call that is held. */
export interface Entry {
  readonly callSid: string
  readonly request: CallRequest
  readonly session: Session
  /** The address of this server for this call. */
  readonly base: string
  readonly over: Deferred.Deferred<void>
  transfer: Pending | undefined
}

/** A call whose stream is waited for. */
export interface Expected {
  readonly callSid: string
  readonly request: CallRequest
  readonly base: string
  answeredBy: Answerer | undefined
  /** The call goes on, on another stream. */
  readonly session?: Session | undefined
}

type Outcome = Extract<Transport.Incoming, { readonly _tag: "Transferred" }>["outcome"]
type Answerer = Extract<Transport.Incoming, { readonly _tag: "Answered" }>["by"]

/** Tells the agent what became of its transfer. */
export const settle = (entry: Entry, pending: Pending, outcome: Outcome): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (entry.transfer !== pending) return Effect.void
    entry.transfer = undefined
    const { targetPhoneNumber } = pending
    return entry.session.tell({ _tag: "Transferred", outcome, targetPhoneNumber })
  })

/** Ends a call whose caller is gone, or with somebody else. */
export const leave = (entry: Entry): Effect.Effect<void> =>
  Effect.sync(() => {
    entry.session.isAway = false
    entry.session.stop(Ending.Ending.PeerClosed())
  })

/** Does something after a while, unless the call is over by then. */
export const later = (entry: Entry, after: Duration.Input, effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.asVoid(Effect.forkDetach(Effect.raceFirst(Deferred.await(entry.over), Effect.delay(effect, after))))

/** What Twilio says of a call that was made: undefined while it rings. */
export const outcomeOf = (status: string | undefined): Outcome | undefined => {
  switch (status) {
    case "in-progress":
    case "answered":
    case "completed":
      return "Answered"
    case "busy":
      return "Busy"
    case "no-answer":
      return "NoAnswer"
    case "failed":
    case "canceled":
      return "Failed"
    default:
      return undefined
  }
}

/** Whether a call with this status is over. */
export const isOver = (status: string | undefined): boolean =>
  status === "completed" || status === "busy" || status === "no-answer" || status === "failed" || status === "canceled"

/** What Twilio's detection of answering machines says: undefined if it does not know. */
export const answererOf = (answeredBy: string | undefined): Answerer | undefined => {
  if (answeredBy === "human") return "Human"
  if (answeredBy === "fax") return "Machine"
  return answeredBy?.startsWith("machine") === true ? "Machine" : undefined
}
