/**
 * Limits on how long an agent may talk: without them, two machines that call each other would never stop. `Call.make` and
 * `Call.run` apply the limits of their context, whatever wire the call comes over. A server provides them to its calls.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"

/** The limits of a call. */
export interface CallLimits {
  /** How many turns the agent runs, drafts of an answer included; 0 for any number. Start and end of the call do not count. */
  readonly maxTurns: number
  /** How long it goes on answering; zero for as long as the call lasts. */
  readonly maxCallDuration: Duration.Duration
  /** What the agent says before it hangs up. */
  readonly goodbye: string
  /** Called once, when the agent says goodbye. The platform may not hang up by itself, so the server may have to. */
  readonly onFarewell: () => void
}

/** The limits of the calls in this context. None by default. */
export const Current: Context.Reference<CallLimits | undefined> = Context.Reference("@antiphon/core/CallLimits", {
  defaultValue: (): CallLimits | undefined => undefined
})
