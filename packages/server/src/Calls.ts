/**
 * The open calls of a server: counts them, limits them, and ends them if they are silent or the server stops.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { OfServer } from "./Ending.ts"
import type { Health } from "./Health.ts"
import type { ClientPace } from "./internal/intake.ts"

/** An open call. */
export interface OpenCall {
  /** When the last message was received, in milliseconds of the monotonic clock. */
  lastReceivedAt: number
  /** The call is ended if nothing is received for this long. Defaults to the setting. */
  readonly idleTimeout?: Duration.Duration | undefined
  /** Identifies the client that opened it, for limits per client. */
  readonly client?: string | undefined
  /**
   * A call that has not started is closed to make room for others only after this time, unless very many are that
   * young. In milliseconds of the monotonic clock.
   */
  readonly youngUntil?: number | undefined
  /** Approximate memory of the call in bytes. If memory runs out, the largest call is ended first. */
  readonly weight?: (() => number) | undefined
  /** Ends the call for one of the server's reasons. The first reason counts. */
  readonly stop: (reason: OfServer) => Effect.Effect<void>
}

/**
 * Why a call would be refused: the server is draining, full, short of memory or gets too many new calls a second, or
 * the client has its maximum of calls.
 */
export type Refusal = "Draining" | "Full" | "Memory" | "Rush" | "Client"

/** The open calls of one server. */
export class Calls extends Context.Service<
  Calls,
  {
    /** Whether a call would be refused now, and why. */
    readonly refusal: Effect.Effect<Refusal | undefined>
    /** The same for a call of this client. */
    readonly refusalOf: (client: string) => Effect.Effect<Refusal | undefined>
    /** The byte rate of a client, if it is limited. */
    readonly paceOf: (client: string) => ClientPace | undefined
    /** The server's counts, and whether it accepts more calls. */
    readonly health: Health
    /** How many are open, including sockets on which no call has started yet. */
    readonly count: Effect.Effect<number>
    /**
     * Adds a call until the scope closes. It counts as opening until `begin`. If too many calls are opening, the oldest
     * of them is stopped.
     */
    readonly open: (call: OpenCall) => Effect.Effect<void, never, Scope.Scope>
    /** Counts an opening call as a call from now on. Returns false if the server is full. */
    readonly begin: (call: OpenCall) => Effect.Effect<boolean>
    /** Refuses new calls, lets the open ones end by themselves, and ends the rest after `drainTimeout`. */
    readonly drain: Effect.Effect<void>
    /** Ends the open calls now, without waiting. A drain in progress ends with them. */
    readonly hurry: Effect.Effect<void>
    /** Waits until a drain starts. */
    readonly draining: Effect.Effect<void>
  }
>()("@antiphon/server/Calls") {}
