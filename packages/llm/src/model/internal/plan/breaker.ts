/**
 * A circuit breaker for providers. Closed, requests pass; open, the provider is skipped for a while, and then one
 * request at a time may try it.
 *
 * Plain data and functions; times are in milliseconds of a single clock.
 */

export interface Policy {
  /** How many failures in a row within the window open the breaker. */
  readonly failures: number
  readonly window: number
  /** How long the breaker stays open, and how long a trial may take before the next one is allowed. */
  readonly cooldown: number
}

export type Breaker =
  | { readonly _tag: "Closed"; readonly failures: ReadonlyArray<number> }
  | { readonly _tag: "Open"; readonly until: number }

/** What a request may do: proceed, proceed as the only trial of an open breaker, or skip the provider. */
export type Admission = "Closed" | "Trial" | "Skip"

export const closed: Breaker = { _tag: "Closed", failures: [] }

/** Decides about a request. A trial blocks further ones until it has ended, or the cooldown has passed. */
export const admit = (breaker: Breaker, now: number, policy: Policy): readonly [Admission, Breaker] => {
  if (breaker._tag === "Closed") return ["Closed", breaker]
  return now < breaker.until ? ["Skip", breaker] : ["Trial", { _tag: "Open", until: now + policy.cooldown }]
}

/** Notes a failure. `notBefore` is the earliest time at which the provider accepts another request. */
export const failed = (
  breaker: Breaker,
  admission: Admission,
  now: number,
  policy: Policy,
  notBefore: number
): Breaker => {
  if (notBefore > now) return open(breaker, Math.max(notBefore, admission === "Trial" ? now + policy.cooldown : 0))
  // A request that was on its way when the breaker opened says nothing new.
  if (breaker._tag === "Open") return admission === "Trial" ? { _tag: "Open", until: now + policy.cooldown } : breaker
  const failures = [...breaker.failures.filter((time) => now - time < policy.window), now]
  return failures.length < policy.failures
    ? { _tag: "Closed", failures }
    : { _tag: "Open", until: now + policy.cooldown }
}

const open = (breaker: Breaker, until: number): Breaker => ({
  _tag: "Open",
  until: breaker._tag === "Open" ? Math.max(breaker.until, until) : until
})

/** Notes a request that ended without a verdict: the next one may be the trial. */
export const released = (breaker: Breaker, admission: Admission, now: number): Breaker =>
  breaker._tag === "Open" && admission === "Trial" ? { _tag: "Open", until: now } : breaker
