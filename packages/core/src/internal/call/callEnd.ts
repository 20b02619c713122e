/**
 * The end of a call: handled by the agent within its grace, or cut off. Nothing runs after it, and nothing joins the history.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { AgentSpec } from "../../Agent.ts"
import * as CallReports from "./callReports.ts"
import * as CallState from "./callState.ts"

export interface CallEnd {
  /** Ends the call. Returns when it is over, or at once within the turn in progress. */
  readonly end: Effect.Effect<void>
  /** Cuts the call off, unless it has ended. An end that has begun is waited for. */
  readonly close: Effect.Effect<void>
}

export const make = <R>(self: CallState.CallState<R>): CallEnd => {
  const finished = Latch.makeUnsafe(false)
  const finish = (ending: Effect.Effect<void>, how: "Ended" | "CutOff"): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      const isWithinTurn = self.slot.isTurn(fiber)
      if (!CallState.isOver(self)) {
        begin(self)
        const closed = Effect.andThen(
          Effect.sync(() => close(self, how)),
          finished.open
        )
        // In a fiber of its own, so that interrupting the fiber that asked for it changes nothing.
        self.fork(Effect.ensuring(ending, closed))
      }
      return isWithinTurn ? Effect.void : finished.await
    })
  return { end: finish(handle(self), "Ended"), close: finish(cutOff(self), "CutOff") }
}

/** Sends nothing more, and waits for nothing more. */
const begin = <R>(self: CallState.CallState<R>): void => {
  CallReports.drop(self)
  self.phase = "Ending"
  self.watch.stop()
  self.late.stop()
  self.firstSound?.interruptUnsafe()
}

const close = <R>(self: CallState.CallState<R>, how: "Ended" | "CutOff"): void => {
  self.phase = "Closed"
  self.writer.close()
  self.recorder?.note({ _tag: "CallClosed", how })
}

/** Has the agent handle the end, within its grace. */
const handle = <R>(self: CallState.CallState<R>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { background, deciding, nextId, session, slot, spec, writer } = self
    takeResults(self)
    const event = writer.add({ _tag: "CallEnded" as const, eventId: nextId() })
    session?.happened(event)
    // Nobody hears the turn that runs. It goes on only in Line's way, to its next output. Not later: a filter that is an
    // Effect may have started the turn that handles the end by then.
    if (spec.outputAfterEnd !== "stop") slot.cancel()
    const { decision } = CallState.receiptOf(deciding.decide([event]))
    const handled = Effect.flatMap(decision, () => slot.awaitFree)
    // In this order, because the turn that handles the end may start work that must finish.
    return Effect.andThen(within(spec.endGrace, Effect.andThen(handled, background.finish)), stop(self))
  })

const cutOff = <R>(self: CallState.CallState<R>): Effect.Effect<void> =>
  Effect.suspend(() => {
    takeResults(self)
    return stop(self)
  })

/** Results that reached no turn are still recorded. */
const takeResults = <R>({ background, writer }: CallState.CallState<R>): void => {
  for (const returned of background.takeAll()) writer.add(returned)
}

/** Stops whatever still runs. */
const stop = <R>({ background, deciding, session, slot, spec, watch }: CallState.CallState<R>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const parts = [deciding, slot, background, watch, ...(session === undefined ? [] : [session])]
    return within(
      spec.cancelGrace,
      Effect.forEach(parts, ({ close }) => close, { concurrency: "unbounded", discard: true })
    )
  })

/** Waits for a limited time, even if the wait itself cannot be interrupted. */
const within = (time: AgentSpec["endGrace"], effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.asVoid(Effect.timeoutOption(Effect.interruptible(effect), time))
