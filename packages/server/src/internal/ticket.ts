/**
 * Tickets that are valid for one call: `/chats` hands one out with its decision, and the following socket presents it.
 * A ticket contains its expiry and its call, signed, so that any process with the secret can verify it. `usedTickets`
 * keeps those that were used.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import type { Used } from "./usedTickets.ts"

/** Issues and verifies tickets. `now` is the wall time in milliseconds, the only clock that processes share. */
export interface Tickets {
  readonly issue: (callId: string, now: number) => string
  /** Verifies a ticket. Undefined if it is forged or has expired. */
  readonly read: (ticket: string, now: number) => Ticket | undefined
}

/** A genuine ticket. */
export interface Ticket extends Used {
  /** Whether a call is the one the ticket was issued for. */
  readonly fits: (callId: string) => boolean
}

/** Validity of a ticket: the telephone may ring for a while before the platform opens the socket. */
export const lifeMs = 5 * 60_000

/** Makes an issuer from a secret; without one, from a random secret. */
export const make = (secret: string | undefined): Tickets => {
  const key = createHash("sha256")
    .update("antiphon ticket\0")
    .update(secret ?? randomBytes(32))
    .digest()
  const sign = (text: string) => createHmac("sha256", key).update(text).digest("base64url")
  const markOf = (callId: string) => sign(`call\0${callId}`).slice(0, 22)

  return {
    issue: (callId, now) => {
      const text = `${(now + lifeMs).toString(36)}.${randomBytes(12).toString("base64url")}.${markOf(callId)}`
      return `${text}.${sign(text)}`
    },
    read: (ticket, now) => {
      const text = ticket.slice(0, ticket.lastIndexOf("."))
      if (!same(ticket, `${text}.${sign(text)}`)) return undefined
      const [end = "", id = "", mark = ""] = text.split(".")
      const until = Number.parseInt(end, 36)
      return until <= now ? undefined : { id, until, fits: (callId) => mark === markOf(callId) }
    }
  }
}

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
