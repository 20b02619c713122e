/**
 * Runs one turn: hands the agent its turn, sends what it produces, and handles its failure.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import type { AgentSpec } from "../../Agent.ts"
import type { CallRequest } from "../../CallRequest.ts"
import * as Event from "../../Event.ts"
import * as Turn from "../../Turn.ts"
import type * as Background from "./background.ts"
import type { HistoryWriter } from "./historyWriter.ts"
import * as Outputs from "./outputs.ts"
import type { Listener } from "./listener.ts"
import * as RecorderTap from "./recorderTap.ts"
import type * as TurnSlot from "./turnSlot.ts"

/** A turn that has only probably been asked for. */
export interface Draft {
  readonly event: Event.UserTurnEnded
  /** Open once the caller's turn counts. */
  readonly committed: Latch.Latch
  /** The caller has not finished after all. */
  dropped: boolean
}

/** What a turn needs of its call. */
export interface Host<R> {
  readonly spec: AgentSpec<unknown, R>
  readonly request: CallRequest
  readonly writer: HistoryWriter
  readonly recorder: Listener | undefined
  readonly background: Background.Background
  /** Whether outputs still go out. */
  readonly isOpen: () => boolean
  /** Hands outputs over, and puts them on the record as it does: as lines of their own, or the way that is given. */
  readonly deliver: (
    turn: number,
    outputs: ReadonlyArray<Event.Output>,
    handedOver?: (output: Event.Output) => void
  ) => Effect.Effect<void>
  /** Puts outputs on the record that are not handed over. */
  readonly keep: (turn: number, outputs: ReadonlyArray<Event.Output>) => void
  /** Waits until what a turn has sent was handed over. */
  readonly drained: (turn: number) => Effect.Effect<void>
  /** Handles a failed turn: what is to be said is sent by the function that is given. */
  readonly failed: (
    trigger: Event.Input,
    cause: Cause.Cause<unknown>,
    say: (text: string) => Effect.Effect<void>
  ) => Effect.Effect<void>
}

/** Outputs of a turn that is not committed, beyond which the agent waits. */
const heldAtMost = 1000

interface Out {
  readonly emit: (outputs: ReadonlyArray<Event.Output>) => Effect.Effect<void>
  readonly record: (outputs: ReadonlyArray<Event.Output>) => void
  /** Waits until what is sent goes out at once. */
  readonly free: Effect.Effect<void>
  /** Waits until everything has gone out. */
  readonly done: Effect.Effect<void>
  /** Runs beside the agent. */
  readonly beside: Effect.Effect<void> | undefined
}

const direct = <R>(host: Host<R>, id: number): Out => ({
  emit: (outputs) => host.deliver(id, outputs),
  record: (outputs) => host.keep(id, outputs),
  free: Effect.void,
  done: host.drained(id),
  beside: undefined
})

/** Holds what a turn sends until its caller's turn counts; then it goes out in the order it was sent. */
const held = <R>(host: Host<R>, id: number, draft: Draft): Out => {
  const { committed } = draft
  const waiting: Array<{ readonly output: Event.Output; readonly kept: boolean }> = []
  const out = direct(host, id)
  const free = Latch.makeUnsafe(false)
  let isFree = false
  const hold = (outputs: ReadonlyArray<Event.Output>, kept: boolean) => {
    // What must not be interrupted runs on, and leaves nothing.
    if (draft.dropped) return
    for (const output of outputs) {
      waiting.push({ output, kept })
      host.writer.sent(output, id)
    }
  }
  return {
    emit: (outputs) =>
      Effect.suspend(() => {
        if (isFree) return out.emit(outputs)
        hold(outputs, false)
        return waiting.length > heldAtMost ? free.await : Effect.void
      }),
    record: (outputs) => (isFree ? out.record(outputs) : hold(outputs, true)),
    free: free.await,
    done: Effect.andThen(free.await, out.done),
    beside: Effect.gen(function* () {
      yield* committed.await
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (!next.kept) yield* host.deliver(id, [next.output], host.writer.release)
        else {
          host.writer.release()
          RecorderTap.outputs(host.recorder, "Kept", [next.output], id)
        }
      }
      isFree = true
      host.writer.free()
      yield* free.open
    })
  }
}

