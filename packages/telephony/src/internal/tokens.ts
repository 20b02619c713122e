/**
 * Tokens that admit one socket each, and then nobody: they bind a call's stream to the request that a carrier has signed.
 * Kept in memory, for a while.
 */
import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import { randomBytes } from "node:crypto"

/** Tokens that are waited for. Beyond it the oldest is given up: who never connects must not fill the memory. */
const most = 10_000

export interface Tokens<A> {
  /** Makes a token for something. */
  readonly issue: (value: A) => string
  /** What a token stands for, once. */
  readonly redeem: (token: string) => A | undefined
  /** What is still waited for. */
  readonly pending: () => Iterable<A>
}

/** Makes tokens that are good for so long. */
export const make = <A>(clock: Clock, validFor: Duration.Duration): Tokens<A> => {
  const issued = new Map<string, { readonly value: A; readonly until: number }>()
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
  const sweep = () => {
    for (const [token, { until }] of issued) {
      // They are in the order in which they expire.
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
