/** Counts events on a server, and decides whether it is ready for more calls. */
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Ending } from "../Ending.ts"
import type * as Health from "../Health.ts"
import * as Monotonic from "@antiphon/core/Monotonic"

/** The open calls and sockets. */
export interface Places {
  readonly openCalls: number
  readonly openings: number
  readonly maxCalls: number
  readonly refusal: Health.Reason | undefined
  readonly draining: boolean
}

/** Time after a blocked event loop in which a server is not ready: long enough for a load balancer to notice. */
export const settleMs = 10_000

/** Maximum duration of a check. */
const checkTimeout = "1 second"
/** Maximum number of distinct kinds of refusals. Protocols can make up their own. */
const maxKinds = 100

/** Makes the health service of a server. */
export const make = (clock: Clock, places: () => Places): Health.Health => {
  const counts: Record<Health.Counted, number> = {
    started: 0,
    received: 0,
    dropped: 0,
    sent: 0,
    turns: 0,
    uncaught: 0,
    drains: 0
  }
  const ended: { [ending in Ending["_tag"]]?: number } = {}
  const refused = new Map<string, number>()
  const checks: Array<Health.Check> = []
  let blocks: Health.Blocks = { count: 0, totalMs: 0, longestMs: 0, lastMs: 0 }
  let settledAt = Number.NEGATIVE_INFINITY

  const missing = Effect.suspend(() =>
    Effect.forEach(
      checks,
      ({ met, name }) => Effect.map(isMet(met), (met): ReadonlyArray<Health.Reason> => (met ? [] : [name])),
      { concurrency: "unbounded" }
    )
  )
  const readiness = Effect.map(missing, (missing): Health.Readiness => {
    const { draining, refusal } = places()
    const reasons = new Set<Health.Reason>(draining ? ["Draining"] : [])
    if (refusal !== undefined) reasons.add(refusal)
    if (Monotonic.millis(clock) < settledAt) reasons.add("Blocked")
    for (const name of missing.flat()) reasons.add(name)
    return { ready: reasons.size === 0, reasons: [...reasons] }
  })

  return {
    readiness,
    snapshot: Effect.map(readiness, (readiness) => {
      const { draining, maxCalls, openCalls, openings } = places()
      return {
        openCalls,
        openings,
        maxCalls,
        ...counts,
        ended: { ...ended },
        refused: Object.fromEntries(refused),
        blocks,
        draining,
        readiness
      }
    }),
    require: (check) => Effect.sync(() => void checks.push(check)),
    count: (what, by = 1) => {
      counts[what] += by
    },
    ended: ({ _tag }) => {
      ended[_tag] = (ended[_tag] ?? 0) + 1
    },
    refused: (detail) => {
      const kind = refused.has(detail) || refused.size < maxKinds ? detail : "other"
      refused.set(kind, (refused.get(kind) ?? 0) + 1)
    },
    blocked: (ms) => {
      const { count, longestMs, totalMs } = blocks
      blocks = { count: count + 1, totalMs: totalMs + ms, longestMs: Math.max(longestMs, ms), lastMs: ms }
      settledAt = Monotonic.millis(clock) + settleMs
    }
  }
}

const isMet = (met: Effect.Effect<boolean>): Effect.Effect<boolean> =>
  met.pipe(
    Effect.timeoutOrElse({ duration: checkTimeout, orElse: () => Effect.succeed(false) }),
    Effect.catchCause(() => Effect.succeed(false))
  )
