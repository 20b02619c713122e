/**
 * Wires a call: connects each part to the functions it calls over the call's state.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { AgentSpec } from "../../Agent.ts"
import type { CallRequest } from "../../CallRequest.ts"
import type * as Event from "../../Event.ts"
import type { EventId } from "../../EventId.ts"
import type * as Harness from "../../Harness.ts"
import type * as History from "../../History.ts"
import * as AnswerWatch from "./answerWatch.ts"
import * as Background from "./background.ts"
import * as CallEnd from "./callEnd.ts"
import * as CallReports from "./callReports.ts"
import * as CallState from "./callState.ts"
import * as CallTurns from "./callTurns.ts"
import * as Complaints from "./complaints.ts"
import * as Deciding from "./deciding.ts"
import * as Floor from "./floor.ts"
import * as HistoryWriter from "./historyWriter.ts"
import * as LateWords from "./lateWords.ts"
import type { Listener } from "./listener.ts"
import * as Session from "./session.ts"
import * as TurnSlot from "./turnSlot.ts"

/** What is needed to make a call. */
export interface Given<R> {
  readonly spec: AgentSpec<unknown, R>
  readonly outlet: CallState.Outlet
  readonly request: CallRequest
  readonly nextId: EventId
  readonly recorder: Listener | undefined
  readonly context: Context.Context<R>
}

export interface CallRun {
  readonly start: Effect.Effect<void>
  readonly receive: (report: Event.Report) => Effect.Effect<Harness.Receipt>
  /** Ends the call. Returns when it is over, or at once within the call's own work. */
  readonly end: Effect.Effect<void>
  /** Cuts the call off, unless it has ended. If the end has started, waits for it. */
  readonly close: Effect.Effect<void>
  readonly history: Effect.Effect<History.History>
}

export const make = <R>(given: Given<R>): CallRun => {
  const self = stateOf(given)
  return {
    start: Effect.sync(() => {
      CallState.happen(self, { _tag: "CallStarted", eventId: self.nextId() })
      self.session?.start()
    }),
    receive: (report) => Effect.sync(() => CallReports.take(self, report)),
    end: CallEnd.end(self),
    close: CallEnd.close(self),
    history: Effect.sync(() => self.writer.view())
  }
}

const stateOf = <R>({ context, nextId, outlet, recorder, request, spec }: Given<R>): CallState.CallState<R> => {
  const own = new WeakSet<Fiber.Fiber<unknown, unknown>>()
  const run = Effect.runForkWith(context)
  const fork = (effect: Effect.Effect<void, never, R>) => run(CallState.owned(own, effect))
  const writer = HistoryWriter.make(nextId, recorder)
  const complain = Complaints.make()
  const self: CallState.CallState<R> = {
    spec,
    outlet,
    request,
    nextId,
    recorder,
    complain,
    fork,
    own,
    writer,
    phase: "Open",
    floor: Floor.silent,
    draft: undefined,
    firstSound: undefined,
    turns: 0,
    finished: undefined,
    slot: TurnSlot.make({
      fork,
      grace: spec.cancelGrace,
      regionLimit: spec.regionLimit,
      // Deferred: otherwise a turn that ends within the step that started it would start the next one on the same stack.
      changed: () => {
        const { background } = self
        if (background.isWaiting())
          fork(
            Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => background.flush())
            )
          )
      },
      onLate: (what) =>
        what === "Cleanup"
          ? complain("Warn", "An interrupted turn is still cleaning up; the next one starts beside it.")
          : complain("Warn", "An uninterruptible region took too long and was stopped.")
    }),
    background: Background.make({
      fork,
      nextId,
      patience: spec.backgroundPatience,
      isIdle: () => CallState.isIdle(self),
      waiting: () => CallState.awaitFirstSound(self),
      deliver: (events) => {
        for (const event of events) writer.add(event)
        CallState.decide(self, events)
      }
    }),
    deciding: Deciding.make<R>({
      fork,
      policy: spec,
      timeout: spec.filterTimeout,
      act: (events, decision) => CallTurns.act(self, events, decision),
      failed: (cause) =>
        Effect.andThen(
          complain("Error", "A filter failed; its event was only recorded.", cause),
          spec.turnFailure === "close" ? CallState.fail(self, "Filter", cause) : Effect.void
        ),
      late: complain("Warn", "A filter took too long; its event was only recorded."),
      settled: () => self.background.flush()
    }),
    watch: AnswerWatch.make({
      clock: Context.get(context, Clock.Clock),
      fork,
      deadline: spec.answerDeadline,
      overdue: (respondingTo, seconds) => CallTurns.overdue(self, respondingTo, seconds)
    }),
    late: LateWords.make({
      fork,
      wait: spec.lateWords,
      turn: () => {
        if (!CallState.isOpen(self)) return
        CallState.happen(self, { _tag: "UserTurnEnded", eventId: nextId(), content: writer.userContent() })
      }
    }),
    session:
      spec.session &&
      Session.make(spec.session, {
        fork,
        request,
        history: Effect.sync(() => writer.view()),
        report: (report) => void CallReports.take(self, report),
        nextTurn: () => ++self.turns,
        deliver: (turn, output) => (CallState.isOpen(self) ? CallTurns.say(self, turn, output) : Effect.void),
        failed: (respondingTo, cause) =>
          CallTurns.failed(self, respondingTo, cause, (text) => CallTurns.sayItself(self, respondingTo.eventId, text))
      })
  }
  return self
}
