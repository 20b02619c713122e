/** Sends a turn's outputs to the caller: directly, or held back while the caller's turn is tentative. */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Event from "../../Event.ts"
import type { HistoryWriter } from "./historyWriter.ts"
import type { Listener } from "./listener.ts"
import * as RecorderTap from "./recorderTap.ts"
import type { Line } from "./turnOutputs.ts"

/** A tentative turn of the caller. */
export interface Draft {
  readonly event: Event.UserTurnEnded
  /** Opens once the caller's turn is committed. */
  readonly committed: Latch.Latch
  state: "Open" | "Committed" | "Dropped"
  /**
   * Whether a turn of the agent responds to it. `None` before that turn starts; `Replaced` after another event has
   * replaced it.
   */
  turn: "None" | "Responding" | "Replaced"
  /** Actions to run when the caller's turn is committed. */
  readonly waiting: Array<() => void>
}

export const draft = (event: Event.UserTurnEnded): Draft => ({
  event,
  committed: Latch.makeUnsafe(false),
  state: "Open",
  turn: "None",
  waiting: []
})

/** What sending needs from the call. */
export interface Host {
  readonly writer: HistoryWriter
  readonly recorder: Listener | undefined
  /** Whether outputs are still sent. */
  readonly isOpen: () => boolean
  /** Hands over the outputs of these lines, and records each line. */
  readonly deliver: (turn: number, lines: ReadonlyArray<Line>) => Effect.Effect<void>
  /** Records outputs that are not handed over. */
  readonly keep: (turn: number, outputs: ReadonlyArray<Event.Output>) => void
  /** Waits until everything a turn has sent was handed over. */
  readonly drained: (turn: number) => Effect.Effect<void>
}

export interface Out {
  readonly emit: (outputs: ReadonlyArray<Event.Output>) => Effect.Effect<void>
  readonly record: (outputs: ReadonlyArray<Event.Output>) => void
  /** Waits until outputs are sent directly. */
  readonly straight: Effect.Effect<void>
  /** Waits until everything has been sent. */
  readonly done: Effect.Effect<void>
  /** Runs alongside the agent. */
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

/** Number of outputs held for an uncommitted turn before its agent has to wait. */
const heldAtMost = 1000

/**
 * Holds a turn's outputs until the caller's turn is committed, then sends them in order. If the caller goes on instead,
 * they leave no trace.
 */
export const held = (host: Host, turn: number, draft: Draft): Out => {
  const out = direct(host, turn)
  const free = Latch.makeUnsafe(false)
  let waiting: Array<{ readonly line: Line; readonly kept: boolean }> = []
  let isFree = false

  const hold = (outputs: ReadonlyArray<Event.Output>, kept: boolean) => {
    if (draft.state === "Dropped") return
    for (const output of outputs) waiting.push({ line: host.writer.queue(output, turn), kept })
  }
  const keep = (line: Line) => {
    host.writer.handedOver(line)
    RecorderTap.outputs(host.recorder, "Kept", [line.item], turn)
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
    // A turn that was stopped after its commit still records its outcomes.
    record: (outputs) =>
      isFree || (draft.state === "Committed" && host.writer.isStopped(turn))
        ? out.record(outputs)
        : hold(outputs, true),
    straight: free.await,
    done: Effect.andThen(free.await, out.done),
    beside: release
  }
}
