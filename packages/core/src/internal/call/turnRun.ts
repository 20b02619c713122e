/**
 * Runs one turn: calls the agent, sends what it produces, and handles its failure.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { AgentSpec } from "../../Agent.ts"
import type { CallRequest } from "../../CallRequest.ts"
import * as Event from "../../Event.ts"
import * as Turn from "../../Turn.ts"
import type * as Background from "./background.ts"
import * as CallTrace from "./callTrace.ts"
import type { Complaints } from "./complaints.ts"
import * as Given from "./given.ts"
import * as Out from "./out.ts"
import * as Outputs from "./outputs.ts"
import * as RecorderTap from "./recorderTap.ts"
import type * as TurnSlot from "./turnSlot.ts"

/** What a turn needs from its call. */
export interface Host<R> extends Out.Host {
  readonly spec: AgentSpec<unknown, R>
  readonly request: CallRequest
  readonly background: Background.Background
  readonly complain: Complaints
  /** Marks the fiber of an effect as the call's own. */
  readonly owned: (effect: Effect.Effect<void>) => Effect.Effect<void>
  /** Handles a failed turn. Uses the given function to send what must be said. */
  readonly failed: (
    trigger: Event.Input,
    cause: Cause.Cause<unknown>,
    say: (text: string) => Effect.Effect<void>
  ) => Effect.Effect<void>
}

/** One run of the agent. */
export interface Run {
  readonly id: number
  /** What the turn responds to, oldest first and the trigger last. */
  readonly events: readonly [...ReadonlyArray<Event.Input>, Event.Input]
  /** Set if the caller's turn is tentative. */
  readonly draft: Out.Draft | undefined
  readonly running: TurnSlot.Running
  /** Called when the turn has ended by itself. */
  readonly ended: (how: "Completed" | "Failed") => void
}

/** Sends the outputs of a turn. */
interface Voice {
  readonly sendAll: (outputs: ReadonlyArray<Event.Output>) => Effect.Effect<void>
  /** Says something that is not from the agent: separated from the words before it, and ahead of held outputs. */
  readonly say: (text: string) => Effect.Effect<void>
}

const voice = <R>(host: Host<R>, out: Out.Out, { events, id, running }: Run): Voice => {
  const { spec } = host
  const trigger = events.at(-1)!
  const half: Outputs.Half = { text: "" }
  let said = ""

  const send = (outputs: ReadonlyArray<Event.Output>, out: Out.Out): Effect.Effect<void> => {
    if (outputs.length === 0 || running.closed) return Effect.void
    if (!host.isOpen()) {
      const stop = spec.outputAfterEnd === "stop"
      out.record(stop ? outputs.slice(0, 1) : outputs)
      return stop ? Effect.interrupt : Effect.void
    }
    for (const output of outputs) if (output._tag === "AgentSendText") said = output.text
    return out.emit(outputs)
  }

  const emit = (outputs: ReadonlyArray<Event.Output>): Effect.Effect<void> => {
    const ready: Array<Event.Output> = []
    for (const output of outputs) {
      const fault = Outputs.fault(output)
      if (fault !== undefined) return Effect.andThen(send(ready, out), Effect.die(new TypeError(fault)))
      const prepared = Outputs.prepare(output, trigger, half)
      if (prepared !== undefined) ready.push(prepared)
    }
    return send(ready, out)
  }

  const sendFrom = (outputs: ReadonlyArray<Event.Output>, index: number): Effect.Effect<void> => {
    const next = index + Outputs.atOnce
    const first = Effect.suspend(() => emit(outputs.slice(index, next)))
    if (outputs.length <= next) return first
    return Effect.andThen(
      first,
      Effect.andThen(
        Effect.yieldNow,
        Effect.suspend(() => sendFrom(outputs, next))
      )
    )
  }

  return {
    sendAll: (outputs) => (outputs.length <= Outputs.atOnce ? emit(outputs) : sendFrom(outputs, 0)),
    say: (text) => {
      const apart = said === "" || /\s$/u.test(said) ? text : ` ${text}`
      const output = Outputs.prepare(Event.sendText(apart.toWellFormed()), trigger, { text: "" })
      return send(output === undefined ? [] : [output], Out.direct(host, id))
    }
  }
}

/**
 * The turn as the agent sees it. `isOwn` tells the call's own interruption from others, which are failures;
 * `regionFailed` is called with the failure of an uninterruptible region.
 */
