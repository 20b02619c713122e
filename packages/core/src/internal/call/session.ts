/**
 * The session of an agent: a stream alongside its turns that hears all events of the call, and produces reports and
 * outputs.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { AgentSpec } from "../../Agent.ts"
import type { CallRequest } from "../../CallRequest.ts"
import * as Event from "../../Event.ts"
import type * as History from "../../History.ts"
import * as Outputs from "./outputs.ts"

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
    /** Returns the turn number for what is said between two turns of the caller. */
    readonly nextTurn: () => number
    readonly deliver: (turn: number, output: Event.Output) => Effect.Effect<void>
    readonly failed: (respondingTo: Event.Input, cause: Cause.Cause<unknown>) => Effect.Effect<void>
  }
): Session => {
  const events = Effect.runSync(Queue.unbounded<Event.Input, Cause.Done>())
  let respondingTo: Event.Input | undefined
  let turn = 0
  const half: Outputs.Half = { text: "" }
  let fiber: Fiber.Fiber<void> | undefined

  const take = (element: Event.Report | Event.Output): Effect.Effect<void> => {
    if (isReport(element)) return Effect.sync(() => call.report(element))
    const fault = reportFault(element) ?? Outputs.fault(element)
    if (fault !== undefined) return Effect.die(new TypeError(fault))
    if (respondingTo === undefined) return Effect.void
    const output = Outputs.prepare(element, respondingTo, half)
    if (output === undefined) return Effect.void
    if (turn === 0) turn = call.nextTurn()
    return call.deliver(turn, output)
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

const isReport: (element: unknown) => element is Event.Report = Schema.is(Event.Report)

const reportFault = (element: unknown): string | undefined =>
  typeof element === "object" &&
  element !== null &&
  "_tag" in element &&
  Object.hasOwn(Event.Report.cases, String(element._tag))
    ? `the session has sent a ${String(element._tag)} whose fields are not those of the report`
    : undefined
