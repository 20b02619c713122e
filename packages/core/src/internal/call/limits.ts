/**
 * The limits on how long an agent may talk, around the agent itself.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Agent from "../../Agent.ts"
import * as CallLimits from "../../CallLimits.ts"
import * as Event from "../../Event.ts"
import * as Monotonic from "../../Monotonic.ts"

/**
 * Holds an agent to the limits of the context, from now on. The turn after the limit says goodbye and hangs up, with `max_turns` or
 * `max_duration` as the reason, and cannot be interrupted; later turns say nothing. The agent still handles the start and the end of
 * the call.
 */
export const apply = <E, R>(spec: Agent.AgentSpec<E, R>): Effect.Effect<Agent.AgentSpec<E, R>> =>
  Effect.gen(function* () {
    const limits = yield* CallLimits.Current
    return limits === undefined ? spec : within(spec, limits, yield* Clock.Clock)
  })

const within = <E, R>(
  spec: Agent.AgentSpec<E, R>,
  { goodbye, maxCallDuration, maxTurns, onFarewell }: CallLimits.CallLimits,
  clock: Clock.Clock
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
  const farewell = (reason: string) =>
    Effect.gen(function* () {
      if (parted) return Stream.empty
      parted = true
      onFarewell()
      yield* Effect.logWarning(`The call has reached its limit (${reason}): the agent says goodbye.`)
      return Stream.make(
        Event.sendText(goodbye, { interruptible: false }),
        Event.endCall({ reason, interruptible: false })
      )
    })
  return {
    ...spec,
    agent: (event, turn) => {
      if (event._tag === "CallStarted" || event._tag === "CallEnded") return spec.agent(event, turn)
      turns++
      const reason = excess()
      // The region begins once the turn is certain: a draft that is taken back has said no goodbye.
      return reason === undefined ? spec.agent(event, turn) : turn.uninterruptible(Stream.unwrap(farewell(reason)))
    }
  }
}
