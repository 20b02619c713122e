/**
 * The way of a turn's outputs to the caller: straight, or held back while the caller has only probably finished.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Event from "../../Event.ts"
import type * as History from "../../History.ts"
import type { HistoryWriter } from "./historyWriter.ts"
import type { Listener } from "./listener.ts"
import * as RecorderTap from "./recorderTap.ts"

/** A turn of the caller that has only probably ended. */
export interface Draft {
  readonly event: Event.UserTurnEnded
  /** Open once the caller's turn counts. */
  readonly committed: Latch.Latch
  state: "Open" | "Committed" | "Dropped"
  /** Whether a turn of the agent responds to it: not yet, or not any more because another event has replaced that turn. */
  turn: "None" | "Responding" | "Replaced"
  /** What is to be done as soon as the caller's turn counts. */
  readonly waiting: Array<() => void>
}

export const draft = (event: Event.UserTurnEnded): Draft => ({
  event,
  committed: Latch.makeUnsafe(false),
  state: "Open",
  turn: "None",
  waiting: []
})

/** What the way out needs of the call. */
export interface Host {
  readonly writer: HistoryWriter
  readonly recorder: Listener | undefined
  /** Whether outputs still go out. */
  readonly isOpen: () => boolean
  /** Hands the outputs of these lines over, and puts each line on the record as it does. */
  readonly deliver: (turn: number, lines: ReadonlyArray<History.Entry>) => Effect.Effect<void>
  /** Puts outputs on the record that are not handed over. */
  readonly keep: (turn: number, outputs: ReadonlyArray<Event.Output>) => void
  /** Waits until what a turn has sent was handed over. */
  readonly drained: (turn: number) => Effect.Effect<void>
}

export interface Out {
  readonly emit: (outputs: ReadonlyArray<Event.Output>) => Effect.Effect<void>
  readonly record: (outputs: ReadonlyArray<Event.Output>) => void
  /** Waits until what is sent goes out straight. */
  readonly straight: Effect.Effect<void>
  /** Waits until everything has gone out. */
  readonly done: Effect.Effect<void>
  /** Runs beside the agent. */
  readonly beside: Effect.Effect<void> | undefined
}

export const direct = (host: Host, turn: number): Out => ({
  emit: (outputs) =>
    host.deliver(
      turn,
      outputs.map((output) => host.writer.queue(output, turn))
    ),
  record: (outputs) => host.keep(turn, outputs),
  straight: Effect.void,
  done: host.drained(turn),
  beside: undefined
})

/** Outputs of a turn that is not committed, beyond which the agent waits. */
const heldAtMost = 1000

/**
 * Holds what a turn sends until its caller's turn counts; then it goes out in the order it was sent. If the caller goes on,
 * nothing is left of it.
 */
export const held = (host: Host, turn: number, draft: Draft): Out => {
  const out = direct(host, turn)
  const free = Latch.makeUnsafe(false)
  let waiting: Array<{ readonly line: History.Entry; readonly kept: boolean }> = []
  let isFree = false

  const hold = (outputs: ReadonlyArray<Event.Output>, kept: boolean) => {
    if (draft.state === "Dropped") return
    for (const output of outputs) waiting.push({ line: host.writer.queue(output, turn), kept })
  }
  const keep = (line: History.Entry) => {
    host.writer.handedOver(line)
    RecorderTap.outputs(host.recorder, "Kept", [line.item as Event.Output], turn)
  }
  const release = Effect.gen(function* () {
    yield* draft.committed.await
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      for (const { kept, line } of batch) {
        if (kept) keep(line)
        else if (host.isOpen()) yield* host.deliver(turn, [line])
      }
    }
    isFree = true
    yield* free.open
  })

  return {
    emit: (outputs) =>
      Effect.suspend(() => {
        if (isFree) return out.emit(outputs)
        hold(outputs, false)
        return waiting.length > heldAtMost ? free.await : Effect.void
      }),
    // A turn that was stopped after its commit still leaves its outcomes behind.
    record: (outputs) =>
      isFree || (draft.state === "Committed" && host.writer.isStopped(turn))
        ? out.record(outputs)
        : hold(outputs, true),
    straight: free.await,
    done: Effect.andThen(free.await, out.done),
    beside: release
  }
}
