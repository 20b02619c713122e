/**
 * The calls that a server has open: how many may be, which ones have gone silent, and how they end when the server stops.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { OfServer } from "./Ending.ts"
import type { Health } from "./Health.ts"

/** A call that is open. */
export interface OpenCall {
  /** When something was last received, in milliseconds of the monotonic clock. */
  lastReceivedAt: number
  /** Time without anything received after which the call is stopped; that of the settings if undefined. */
  readonly idleTimeout?: Duration.Duration | undefined
  /** Ends the call for a reason of the server's. The first reason counts. */
  readonly stop: (reason: OfServer) => Effect.Effect<void>
}

/** The open calls of one server. */
export class Calls extends Context.Service<
  Calls,
  {
    /** Whether a call would be refused now, and why. */
    readonly refusal: Effect.Effect<"Draining" | "Full" | undefined>
    /** What was counted, and whether the server wants more calls. */
    readonly health: Health
    /** How many are open, those included on which no call has started yet. */
    readonly count: Effect.Effect<number>
    /**
     * Adds a call until the scope closes. It counts as opening until it has begun. If too many are opening, the one that has
     * been for the longest time is stopped.
     */
    readonly open: (call: OpenCall) => Effect.Effect<void, never, Scope.Scope>
    /** Counts an opening call as a call from here on, and says whether there was a place for it. */
    readonly begin: (call: OpenCall) => Effect.Effect<boolean>
    /** Refuses new calls, lets the open ones end by themselves, and ends those that are left after `drainTimeout`. */
    readonly drain: Effect.Effect<void>
    /** Ends the open calls now, and does not wait. A drain that is going on ends with them. */
    readonly hurry: Effect.Effect<void>
  }
>()("@antiphon/server/Calls") {}
