/**
 * Whether a provider that keeps failing is asked at all: closed, it is; open, it is left alone for a while, and then one
 * request at a time may try it.
 *
 * Plain data and plain functions. Times are milliseconds of one clock.
 */

export interface Policy {
  /** Failures within the window, with no success between them, that open the breaker. */
  readonly failures: number
  readonly window: number
  /** How long the breaker stays open, and how long a trial has before the next one is allowed. */
  readonly cooldown: number
}

export type Breaker =
  | { readonly _tag: "Closed"; readonly failures: ReadonlyArray<number> }
  | { readonly _tag: "Open"; readonly until: number }

/** What a request may do: go on, go on as the one trial of an open breaker, or leave the provider alone. */
export type Admission = "Closed" | "Trial" | "Skip"

export const closed: Breaker = { _tag: "Closed", failures: [] }

/** Decides about a request. A trial takes the place of the next ones until it has ended, or the cooldown has passed. */
export const admit = (breaker: Breaker, now: number, policy: Policy): readonly [Admission, Breaker] => {
  if (breaker._tag === "Closed") return ["Closed", breaker]
  return now < breaker.until ? ["Skip", breaker] : ["Trial", { _tag: "Open", until: now + policy.cooldown }]
}

/** After a failure. `notBefore` is the time before which the provider has asked not to be called. */
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

/** After a request that was given up without a verdict: the next one may be the trial. */
export const released = (breaker: Breaker, admission: Admission, now: number): Breaker =>
  breaker._tag === "Open" && admission === "Trial" ? { _tag: "Open", until: now } : breaker
