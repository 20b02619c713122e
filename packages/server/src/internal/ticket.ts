/**
 * Tickets that are good for one call: `/chats` hands one out with its decision, and the socket that follows shows it. A ticket
 * carries the time until which it is good and the call it is for, signed, so that any process with the secret can read it.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto"

/** What reads and writes tickets. `now` is the wall time in milliseconds, since processes have no other in common. */
export interface Tickets {
  readonly issue: (callId: string, now: number) => string
  /** Takes a ticket, and gives what the id of its call must match; undefined if it is forged, too old, or was used here. */
  readonly use: (ticket: string, now: number) => Seal | undefined
}

/** Tells whether a call is the one that a ticket is for. */
export interface Seal {
  readonly fits: (callId: string) => boolean
}

/** Validity of a ticket: the telephone may ring for a while before the platform opens the socket. */
export const lifeMs = 5 * 60_000

/** Makes them from a secret: without one, a random one. */
export const make = (secret: string | undefined): Tickets => {
  const key = createHash("sha256")
    .update("antiphon ticket\0")
    .update(secret ?? randomBytes(32))
    .digest()
  const sign = (text: string) => createHmac("sha256", key).update(text).digest("base64url")
  const markOf = (callId: string) => sign(`call\0${callId}`).slice(0, 22)
  /** Those that were used, with the time from which they are too old anyway, the oldest first. */
  const used = new Map<string, number>()

  return {
    issue: (callId, now) => {
      const text = `${(now + lifeMs).toString(36)}.${randomBytes(12).toString("base64url")}.${markOf(callId)}`
      return `${text}.${sign(text)}`
    },
    use: (ticket, now) => {
      const text = ticket.slice(0, ticket.lastIndexOf("."))
      if (!same(ticket, `${text}.${sign(text)}`)) return undefined
      const [until = "", nonce = "", mark = ""] = text.split(".")
      const end = Number.parseInt(until, 36)
      for (const [nonce, end] of used) {
        if (end > now) break
        used.delete(nonce)
      }
      if (end <= now || used.has(nonce)) return undefined
      used.set(nonce, end)
      return { fits: (callId) => mark === markOf(callId) }
    }
  }
}

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
