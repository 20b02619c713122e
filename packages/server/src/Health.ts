/**
 * How a server is: what it has counted since it started, and whether it wants more calls.
 *
 * Everything here is a number that is kept as things happen, so asking costs nothing. `/ready` answers with `readiness`, and
 * whoever writes metrics reads `snapshot`.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { Ending } from "./Ending.ts"

/** Why a server wants no new calls: a reason of its own, or the name of a check that failed. */
export type Reason = "Draining" | "Full" | "Memory" | "Rush" | "Blocked" | (string & {})

/** Whether a server wants new calls. */
export interface Readiness {
  readonly ready: boolean
  /** Empty if it is ready. */
  readonly reasons: ReadonlyArray<Reason>
}

/** Something of the application's own without which a server cannot hold calls, such as its model. */
export interface Check {
  /** What is missing when it is not met, in one word: `NoModel`. */
  readonly name: string
  /** A check that fails, or takes longer than a second, is not met. */
  readonly met: Effect.Effect<boolean>
}

/** Times at which the event loop stood still. */
export interface Blocks {
  readonly count: number
  readonly totalMs: number
  readonly longestMs: number
  readonly lastMs: number
}

/** Everything that is counted. Numbers that can only grow count from the start of the server. */
export interface Snapshot {
  /** Calls that have started and are open now. */
  readonly openCalls: number
  /** Sockets on which no call has started yet. */
  readonly openings: number
  /** How many calls may be open. */
  readonly maxCalls: number
  /** Calls that have started. */
  readonly started: number
  /** Calls, and sockets that became none, by why they ended. */
  readonly ended: { readonly [ending in Ending["_tag"]]?: number }
  /** Requests that would have opened a call and were refused, by the words of the refusal. */
  readonly refused: { readonly [detail: string]: number }
  /** Messages of peers that were taken, and those of them that were of no use. */
  readonly received: number
  readonly dropped: number
  /** Messages to peers. */
  readonly sent: number
  /** Turns that have started. */
  readonly turns: number
  readonly blocks: Blocks
  /** Failures outside every fiber: floating rejections, and what timers and emitters threw. */
  readonly uncaught: number
  /** How often a drain has begun, and whether one is going on. */
  readonly drains: number
  readonly draining: boolean
  readonly readiness: Readiness
}

/** The health of one server. The functions that count are called as things happen. */
export interface Health {
  readonly snapshot: Effect.Effect<Snapshot>
  readonly readiness: Effect.Effect<Readiness>
  /** Adds a check of the application's own. */
  readonly require: (check: Check) => Effect.Effect<void>
  readonly count: (what: Counted, by?: number) => void
  readonly ended: (ending: Ending) => void
  readonly refused: (detail: string) => void
  /** The event loop stood still for so long. The server is not ready for a while after it. */
  readonly blocked: (ms: number) => void
}

/** What is counted by its number alone. */
export type Counted = "started" | "received" | "dropped" | "sent" | "turns" | "uncaught" | "drains"