const turnOf = <R>(
  host: Host<R>,
  out: Out.Out,
  { draft, events, id, running }: Run,
  isOwn: (cause: Cause.Cause<unknown>) => boolean,
  regionFailed: (cause: Cause.Cause<unknown>) => void
): Turn.Turn => {
  const { background, request, spec, writer } = host
  const trigger = events.at(-1)!
  const committed = draft?.committed.await ?? Effect.void
  const whenCommitted = <A, E>(effect: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.andThen(committed, Effect.suspend(effect))
  return {
    id,
    trigger,
    triggers: events,
    request,
    history: writer.view(id),
    currentHistory: Effect.sync(() => writer.view(id)),
    committed,
    background: (name, work, options) =>
      Effect.contextWith((services) =>
        Effect.sync(() => {
          const start = () =>
            background.start(
              { name, respondingTo: trigger.eventId },
              Effect.provideContext(
                CallTrace.background(name)(Effect.scoped(work)) as Effect.Effect<unknown, unknown, never>,
                services
              ),
              {
                delivery: options?.delivery ?? spec.backgroundDelivery,
                atEnd: options?.atEnd ?? "interrupt"
              }
            )
          if (draft?.state === "Open") draft.waiting.push(start)
          else if (draft?.state !== "Dropped") start()
        })
      ) as Effect.Effect<void>,
    // Background work may be irreversible, so it waits for the commit.
    uninterruptible: (stream) =>
      Stream.unwrap(
        Effect.andThen(
          committed,
          Effect.as(
            Effect.acquireRelease(running.enter, (_, exit) => {
              if (!Exit.isFailure(exit) || isOwn(exit.cause)) return running.exit
              regionFailed(exit.cause)
              return running.exitFailed
            }),
            stream
          )
        )
      ),
    record: (outputs) =>
      refusing(outputs.map(Outputs.fault), () => {
        const half: Outputs.Half = { text: "" }
        return Effect.sync(() => out.record(outputs.flatMap((output) => Outputs.prepare(output, trigger, half) ?? [])))
      }),
    addEntry: (content, options) =>
      whenCommitted(() =>
        refusing([Given.textFault(content)], () => Effect.fromResult(writer.addEntry(content, options ?? {})))
      ),
    updateHistory: (events, stretch) =>
      whenCommitted(() =>
        refusing(events.map(Given.fault), () => Effect.fromResult(writer.update(events, stretch ?? {})))
      )
  }
}

/** Plain JavaScript may give anything. It is refused here, because a history with garbage in it would fail every later turn. */
const refusing = <A, E>(
  faults: ReadonlyArray<string | undefined>,
  effect: () => Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const fault = faults.find((fault) => fault !== undefined)
  return fault === undefined ? effect() : Effect.die(new TypeError(fault))
}

/** Makes the turn that responds to events, for the slot to run. */
export const make = <R>(host: Host<R>, run: Run): Effect.Effect<void, never, R> => {
  const { draft, ended, events, id, running } = run
  const trigger = events.at(-1)!
  const out = draft === undefined ? Out.direct(host, id) : Out.held(host, id, draft)
  const { say, sendAll } = voice(host, out, run)
  let failed = false
  let region: Cause.Cause<unknown> | undefined

  const fail = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
    failed = true
    return host.failed(trigger, cause, say)
  }
  /** Whether the call itself has ended the turn. */
  const isOwn = (cause: Cause.Cause<unknown>): boolean =>
    Cause.hasInterruptsOnly(cause) && (running.interrupted || !host.isOpen())

  const turn = turnOf(host, out, run, isOwn, (cause) => {
    region = cause
  })

  const produce = Effect.suspend(() => Stream.runForEachArray(host.spec.agent(trigger, turn), sendAll)).pipe(
    Effect.scoped,
    // The failure of an uncommitted turn is handled once the turn is committed.
    Effect.catchCause((cause) =>
      isOwn(cause) ? Effect.failCause(cause) : Effect.andThen(out.straight, Effect.failCause(cause))
    ),
    Effect.andThen(out.done)
  )
  // The turn's scope may close late if something in it is slow to clean up; nothing must be sent meanwhile.
  const beside =
    out.beside &&
    Effect.map(Effect.forkScoped(host.owned(out.beside)), (fiber) => running.whenClosed(() => fiber.interruptUnsafe()))

  return (beside === undefined ? produce : Effect.scoped(Effect.andThen(beside, produce))).pipe(
    RecorderTap.turn(host.recorder, id, trigger),
    CallTrace.turn(id, trigger, draft !== undefined),
    Effect.catchCause((cause) => (isOwn(cause) ? Effect.void : Effect.suspend(() => fail(cause)))),
    // An interrupted fiber catches nothing. The failure of a region that outlived its interruption is therefore handled
    // here, and that of a finalizer is logged.
    Effect.onExit((exit) => {
      const over = Effect.sync(() => {
        if (!running.closed && (failed || Exit.isSuccess(exit))) ended(failed ? "Failed" : "Completed")
      })
      if (Exit.isSuccess(exit) || failed) return over
      if (region !== undefined) return Effect.ensuring(fail(region), over)
      return Cause.hasInterruptsOnly(exit.cause)
        ? Effect.void
        : host.complain("Warn", "An interrupted turn failed while it was cleaning up.", exit.cause)
    })
  ) as Effect.Effect<void, never, R>
}
