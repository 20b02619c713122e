/**
 * Runs one call: events in, events out, one turn at a time.
 *
 * A call knows neither socket nor clock. A harness around it (a server, a console, a test, a replay) reports what happens
 * and carries out what the agent wants. The way of an event is short: `receive` records it, asks the filters, and starts
 * or stops the turn before it returns; the turn hands its outputs to the harness from its own fiber.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { AgentSpec } from "./Agent.ts"
import { CallError, describe } from "./CallError.ts"
import * as CallRequest from "./CallRequest.ts"
import * as Event from "./Event.ts"
import * as EventFilter from "./EventFilter.ts"
import * as EventId from "./EventId.ts"
import type * as History from "./History.ts"
import * as Background from "./internal/call/background.ts"
import * as HistoryWriter from "./internal/call/historyWriter.ts"
import * as RecorderTap from "./internal/call/recorderTap.ts"
import * as TurnSlot from "./internal/call/turnSlot.ts"
import * as Recorder from "./recording/Recorder.ts"
import * as Turn from "./Turn.ts"

/** What a call needs of the world around it. */
export interface Harness {
  /**
   * Carries outputs to the caller, in order. Runs in the fiber of the turn: while it waits, the agent waits, and when the
   * turn is interrupted, so is it. Each output names the event it responds to.
   */
  readonly send: (outputs: Arr.NonEmptyReadonlyArray<Event.Output>) => Effect.Effect<void>
  /** Told at most once, when the agent broke off and its policy is to close. Nothing is sent after it. */
  readonly fail: (error: CallError) => Effect.Effect<void>
}

/** A call in progress. */
export interface Call {
  /**
   * Takes what the harness reports. Never waits for a turn; waits for a filter only where the filter is an Effect. Reports
   * are to come from one fiber, and none after `end`.
   */
  readonly receive: (report: Event.Report) => Effect.Effect<void>
  /**
   * Ends the call: nothing is sent any more, and the agent handles `CallEnded` within its grace. Returns when no turn and
   * no background work is left. The call ends once, whoever asks for it how often, and also when the one who asked goes
   * away.
   */
  readonly end: Effect.Effect<void>
  /** The call up to now. */
  readonly history: Effect.Effect<History.History>
}

/**
 * Starts a call: the agent sees `CallStarted` before anything else. A call that finds a `Recorder` in its context is
 * recorded. When the scope closes before `end`, the call is cut
 * off: its turn is interrupted, and the agent does not see `CallEnded`. An end that has begun is waited for.
 */
export const make = <E, R>(
  spec: AgentSpec<E, R>,
  options: { readonly harness: Harness; readonly request?: CallRequest.CallRequest | undefined }
): Effect.Effect<Call, never, Exclude<R, Scope.Scope> | Scope.Scope> =>
  Effect.gen(function* () {
    const nextId = yield* EventId.make
    const context = yield* Effect.context<Exclude<R, Scope.Scope>>()
    const call = wire(
      spec,
      options.harness,
      options.request ?? CallRequest.make(),
      nextId,
      yield* Recorder.Current,
      context as Context.Context<R>
    )
    yield* Effect.addFinalizer(() => call.close)
    yield* call.start
    return { receive: call.receive, end: call.end, history: call.history }
  })

/**
 * Runs a call as a function from what is reported to what is to be done. The call ends when the reports end or the outputs
 * are no longer wanted, and the agent handles `CallEnded` either way.
 */
export const run = <E, R, E2 = never, R2 = never>(
  spec: AgentSpec<E, R>,
  reports: Stream.Stream<Event.Report, E2, R2>,
  options?: {
    readonly request?: CallRequest.CallRequest | undefined
    /** Outputs that may wait for the consumer before the agent is slowed down. 16 by default. */
    readonly bufferSize?: number | undefined
  }
): Stream.Stream<Event.Output, CallError | E2, Exclude<R, Scope.Scope> | R2> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<Event.Output, CallError | E2 | Cause.Done>(options?.bufferSize ?? 16)
      const harness: Harness = {
        send: (outputs) => Effect.asVoid(Queue.offerAll(queue, outputs)),
        fail: (error) => Effect.asVoid(Queue.fail(queue, error))
      }
      const call = yield* make(spec, { harness, request: options?.request })
      yield* Effect.addFinalizer(() => call.end)
      yield* Stream.runForEach(reports, call.receive).pipe(
        Effect.andThen(call.end),
        Effect.matchCauseEffect({
          onFailure: (cause) => Queue.failCause(queue, cause),
          onSuccess: () => Queue.end(queue)
        }),
        Effect.forkScoped
      )
      return Stream.fromQueue(queue)
    })
  )

