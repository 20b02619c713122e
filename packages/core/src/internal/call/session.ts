/**
 * The session of an agent: a stream beside its turns that hears all events of the call, and makes reports and outputs.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { AgentSpec } from "../../Agent.ts"
import type { CallRequest } from "../../CallRequest.ts"
import * as Event from "../../Event.ts"
import type * as History from "../../History.ts"

export interface Session {
  readonly happened: (event: Event.Input) => void
  readonly start: () => void
  readonly close: Effect.Effect<void>
}

export const make = <R>(
  run: NonNullable<AgentSpec<unknown, R>["session"]>,
  call: {
    readonly fork: (effect: Effect.Effect<void, never, R>) => Fiber.Fiber<void>
    readonly request: CallRequest
    readonly history: Effect.Effect<History.History>
    readonly report: (report: Event.Report) => void
    /** Numbers what is said between two turns of the caller. */
    readonly nextTurn: () => number
    readonly deliver: (turn: number, output: Event.Output) => Effect.Effect<void>
    readonly failed: (respondingTo: Event.Input, cause: Cause.Cause<unknown>) => Effect.Effect<void>
  }
): Session => {
  const events = Effect.runSync(Queue.unbounded<Event.Input, Cause.Done>())
  let respondingTo: Event.Input | undefined
  let turn = 0
  let fiber: Fiber.Fiber<void> | undefined

  const take = (element: Event.Report | Event.Output): Effect.Effect<void> => {
    if (!Event.isOutput(element)) return Effect.sync(() => call.report(element))
    if (turn === 0) turn = call.nextTurn()
    return call.deliver(turn, { ...element, respondingTo: element.respondingTo ?? respondingTo?.eventId })
  }

  return {
    happened: (event) => {
      if (event._tag === "CallStarted" || event._tag === "UserTurnEnded") {
        respondingTo = event
        turn = 0
      }
      Queue.offerUnsafe(events, event)
      if (event._tag === "CallEnded") Queue.endUnsafe(events)
    },
    start: () => {
      const { history, request } = call
      fiber = call.fork(
        Stream.suspend(() => run({ request, history, events: Stream.fromQueue(events) })).pipe(
          Stream.runForEach(take),
          Effect.scoped,
          Effect.catchCause((cause) => (respondingTo === undefined ? Effect.void : call.failed(respondingTo, cause)))
        ) as Effect.Effect<void, never, R>
      )
    },
    close: Effect.suspend(() => {
      if (fiber === undefined) return Effect.void
      const running = fiber
      running.interruptUnsafe()
      return Effect.callback<void>((resume) => {
        running.addObserver(() => resume(Effect.void))
      })
    })
  }
}
