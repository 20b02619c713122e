/**
 * One-use tokens that bind a call's stream to the signed request before it. They are kept in memory for a limited time.
 */
import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import { randomBytes } from "node:crypto"

/**
 * Maximum number of outstanding tokens. Beyond it the oldest is dropped, so that callers who never connect do not fill
 * the memory.
 */
const most = 10_000

export interface Tokens<A> {
  /** Issues a token for a value. */
  readonly issue: (value: A) => string
  /** Returns the value of a token, once. */
  readonly redeem: (token: string) => A | undefined
  /** Values of outstanding tokens. */
  readonly pending: () => Iterable<A>
}

/** Makes tokens that are valid for this long. */
export const make = <A>(clock: Clock, validFor: Duration.Duration): Tokens<A> => {
  const issued = new Map<string, { readonly value: A; readonly until: number }>()
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
  const sweep = () => {
    for (const [token, { until }] of issued) {
      // Tokens are in order of expiry.
      if (until > now() && issued.size <= most) return
      issued.delete(token)
    }
  }
  return {
    issue: (value) => {
      const token = randomBytes(24).toString("base64url")
      issued.set(token, { value, until: now() + Duration.toMillis(validFor) })
      sweep()
      return token
    },
    redeem: (token) => {
      const found = issued.get(token)
      issued.delete(token)
      return found !== undefined && found.until > now() ? found.value : undefined
    },
    pending: () => [...issued.values()].map(({ value }) => value)
  }
}
