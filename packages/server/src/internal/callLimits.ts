/** Limits how long an agent talks, because two machines that call each other would never stop. */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Settings } from "../Settings.ts"
import * as Monotonic from "@antiphon/core/Monotonic"

/**
 * The turn after the limit says goodbye and hangs up; later turns say nothing. The agent still handles the start and
 * the end of the call.
 */
export const within = <E, R>(
  spec: Agent.AgentSpec<E, R>,
  { goodbye, maxCallDuration, maxTurns }: Pick<Settings, "goodbye" | "maxCallDuration" | "maxTurns">,
  {
    clock,
    onFarewell
  }: {
    readonly clock: Clock
    /** Called once, when the agent says goodbye, because the platform may not hang up. */
    readonly onFarewell: () => void
  }
): Agent.AgentSpec<E, R> => {
  const longestMs = Duration.toMillis(maxCallDuration)
  if (maxTurns === 0 && longestMs === 0) return spec
  const begunAt = Monotonic.millis(clock)
  let turns = 0
  let parted = false
  const excess = (): string | undefined =>
    maxTurns > 0 && turns > maxTurns
      ? "max_turns"
      : longestMs > 0 && Monotonic.millis(clock) - begunAt >= longestMs
        ? "max_duration"
        : undefined
  const farewell = (reason: string) => {
    if (parted) return Stream.empty
    parted = true
    onFarewell()
    return Stream.concat(
      Stream.fromEffectDrain(Effect.logWarning(`The call has reached its limit (${reason}): the agent says goodbye.`)),
      Stream.make(Event.sendText(goodbye, { interruptible: false }), Event.endCall({ reason, interruptible: false }))
    )
  }
  return {
    ...spec,
    agent: (event, turn) => {
      if (event._tag === "CallStarted" || event._tag === "CallEnded") return spec.agent(event, turn)
      turns++
      const reason = excess()
      return reason === undefined ? spec.agent(event, turn) : farewell(reason)
    }
  }
}
