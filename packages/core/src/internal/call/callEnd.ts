/**
 * The end of a call, which the agent handles within its grace period, or which cuts the call off. Nothing runs
 * afterwards, and nothing is added to the history.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { AgentSpec } from "../../Agent.ts"
import * as CallReports from "./callReports.ts"
import * as CallState from "./callState.ts"

type How = "Ended" | "CutOff"

/** Ends the call. Returns when it is over, or at once within the call's own work. */
export const end = <R>(self: CallState.CallState<R>): Effect.Effect<void> => finish(self, "Ended")

/** Cuts the call off, unless it has ended. If the end has started, waits for it. */
export const close = <R>(self: CallState.CallState<R>): Effect.Effect<void> => finish(self, "CutOff")

const finish = <R>(self: CallState.CallState<R>, how: How): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const finished = (self.finished ??= Latch.makeUnsafe(false))
    if (!CallState.isOver(self)) {
      begin(self)
      const closed = Effect.andThen(
        Effect.sync(() => complete(self, how)),
        finished.open
      )
      // In its own fiber, so that the end continues even if the fiber that asked for it is interrupted.
      self.fork(Effect.ensuring(how === "Ended" ? handle(self) : cutOff(self), closed))
    }
    return self.own.has(fiber) ? Effect.void : finished.await
  })

/** Stops sending and waiting. */
const begin = <R>(self: CallState.CallState<R>): void => {
  CallReports.drop(self)
  self.phase = "Ending"
  self.watch.stop()
  self.late.stop()
  self.firstSound?.interruptUnsafe()
}

const complete = <R>(self: CallState.CallState<R>, how: How): void => {
  self.phase = "Closed"
  self.writer.close()
  self.recorder?.note({ _tag: "CallClosed", how })
}

/** Lets the agent handle the end within its grace period. */
const handle = <R>(self: CallState.CallState<R>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { background, deciding, nextId, session, slot, spec, writer } = self
    takeResults(self)
    const event = writer.add({ _tag: "CallEnded" as const, eventId: nextId() })
    session?.happened(event)
    // Nobody hears the running turn. Only Line's policy lets it continue, to its next output. This must come first: if
    // a filter is an Effect, the slot may already hold the turn that handles the end by then.
    if (spec.outputAfterEnd !== "stop") slot.cancel()
    const { decision } = CallState.receiptOf(deciding.decide([event]))
    const handled = Effect.flatMap(decision, () => slot.awaitFree)
    // In this order, because the turn that handles the end may start work that has to finish.
    return Effect.andThen(within(spec.endGrace, Effect.andThen(handled, background.finish)), stop(self))
  })

const cutOff = <R>(self: CallState.CallState<R>): Effect.Effect<void> =>
  Effect.suspend(() => {
    takeResults(self)
    return stop(self)
  })

/** Records results that reached no turn. */
const takeResults = <R>({ background, writer }: CallState.CallState<R>): void => {
  for (const returned of background.takeAll()) writer.add(returned)
}

/** Stops everything that is still running. */
const stop = <R>({ background, deciding, session, slot, spec, watch }: CallState.CallState<R>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const parts = [deciding, slot, background, watch, ...(session === undefined ? [] : [session])]
    return within(
      spec.cancelGrace,
      Effect.forEach(parts, ({ close }) => close, { concurrency: "unbounded", discard: true })
    )
  })

/** Waits for a limited time, even if the wait itself is uninterruptible. */
const within = (time: AgentSpec["endGrace"], effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.asVoid(Effect.timeoutOption(Effect.interruptible(effect), time))
