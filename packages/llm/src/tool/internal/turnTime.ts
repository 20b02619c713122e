/** Measures a turn once, even if several agents take part in it. */
import * as Event from "@antiphon/core/Event"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Stream from "effect/Stream"
import * as Opening from "../../internal/opening.ts"

/** Whether the time of the turn is taken already, by the agent that this one was handed the call from. */
export const IsTaken: Context.Reference<boolean> = Context.Reference("@antiphon/llm/tool/internal/turnTime", {
  defaultValue: () => false
})

/** Runs the part of another agent in a turn whose time is taken. */
export const taken = <E, R>(stream: Stream.Stream<Event.Output, E, R>): Stream.Stream<Event.Output, E, R> =>
  Stream.provideService(stream, IsTaken, true)

/** A measurement in milliseconds since a time of the clock in nanoseconds. */
export const metric = (name: string, start: bigint, clock: Clock.Clock): Event.Output =>
  Event.logMetric(name, Number(clock.currentTimeNanosUnsafe() - start) / 1e6)

/** Ends a turn, made when it runs, with the time that it took, unless that is taken already. */
export const timed = <E, R>(turn: () => Stream.Stream<Event.Output, E, R>): Stream.Stream<Event.Output, E, R> =>
  Opening.stream((context: Context.Context<R>, scope) => {
    if (Context.get(context, IsTaken)) return Opening.pull(turn(), scope)
    const clock = Context.get(context, Clock.Clock)
    const start = clock.currentTimeNanosUnsafe()
    const done = () => Stream.sync(() => metric("agent_turn_ms", start, clock))
    return Opening.pull(Opening.followed(turn(), { done }), scope)
  })
