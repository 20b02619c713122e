/**
 * The health of a server: its counts since the start, and whether it accepts more calls.
 *
 * All numbers are kept up to date, so reading them costs nothing. `/ready` answers with `readiness`; metrics are
 * written from `snapshot`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import type { Ending } from "./Ending.ts"

/**
 * The metrics of the process in Prometheus' format. A supervisor requests them from each process and adds them up. By
 * default they have Effect's names; `Prometheus.format` of `@antiphon/operate` adds units.
 */
export const MetricsPage: Context.Reference<Effect.Effect<string>> = Context.Reference<Effect.Effect<string>>(
  "@antiphon/server/Health/MetricsPage",
  { defaultValue: () => PrometheusMetrics.format() }
)

/** Why a server accepts no new calls: a built-in reason, or the name of a failed check. */
export type Reason = "Draining" | "Full" | "Memory" | "Rush" | "Blocked" | (string & {})

/** Whether a server accepts new calls. */
export interface Readiness {
  readonly ready: boolean
  /** Empty if it is ready. */
  readonly reasons: ReadonlyArray<Reason>
}

/** An application-defined requirement for calls, such as a reachable model. */
export interface Check {
  /** The reason if it is not met, in one word, such as `NoModel`. */
  readonly name: string
  /** A check that fails or takes longer than a second counts as not met. */
  readonly met: Effect.Effect<boolean>
}

/** Number of times the event loop was blocked. */
export interface Blocks {
  readonly count: number
  readonly totalMs: number
  readonly longestMs: number
  readonly lastMs: number
}

/** All counts. Counters start at zero with the server. */
export interface Snapshot {
  /** Calls that have started and are open now. */
  readonly openCalls: number
  /** Number of sockets on which no call has started yet. */
  readonly openings: number
  /** Maximum number of open calls. */
  readonly maxCalls: number
  /** Calls that have started. */
  readonly started: number
  /** Calls, and sockets without a call, by why they ended. */
  readonly ended: { readonly [ending in Ending["_tag"]]?: number }
  /** Refused requests for a call, by the text of the refusal. */
  readonly refused: { readonly [detail: string]: number }
  /** Messages received, and the unusable ones among them. */
  readonly received: number
  readonly dropped: number
  /** Messages sent. */
  readonly sent: number
  /** Turns that have started. */
  readonly turns: number
  readonly blocks: Blocks
  /** Failures outside every fiber: unhandled rejections, and exceptions of timers and emitters. */
  readonly uncaught: number
  /** How many drains have begun, and whether one is in progress. */
  readonly drains: number
  readonly draining: boolean
  readonly readiness: Readiness
}

/** The health of one server. Counting functions are called as events happen. */
export interface Health {
  readonly snapshot: Effect.Effect<Snapshot>
  readonly readiness: Effect.Effect<Readiness>
  /** Adds an application-defined check. */
  readonly require: (check: Check) => Effect.Effect<void>
  readonly count: (what: Counted, by?: number) => void
  readonly ended: (ending: Ending) => void
  readonly refused: (detail: string) => void
  /** Notes that the event loop was blocked for this long. The server is not ready for a while afterwards. */
  readonly blocked: (ms: number) => void
}

/** Plain counters. */
export type Counted = "started" | "received" | "dropped" | "sent" | "turns" | "uncaught" | "drains"
