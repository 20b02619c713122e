/**
 * The turns of a call: starts those the filters decided on, tells the harness about them, sends what they and the call
 * itself say, and handles their failures.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as ErrorText from "../../ErrorText.ts"
import * as Event from "../../Event.ts"
import type * as Harness from "../../Harness.ts"
import * as Printable from "../../Printable.ts"
import * as Turn from "../../Turn.ts"
import * as CallState from "./callState.ts"
import * as Outputs from "./outputs.ts"
import * as RecorderTap from "./recorderTap.ts"
import * as TurnRun from "./turnRun.ts"
import type * as TurnSlot from "./turnSlot.ts"

type Events = TurnRun.Run["events"]

/** Carries out a decision about events. */
export const act = <R>(
  self: CallState.CallState<R>,
  events: ReadonlyArray<Event.Input>,
  decision: "Run" | "Cancel"
): void => {
  const { background, draft, slot, watch, writer } = self
  const trigger = events.at(-1)!
  if (!CallState.isOpen(self) && trigger._tag !== "CallEnded") return
  const isTentative = trigger === draft?.event
  if (decision === "Cancel") {
    if (isTentative) return
    slot.cancel()
    return writer.cut()
  }
  // A caller who starts to speak cuts in, even if that event runs the agent.
  if (trigger._tag === "UserTurnStarted") writer.cut()
  for (const returned of background.takeHeld()) writer.add(returned)
  // A tentative turn has a deadline only once it is committed.
  if (trigger._tag === "UserTurnEnded" && !isTentative) watch.begin(trigger)
  slot.replace(turnOf(self, events as Events))
}

/** The turn that responds to events, for the slot to run. */
const turnOf = <R>(self: CallState.CallState<R>, events: Events): TurnSlot.Turn => {
  const { recorder, writer } = self
  const trigger = events.at(-1)!
  const draft = trigger === self.draft?.event ? self.draft : undefined
  if (draft !== undefined) draft.turn = "Responding"
  let id = 0
  return {
    run: (running) =>
      Effect.suspend(() => {
        id = ++self.turns
        writer.began(id, trigger)
        tell(self, { _tag: "Started", turn: id, trigger })
        const ended = (how: "Completed" | "Failed") => {
          running.over()
          tell(self, { _tag: how, turn: id, trigger })
        }
        return TurnRun.make(hostOf(self), { id, events, draft, running, ended })
      }) as Effect.Effect<void>,
    cancelled: (began) => {
      const kept = began ? writer.stopped(id, draft === undefined || draft.state === "Committed") : []
      RecorderTap.outputs(recorder, "Kept", kept, id)
      if (draft !== undefined) draft.turn = "Replaced"
      tell(self, { _tag: "Cancelled", turn: began ? id : 0, trigger })
    }
  }
}

/**
 * Tells the harness about a change. This happens in the middle of a step, which a harness that throws must not leave
 * unfinished.
 */
const tell = <R>({ complain, fork, outlet }: CallState.CallState<R>, change: Harness.TurnChange): void => {
  const told = Result.try(() => outlet.turn(change))
  if (Result.isSuccess(told)) return
  fork(complain("Error", `The harness threw when it was told about a turn (${change._tag}).`, Cause.die(told.failure)))
}

/** What a turn needs from its call. */
const hostOf = <R>(self: CallState.CallState<R>): TurnRun.Host<R> => {
  // Made once, because the words of a turn are delivered one by one.
  const handover = handoverOf(self)
  return {
    spec: self.spec,
    request: self.request,
    writer: self.writer,
    recorder: self.recorder,
    background: self.background,
    complain: self.complain,
    owned: (effect) => CallState.owned(self.own, effect),
    isOpen: () => CallState.isOpen(self),
    deliver: (turn, lines) => self.outlet.deliver(turn, lines, handover),
    keep: (turn, outputs) => {
      if (self.phase === "Closed") return
      for (const output of outputs) self.writer.sent(output, turn)
      RecorderTap.outputs(self.recorder, "Kept", outputs, turn)
    },
    drained: self.outlet.drained,
    failed: (trigger, cause, say) => failed(self, trigger, cause, say)
  }
}

/** What the call does with the outputs it hands over. */
const handoverOf = <R>({ recorder, watch, writer }: CallState.CallState<R>): CallState.Handover => ({
  handedOver: (line, how) => {
    writer.handedOver(line, how === "Taken")
    recorder?.note({ _tag: "Sent", turn: line.turn, output: line.item })
    if (Outputs.isNoticed(line.item)) watch.answered()
  },
  taken: (line) => writer.taken(line)
})

/** Sends an output as part of a turn. */
export const say = <R>(self: CallState.CallState<R>, turn: number, output: Event.Output): Effect.Effect<void> =>
  self.outlet.deliver(turn, [self.writer.queue(output, turn)], handoverOf(self))

/**
 * Says something of the call's own about an event. It does not belong to the turn in progress, and is not cancelled
 * with it.
 */
export const sayItself = <R>(self: CallState.CallState<R>, respondingTo: string, text: string): Effect.Effect<void> => {
  const turn = self.writer.turnOf(respondingTo) ?? self.turns
  const output = { ...Event.sendText(text.toWellFormed()), respondingTo }
  // Outputs are dropped with the turn they go out with, and this belongs to none.
  return self.outlet.deliver(0, [self.writer.queue(output, turn)], handoverOf(self))
}

/** The caller has waited too long for an answer. */
export const overdue = <R>(self: CallState.CallState<R>, respondingTo: string, seconds: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!CallState.isOpen(self)) return Effect.void
    const { nextId, spec } = self
    CallState.happen(self, { _tag: "AnswerOverdue", eventId: nextId(), respondingTo, seconds })
    return Effect.andThen(
      self.complain("Warn", "The caller has waited too long for an answer."),
      spec.holding === "" ? Effect.void : sayItself(self, respondingTo, `${spec.holding} `)
    )
  })

/** Handles a failed turn. Uses the given function to send what must be said. */
export const failed = <R>(
  self: CallState.CallState<R>,
  trigger: Event.Input,
  cause: Cause.Cause<unknown>,
  say: (text: string) => Effect.Effect<void>
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { nextId, spec, watch, writer } = self
    const error = Cause.squash(cause)
    const failed = `The turn that ${trigger._tag} started failed`
    // A failure with an apology was expected. Where in the code it came up explains nothing.
    const isExpected = error instanceof Turn.Failure && cause.reasons.length === 1
    if (isExpected) yield* self.complain("Error", `${failed}: ${Printable.line(error.message)}`)
    else yield* self.complain("Error", `${failed}.`, cause)
    if (CallState.isOver(self)) return
    if (spec.turnFailure === "close") return yield* CallState.fail(self, "Turn", cause)
    const apology = error instanceof Turn.Failure ? error.apology : spec.apology
    const event = writer.add({
      _tag: "TurnFailed" as const,
      eventId: nextId(),
      respondingTo: trigger.eventId,
      message: ErrorText.of(cause)
    })
    watch.explained(trigger.eventId)
    // An agent that fails on its own failures would do so forever.
    if (trigger._tag === "TurnFailed") return yield* self.complain("Error", "The agent fails on its own failures.")
    if (apology !== "") yield* say(apology)
    CallState.decide(self, [event])
  })