const wire = <R>(
  spec: AgentSpec<unknown, R>,
  harness: Harness,
  request: CallRequest.CallRequest,
  nextId: EventId.EventId,
  recorder: Recorder.Recorder | undefined,
  context: Context.Context<R>
) => {
  const record = RecorderTap.writer(HistoryWriter.make(nextId), recorder)
  const fork = Effect.runForkWith(context)
  let turns = 0
  let silenced = false
  let over = false
  let userSpeaking = false
  let agentSpeaking = false
  // Made where a filter is an Effect: most calls never need it.
  let turnstile: Semaphore.Semaphore | undefined
  let undecided = 0

  const slot = TurnSlot.make({
    fork,
    grace: spec.cancelGrace,
    onFree: () => background.flush(),
    onLate: Effect.logWarning("An interrupted turn is still cleaning up; the next one starts beside it.")
  })
  const background = Background.make({
    fork,
    nextId,
    patience: spec.backgroundPatience,
    isIdle: () => !userSpeaking && !agentSpeaking && !silenced && undecided === 0 && slot.isFree(),
    deliver: (event) => consider(record.add(event))
  })

  const fail = (reason: CallError["reason"], cause: Cause.Cause<unknown>): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (silenced) return Effect.void
      silenced = true
      const error = new CallError({ reason, cause: Cause.squash(cause) })
      recorder?.note({ _tag: "CallFailed", reason, message: error.message })
      return harness.fail(error)
    })

  const act = (event: Event.Input, decision: EventFilter.Decision) => {
    if (decision === "Keep" || (silenced && event._tag !== "CallEnded")) return
    if (decision === "Cancel") return slot.cancel()
    for (const returned of background.takeHeld()) record.add(returned)
    const history = record.view()
    slot.replace((running) => runTurn(event, history, running))
  }

  /** Asks the filters about an event and acts on it. An Effect only where a filter is one, or has thrown. */
  const ask = (event: Event.Input): Effect.Effect<void> | undefined => {
    let decision: ReturnType<typeof EventFilter.decide<R>>
    try {
      decision = EventFilter.decide(event, spec)
    } catch (error) {
      return filterFailed(Cause.die(error))
    }
    if (typeof decision === "string") return void act(event, decision)
    return decision.pipe(
      Effect.flatMap((decision) => Effect.sync(() => act(event, decision))),
      Effect.catchCause(filterFailed),
      Effect.provideContext(context)
    )
  }

  /**
   * Asks about an event once all that came before it have been decided on, whether reported or delivered. On a call that has
   * failed nothing is decided any more: what comes until it ends is only recorded.
   */
  const consider = (event: Event.Input): Effect.Effect<void> | undefined => {
    if (silenced) return undefined
    const asked =
      undecided === 0 ? ask(event) : Effect.suspend(() => (silenced ? undefined : ask(event)) ?? Effect.void)
    if (asked === undefined) return undefined
    return Effect.suspend(() => {
      undecided++
      return Effect.ensuring(
        (turnstile ??= Semaphore.makeUnsafe(1)).withPermit(asked),
        Effect.sync(() => {
          if (--undecided === 0) background.flush()
        })
      )
    })
  }

  const filterFailed = (cause: Cause.Cause<unknown>) =>
    Effect.andThen(
      Effect.logError("A filter failed; its event was only recorded.", cause),
      spec.turnFailure === "close" ? fail("Filter", cause) : Effect.void
    )

  const receive = (report: Event.Report): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (over) return Effect.void
      const event = record.report(report)
      if (event === undefined) return Effect.void
      if (event._tag === "UserTurnStarted") userSpeaking = true
      else if (event._tag === "UserTurnEnded") userSpeaking = false
      else if (event._tag === "AgentTurnStarted") agentSpeaking = true
      else if (event._tag === "AgentTurnEnded") agentSpeaking = false
      const deciding = consider(event)
      if (deciding !== undefined) return deciding
      background.flush()
      return Effect.void
    })

  const runTurn = (trigger: Event.Input, history: History.History, running: TurnSlot.Running): Effect.Effect<void> => {
    const id = ++turns
    const turn: Turn.Turn = {
      id,
      trigger,
      request,
      history,
      currentHistory: Effect.sync(record.view),
      background: (name, work, options) =>
        Effect.contextWith((services) =>
          Effect.sync(() =>
            background.start(
              { name, respondingTo: trigger.eventId },
              Effect.provideContext(Effect.scoped(work), services),
              options?.delivery ?? spec.backgroundDelivery
            )
          )
        ),
      uninterruptible: (stream) =>
        Stream.unwrap(
          Effect.as(
            Effect.acquireRelease(running.enter, () => running.exit),
            stream
          )
        ),
      record: (outputs) =>
        Effect.sync(() => {
          const kept = outputs.map((output) => respondTo(output, trigger))
          for (const output of kept) record.sent(output, id)
          RecorderTap.outputs(recorder, "Kept", kept, id)
        }),
      addEntry: (content, options) => Effect.suspend(() => Effect.fromResult(record.addEntry(content, options ?? {}))),
      updateHistory: (events, stretch) => Effect.suspend(() => Effect.fromResult(record.update(events, stretch ?? {})))
    }
    const emit = (outputs: Arr.NonEmptyReadonlyArray<Event.Output>): Effect.Effect<void> => {
      if (running.closed) return Effect.void
      const stopped = silenced && spec.outputAfterEnd === "stop"
      const sent = (stopped ? [outputs[0]] : outputs).map((output) =>
        respondTo(output, trigger)
      ) as unknown as Arr.NonEmptyReadonlyArray<Event.Output>
      for (const output of sent) record.sent(output, id)
      RecorderTap.outputs(recorder, silenced ? "Kept" : "Sent", sent, id)
      if (stopped) return Effect.interrupt
      return silenced ? Effect.void : harness.send(sent)
    }
    return Stream.suspend(() => spec.agent(trigger, turn)).pipe(
      Stream.runForEachArray(emit),
      Effect.scoped,
      RecorderTap.turn(recorder, id, trigger),
      Effect.catchCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : turnFailed(trigger, cause, emit))),
      // An interrupted fiber catches nothing, so the failure of a finalizer is seen only here.
      Effect.onError((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.void
          : Effect.logWarning("An interrupted turn failed while it was cleaning up.", cause)
      )
    ) as Effect.Effect<void>
  }

  const turnFailed = (
    trigger: Event.Input,
    cause: Cause.Cause<unknown>,
    emit: (outputs: Arr.NonEmptyReadonlyArray<Event.Output>) => Effect.Effect<void>
  ): Effect.Effect<void> =>
    Effect.gen(function* () {
      yield* Effect.logError(`The turn that ${trigger._tag} started failed.`, cause)
      if (over) return
      if (spec.turnFailure === "close") return yield* fail("Turn", cause)
      const message = describe(cause)
      const event = record.add({ _tag: "TurnFailed", eventId: nextId(), respondingTo: trigger.eventId, message })
      const error = Cause.squash(cause)
      const apology = error instanceof Turn.Failure ? error.apology : spec.apology
      if (apology !== "") yield* emit([Event.sendText(apology)])
      const deciding = consider(event)
      if (deciding !== undefined) yield* deciding
    })

  const finished = Latch.makeUnsafe(false)

  /** The call comes to its end in a fiber of its own, so that whoever asks for it may go away. */
  const finish = (ending: Effect.Effect<void>, how: "Ended" | "CutOff"): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!over) {
        over = true
        silenced = true
        const closed = Effect.sync(() => recorder?.note({ _tag: "CallClosed", how }))
        fork(Effect.ensuring(ending, Effect.andThen(closed, finished.open)))
      }
      return finished.await
    })

  const stop = Effect.suspend(() =>
    within(spec.cancelGrace, Effect.all([slot.close, background.close], { concurrency: "unbounded", discard: true }))
  )
  const close = finish(stop, "CutOff")

  const end = finish(
    Effect.suspend(() => {
      for (const returned of background.takeAll()) record.add(returned)
      const deciding = ask(record.add({ _tag: "CallEnded", eventId: nextId() })) ?? Effect.void
      return Effect.andThen(within(spec.endGrace, Effect.andThen(deciding, slot.awaitFree)), stop)
    }),
    "Ended"
  )

  const start = Effect.suspend(() => consider(record.add({ _tag: "CallStarted", eventId: nextId() })) ?? Effect.void)

  return { receive, start, end, close, history: Effect.sync(record.view) }
}

const respondTo = (output: Event.Output, trigger: Event.Input): Event.Output =>
  output.respondingTo === undefined ? { ...output, respondingTo: trigger.eventId } : output

/** Waits no longer than a time, also where the wait itself cannot be interrupted. */
const within = (time: AgentSpec["endGrace"], effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.asVoid(Effect.timeoutOption(Effect.interruptible(effect), time))