/** The turn that responds to events, as the slot runs it. */
export const make = <R>(
  host: Host<R>,
  id: number,
  events: readonly [...ReadonlyArray<Event.Input>, Event.Input],
  draft: Draft | undefined,
  running: TurnSlot.Running
): Effect.Effect<"Completed" | "Failed", never, R> => {
  const { background, request, spec, writer } = host
  const trigger = events.at(-1)!
  const out = draft === undefined ? direct(host, id) : held(host, id, draft)
  const half: Outputs.Half = { text: "" }
  const committed = draft?.committed.await ?? Effect.void
  let said = ""
  let failed = false
  let region: Cause.Cause<unknown> | undefined

  const emit = (outputs: ReadonlyArray<Event.Output>): Effect.Effect<void> => {
    if (running.closed) return Effect.void
    const ready: Array<Event.Output> = []
    for (const output of outputs) {
      const fault = Outputs.fault(output)
      if (fault !== undefined) {
        return Effect.andThen(ready.length > 0 ? send(ready) : Effect.void, Effect.die(new TypeError(fault)))
      }
      const prepared = Outputs.prepare(output, trigger, half)
      if (prepared !== undefined) ready.push(prepared)
    }
    return ready.length === 0 ? Effect.void : send(ready)
  }

  const send = (outputs: ReadonlyArray<Event.Output>): Effect.Effect<void> => {
    if (!host.isOpen()) {
      const stop = spec.outputAfterEnd === "stop"
      out.record(stop ? outputs.slice(0, 1) : outputs)
      return stop ? Effect.interrupt : Effect.void
    }
    const last = outputs.findLast((output) => output._tag === "AgentSendText")
    if (last !== undefined) said = last.text
    return out.emit(outputs)
  }

  const sendAll = (outputs: ReadonlyArray<Event.Output>): Effect.Effect<void> => {
    if (outputs.length <= Outputs.atOnce) return emit(outputs)
    return Effect.suspend(() =>
      Effect.andThen(
        emit(outputs.slice(0, Outputs.atOnce)),
        Effect.andThen(Effect.yieldNow, sendAll(outputs.slice(Outputs.atOnce)))
      )
    )
  }

  /** Says something that no agent has composed: apart from the words before it. */
  const say = (text: string) => emit([Event.sendText(said === "" || /\s$/u.test(said) ? text : ` ${text}`)])

  const fail = (cause: Cause.Cause<unknown>): Effect.Effect<void> =>
    Effect.suspend(() => {
      failed = true
      return host.failed(trigger, cause, say)
    })

  const turn: Turn.Turn = {
    id,
    trigger,
    triggers: events,
    request,
    history: writer.view(),
    currentHistory: Effect.sync(writer.view),
    committed,
    background: (name, work, options) =>
      Effect.contextWith((services) => {
        const start = Effect.sync(() =>
          background.start(
            { name, respondingTo: trigger.eventId },
            Effect.provideContext(Effect.scoped(work) as Effect.Effect<unknown, unknown, never>, services),
            {
              delivery: options?.delivery ?? spec.backgroundDelivery,
              atEnd: options?.atEnd ?? "interrupt"
            }
          )
        )
        return draft === undefined ? start : Effect.asVoid(Effect.forkScoped(Effect.andThen(committed, start)))
      }) as Effect.Effect<void>,
    uninterruptible: (stream) =>
      Stream.unwrap(
        Effect.as(
          Effect.acquireRelease(running.enter, (_, exit) => {
            if (!Exit.isFailure(exit) || Cause.hasInterruptsOnly(exit.cause)) return running.exit
            region = exit.cause
            return running.exitFailed
          }),
          stream
        )
      ),
    record: (outputs) =>
      Effect.sync(() => {
        const half: Outputs.Half = { text: "" }
        out.record(outputs.flatMap((output) => Outputs.prepare(output, trigger, half) ?? []))
      }),
    addEntry: (content, options) =>
      Effect.andThen(
        committed,
        Effect.suspend(() => Effect.fromResult(writer.addEntry(content, options ?? {})))
      ),
    updateHistory: (events, stretch) =>
      Effect.andThen(
        committed,
        Effect.suspend(() => Effect.fromResult(writer.update(events, stretch ?? {})))
      )
  }

  const produce = Effect.andThen(
    Stream.suspend(() => spec.agent(trigger, turn)).pipe(Stream.runForEachArray(sendAll), Effect.scoped),
    out.done
  )
  const isOwn = (cause: Cause.Cause<unknown>): boolean =>
    Cause.hasInterruptsOnly(cause) && (running.stopping || !host.isOpen())

  // The failure of a turn that is not committed yet is nobody's business before it is.
  const whole = Effect.catchCause(produce, (cause) =>
    isOwn(cause) ? Effect.failCause(cause) : Effect.andThen(out.free, Effect.failCause(cause))
  )

  // The scope of the turn may close late, if something in it is slow to clean up; nothing must go out meanwhile.
  const beside =
    out.beside &&
    Effect.map(Effect.forkScoped(out.beside), (fiber) => running.whenClosed(() => fiber.interruptUnsafe()))

  return (beside === undefined ? produce : Effect.andThen(beside, whole)).pipe(
    Effect.scoped,
    RecorderTap.turn(host.recorder, id, trigger),
    Effect.catchCause((cause) => (isOwn(cause) ? Effect.void : fail(cause))),
    // An interrupted fiber catches nothing: here the failure of a region that outlived its interruption is handled, and that
    // of a finalizer is seen.
    Effect.onExit((exit) => {
      if (Exit.isSuccess(exit) || failed) return Effect.void
      if (region !== undefined) return fail(region)
      return Cause.hasInterruptsOnly(exit.cause)
        ? Effect.void
        : Effect.logWarning("An interrupted turn failed while it was cleaning up.", exit.cause)
    }),
    Effect.map(() => (failed ? "Failed" : "Completed"))
  ) as Effect.Effect<"Completed" | "Failed", never, R>
}
