/**
 * The state of a call as data: what it was made with, its parts, and what it remembers. The functions over it are here
 * and in the modules named after their tasks; `phase` is the life cycle of the call.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Latch from "effect/Latch"
import type { AgentSpec } from "../../Agent.ts"
import { CallError } from "../../CallError.ts"
import type { CallRequest } from "../../CallRequest.ts"
import type * as Event from "../../Event.ts"
import type * as EventFilter from "../../EventFilter.ts"
import type { EventId } from "../../EventId.ts"
import type * as Harness from "../../Harness.ts"
import type { AnswerWatch } from "./answerWatch.ts"
import type { Background } from "./background.ts"
import type { Complaints } from "./complaints.ts"
import type * as Deciding from "./deciding.ts"
import * as Floor from "./floor.ts"
import type { HistoryWriter } from "./historyWriter.ts"
import type { LateWords } from "./lateWords.ts"
import type { Listener, Made } from "./listener.ts"
import type * as Out from "./out.ts"
import type { Session } from "./session.ts"
import type { Line } from "./turnOutputs.ts"
import type { TurnSlot } from "./turnSlot.ts"

/** Callbacks for outputs being delivered. */
export interface Handover {
  /** Called with each line when it is handed over: `Offered` to a harness that may still be interrupted, or `Taken`. */
  readonly handedOver: (line: Line, how: "Offered" | "Taken") => void
  /** Called with each line that is spoken to its end, once the harness it was offered to has taken it. */
  readonly taken: (line: Line) => void
}

/** The destination of a call's outputs. There is at least one line to deliver. */
export interface Outlet extends Omit<Harness.Harness, "send" | "turn"> {
  readonly deliver: (turn: number, lines: ReadonlyArray<Line>, handover: Handover) => Effect.Effect<void>
  /** Waits until the outputs of a turn have been handed over. */
  readonly drained: (turn: number) => Effect.Effect<void>
  readonly turn: (change: Harness.TurnChange) => void
}

/**
 * `Open`: turns run. `Failed`: the agent failed and its policy is to close; reports are still recorded. `Ending`:
 * nothing is sent any more, and the agent handles `CallEnded`. `Closed`: nothing runs, and the history is complete.
 */
export type Phase = "Open" | "Failed" | "Ending" | "Closed"

/** The parts of a call, each with its own decisions. */
export interface Parts {
  readonly writer: HistoryWriter
  readonly slot: TurnSlot
  readonly background: Background
  readonly deciding: Deciding.Deciding
  readonly watch: AnswerWatch
  readonly late: LateWords
  readonly session: Session | undefined
}

/** The state of one call: a mutable value that only the call's own fibers touch. */
export interface CallState<R> extends Parts {
  readonly spec: AgentSpec<unknown, R>
  readonly outlet: Outlet
  readonly request: CallRequest
  readonly nextId: EventId
  readonly recorder: Listener | undefined
  readonly complain: Complaints
  readonly fork: (effect: Effect.Effect<void, never, R>) => Fiber.Fiber<void>
  /** The fibers that work for the call, which must not wait for its end. */
  readonly own: WeakSet<Fiber.Fiber<unknown, unknown>>
  phase: Phase
  floor: Floor.Floor
  /** The caller's tentative turn. */
  draft: Out.Draft | undefined
  /** Waits for the first sound from a harness that may never report any. */
  firstSound: Fiber.Fiber<void> | undefined
  /** Number of turns started. */
  turns: number
  /** Opens once the call is over. Made when its end begins. */
  finished: Latch.Latch | undefined
}

/** Adds the fiber of an effect to the call's own. */
export const owned = <A, E, R>(
  own: WeakSet<Fiber.Fiber<unknown, unknown>>,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    own.add(fiber)
    return effect
  })

export const isOpen = <R>({ phase }: CallState<R>): boolean => phase === "Open"

/** Whether the call has started to end. */
export const isOver = <R>({ phase }: CallState<R>): boolean => phase === "Ending" || phase === "Closed"

/** Fails the call, once. */
export const fail = <R>(
  self: CallState<R>,
  reason: CallError["reason"],
  cause: Cause.Cause<unknown>
): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!isOpen(self)) return Effect.void
    self.phase = "Failed"
    const error = new CallError({ reason, cause: Cause.squash(cause) })
    self.recorder?.note({ _tag: "CallFailed", reason, message: error.message })
    return self.outlet.fail(error)
  })

/** Asks the filters about events. On a failed call events are only recorded. */
export const decide = <R>(self: CallState<R>, events: ReadonlyArray<Event.Input>): Deciding.Decided => {
  for (const event of events) self.session?.happened(event)
  return isOpen(self) ? self.deciding.decide(events) : "Keep"
}

/** Handles an event made by the call itself. */
export const happen = <R>(self: CallState<R>, event: Event.InputOf<Made>): Deciding.Decided => {
  self.writer.add(event)
  self.floor = Floor.step(self.floor, event)
  return decide(self, [event])
}

/** Stops the current turn, the waiting one, and any that a filter is still deciding about. */
export const takeBack = <R>({ deciding, slot, watch }: CallState<R>): void => {
  deciding.takenBack()
  watch.answered()
  slot.cancel()
}

/** Whether nobody speaks, no turn runs, and nothing is being decided on. */
export const isIdle = <R>(self: CallState<R>): boolean =>
  isOpen(self) &&
  self.slot.isFree() &&
  !self.deciding.isUndecided() &&
  Floor.isQuiet(self.floor, !self.floor.mute && self.writer.isPending())

/** If a harness never reports speech, results must not be held for as long as for a lost report. */
export const awaitFirstSound = <R>(self: CallState<R>): void => {
  const { reports, mute } = self.floor
  if (!isOpen(self) || reports || mute || self.firstSound !== undefined) return
  const waitedInVain = Effect.sync(() => {
    self.firstSound = undefined
    self.floor = Floor.waitedInVain(self.floor)
    self.background.flush()
  })
  self.firstSound = self.fork(Effect.delay(waitedInVain, self.spec.firstSound))
}

const receipts: Readonly<Record<EventFilter.Decision, Harness.Receipt>> = {
  Run: { decision: Effect.succeed("Run") },
  Cancel: { decision: Effect.succeed("Cancel") },
  Keep: { decision: Effect.succeed("Keep") }
}

/** The receipt for a report with this decision. */
export const receiptOf = (decided: Deciding.Decided): Harness.Receipt =>
  typeof decided === "string" ? receipts[decided] : { decision: decided }
