/** Open calls of a Twilio account, and their transfers. */
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Ending from "@antiphon/server/Ending"
import type * as Transport from "@antiphon/speech/Transport"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Session } from "../holding.ts"

/** A transfer in progress. */
export interface Pending {
  readonly targetPhoneNumber: string
  readonly kind: "cold" | "warm"
  /** The call to the target, once it was placed. */
  legSid?: string | undefined
}

/** A call in progress. */
export interface Entry {
  readonly callSid: string
  readonly request: CallRequest
  readonly session: Session
  /** Address of this server's routes, as this call reaches them. */
  readonly base: string
  readonly over: Deferred.Deferred<void>
  transfer: Pending | undefined
}

/** A call whose stream has not connected yet. */
export interface Expected {
  readonly callSid: string
  readonly request: CallRequest
  readonly base: string
  answeredBy: Answerer | undefined
  /** Set if the call continues on another stream. */
  readonly session?: Session | undefined
}

type Outcome = Extract<Transport.Incoming, { readonly _tag: "Transferred" }>["outcome"]
type Answerer = Extract<Transport.Incoming, { readonly _tag: "Answered" }>["by"]

/** Reports the outcome of a transfer to the agent. Later outcomes of the same transfer are ignored. */
export const settle = (entry: Entry, pending: Pending, outcome: Outcome): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (entry.transfer !== pending) return Effect.void
    entry.transfer = undefined
    const { targetPhoneNumber } = pending
    return entry.session.tell({ _tag: "Transferred", outcome, targetPhoneNumber })
  })

/** Ends a call whose caller has hung up or was transferred. */
export const leave = (entry: Entry): Effect.Effect<void> =>
  Effect.sync(() => {
    entry.session.isAway = false
    entry.session.stop(Ending.Ending.PeerClosed())
  })

/** Runs an effect after a delay, unless the call ends before. */
export const later = (entry: Entry, after: Duration.Input, effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.asVoid(Effect.forkDetach(Effect.raceFirst(Deferred.await(entry.over), Effect.delay(effect, after))))

/** The outcome for a call status of Twilio. Undefined while it rings. */
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

/** Whether a call with this status has ended. */
export const isOver = (status: string | undefined): boolean =>
  status === "completed" || status === "busy" || status === "no-answer" || status === "failed" || status === "canceled"

/** The result of Twilio's answering-machine detection. Undefined if it is unknown. */
export const answererOf = (answeredBy: string | undefined): Answerer | undefined => {
  if (answeredBy === "human") return "Human"
  if (answeredBy === "fax") return "Machine"
  return answeredBy?.startsWith("machine") === true ? "Machine" : undefined
}
