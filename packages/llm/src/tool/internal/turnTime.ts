/** Measures a turn once, even if several agents take part in it. */
import * as Event from "@antiphon/core/Event"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Stream from "effect/Stream"
import * as Opening from "../../internal/opening.ts"

/** Whether the turn is already measured, by the agent that handed over the call. */
export const IsTaken: Context.Reference<boolean> = Context.Reference("@antiphon/llm/tool/internal/turnTime", {
  defaultValue: () => false
})

/** Runs another agent's part of a turn that is already measured. */
export const taken = <E, R>(stream: Stream.Stream<Event.Output, E, R>): Stream.Stream<Event.Output, E, R> =>
  Stream.provideService(stream, IsTaken, true)

/** A measurement in milliseconds since a time of the clock in nanoseconds. */
export const metric = (name: string, start: bigint, clock: Clock.Clock): Event.Output =>
  Event.logMetric(name, Number(clock.currentTimeNanosUnsafe() - start) / 1e6)

/** Ends a turn with its duration, unless it is already measured. The turn is made when it runs. */
export const timed = <E, R>(turn: () => Stream.Stream<Event.Output, E, R>): Stream.Stream<Event.Output, E, R> =>
  Opening.stream((context: Context.Context<R>, scope) => {
    if (Context.get(context, IsTaken)) return Opening.pull(turn(), scope)
    const clock = Context.get(context, Clock.Clock)
    const start = clock.currentTimeNanosUnsafe()
    const done = () => Stream.sync(() => metric("agent_turn_ms", start, clock))
    return Opening.pull(Opening.followed(turn(), { done }), scope)
  })
