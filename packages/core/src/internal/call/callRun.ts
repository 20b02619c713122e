/**
 * The wiring of a call: what each part is told, and in which order. Each part makes its own decisions; the life cycle
 * of the call, from open to closed, is here and nowhere else.
 */
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import type { AgentSpec } from "../../Agent.ts"
import { CallError } from "../../CallError.ts"
import * as ErrorText from "../../ErrorText.ts"
import type { CallRequest } from "../../CallRequest.ts"
import type * as Event from "../../Event.ts"
import type * as EventFilter from "../../EventFilter.ts"
import type { EventId } from "../../EventId.ts"
import type * as Harness from "../../Harness.ts"
import type * as History from "../../History.ts"
import * as Turn from "../../Turn.ts"
import * as AnswerWatch from "./answerWatch.ts"
import * as Background from "./background.ts"
import * as Deciding from "./deciding.ts"
import * as Floor from "./floor.ts"
import * as HistoryWriter from "./historyWriter.ts"
import * as LateWords from "./lateWords.ts"
import * as Out from "./out.ts"
import * as Outputs from "./outputs.ts"
import type { Listener, Made } from "./listener.ts"
import * as RecorderTap from "./recorderTap.ts"
import * as Session from "./session.ts"
import * as TurnRun from "./turnRun.ts"
import * as TurnSlot from "./turnSlot.ts"

/** What is told of outputs that are delivered. */
export interface Handover {
  /** Called with each output when it is handed over: `Offered` to a harness that may still be interrupted, or `Taken`. */
  readonly handedOver: (output: Event.Output, how: "Offered" | "Taken") => void
  /** Called once all that was offered is taken. */
  readonly taken: () => void
}

/** Where the outputs of a call go. */
export interface Outlet extends Omit<Harness.Harness, "send" | "turn"> {
  readonly deliver: (
    turn: number,
    outputs: Arr.NonEmptyReadonlyArray<Event.Output>,
    handover: Handover
  ) => Effect.Effect<void>
  /** Waits until the outputs of a turn were handed over. */
  readonly drained: (turn: number) => Effect.Effect<void>
  readonly turn: (change: Harness.TurnChange) => void
}

/**
 * `Open`: turns run. `Failed`: the agent failed and its policy is to close; reports are still recorded. `Ending`:
 * nothing is sent any more, and the agent handles `CallEnded`. `Closed`: nothing runs, and the history is complete.
 */
type Phase = "Open" | "Failed" | "Ending" | "Closed"

const receipts: Readonly<Record<EventFilter.Decision, Harness.Receipt>> = {
  Run: { decision: Effect.succeed("Run") },
  Cancel: { decision: Effect.succeed("Cancel") },
  Keep: { decision: Effect.succeed("Keep") }
}
/** Whether a report shows that the caller has not finished after all. */
const takesBack: Readonly<Record<Event.Report["_tag"], boolean>> = {
  UserTurnStarted: true,
  UserTextSent: true,
  UserDtmfSent: true,
  UserTurnEnded: true,
  UserTurnCommitted: false,
  UserTurnResumed: true,
  UserTurnAbandoned: true,
  UserTurnRevised: true,
  UserTurnWithdrawn: true,
  UserSilent: false,
  UserCustomSent: false,
  AgentTurnStarted: false,
  AgentTextSent: false,
  AgentDtmfSent: false,
  AgentTurnEnded: false
}

const receiptOf = (decided: Deciding.Decided): Harness.Receipt =>
  typeof decided === "string" ? receipts[decided] : { decision: decided }

export const make = <R>({
  context,
  nextId,
  outlet,
  recorder,
  request,
  spec
}: {
  readonly spec: AgentSpec<unknown, R>
  readonly outlet: Outlet
  readonly request: CallRequest
  readonly nextId: EventId
  readonly recorder: Listener | undefined
  readonly context: Context.Context<R>
}) => {
  const writer = RecorderTap.writer(HistoryWriter.make(nextId), recorder)
  const fork = Effect.runForkWith(context)
  let phase: Phase = "Open"
  let floor = Floor.silent
  let draft: Out.Draft | undefined
  let firstSound: Fiber.Fiber<void> | undefined
  let turns = 0

  const isOpen = () => phase === "Open"

  const slot = TurnSlot.make({
    fork,
    grace: spec.cancelGrace,
    regionLimit: spec.regionLimit,
    // Deferred: otherwise a turn that ends within the step that started it would start the next one on the same stack.
    changed: () => {
      if (background.isWaiting()) fork(Effect.andThen(Effect.yieldNow, Effect.sync(background.flush)))
    },
    onLate: (what) =>
      what === "Cleanup"
        ? Effect.logWarning("An interrupted turn is still cleaning up; the next one starts beside it.")
        : Effect.logWarning("An uninterruptible region took too long and was stopped.")
  })

  const background = Background.make({
    fork,
    nextId,
    patience: spec.backgroundPatience,
    isIdle: () =>
      isOpen() && slot.isFree() && !deciding.isUndecided() && Floor.isQuiet(floor, !floor.mute && writer.isPending()),
    // A harness that never reports speech must not delay results for as long as a lost report may.
    waiting: () => {
      if (!isOpen() || floor.reports || floor.mute || firstSound !== undefined) return
      const waitedInVain = Effect.sync(() => {
        firstSound = undefined
        floor = Floor.waitedInVain(floor)
        background.flush()
      })
      firstSound = fork(Effect.delay(waitedInVain, spec.firstSound))
    },
    deliver: (events) => {
      for (const event of events) writer.add(event)
      decide(events)
    }
  })

  const fail = (reason: CallError["reason"], cause: Cause.Cause<unknown>): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!isOpen()) return Effect.void
      phase = "Failed"
      const error = new CallError({ reason, cause: Cause.squash(cause) })
      recorder?.note({ _tag: "CallFailed", reason, message: error.message })
      return outlet.fail(error)
    })

  const deciding = Deciding.make<R>({
    policy: spec,
    timeout: spec.filterTimeout,
    fork,
    act: (events, decision) => {
      const trigger = events.at(-1)!
      if (!isOpen() && trigger._tag !== "CallEnded") return
      if (decision === "Cancel") {
        if (trigger === draft?.event) return
        slot.cancel()
        return writer.cut()
      }
      // A caller who begins to speak cuts in, even if that event runs the agent.
      if (trigger._tag === "UserTurnStarted") writer.cut()
      for (const returned of background.takeHeld()) writer.add(returned)
      // A tentative turn is watched once it is committed.
      if (trigger._tag === "UserTurnEnded" && trigger !== draft?.event) watch.begin(trigger)
      slot.replace(turnOf(events as Events))
    },
    failed: (cause) =>
      Effect.andThen(
        Effect.logError("A filter failed; its event was only recorded.", cause),
        spec.turnFailure === "close" ? fail("Filter", cause) : Effect.void
      ),
    late: Effect.logWarning("A filter took too long; its event was only recorded."),
    settled: background.flush
  })

  /** Asks the filters about events. On a failed call events are only recorded. */
  const decide = (events: ReadonlyArray<Event.Input>): Deciding.Decided => {
    for (const event of events) session?.happened(event)
    return isOpen() ? deciding.decide(events) : "Keep"
  }

  /** Handles an event that the call itself has made. */
  const happen = (event: Event.InputOf<Made>): Deciding.Decided => {
    writer.add(event)
    floor = Floor.step(floor, event)
    return decide([event])
  }

  const watch = AnswerWatch.make({
    fork,
    deadline: spec.answerDeadline,
    overdue: (respondingTo, seconds) =>
      Effect.suspend(() => {
        if (!isOpen()) return Effect.void
        happen({ _tag: "AnswerOverdue", eventId: nextId(), respondingTo, seconds })
        const said = { _tag: "AgentSendText", text: `${spec.holding} `, respondingTo } as const
        return Effect.andThen(
          Effect.logWarning("The caller has waited too long for an answer."),
          spec.holding === "" ? Effect.void : say(turns, said)
        )
      })
  })

  const deliver: Out.Host["deliver"] = (turn, lines) => {
    const outputs = lines.map(
      ({ item }) => item
    ) as ReadonlyArray<History.Item> as Arr.NonEmptyReadonlyArray<Event.Output>
    let next = 0
    return outlet.deliver(turn, outputs, {
      handedOver: (output, how) => {
        writer.handedOver(lines[next++]!, how === "Taken")
        RecorderTap.outputs(recorder, "Sent", [output], turn)
        if (Outputs.isNoticed(output)) watch.answered()
      },
      taken: () => {
        for (const line of lines) writer.taken(line)
      }
    })
  }
  const say = (turn: number, output: Event.Output) => deliver(turn, [writer.queue(output, turn)])

  const host: TurnRun.Host<R> = {
    spec,
    request,
    writer,
    recorder,
    background,
    isOpen,
    deliver,
    keep: (turn, outputs) => {
      if (phase === "Closed") return
      for (const output of outputs) writer.sent(output, turn)
      RecorderTap.outputs(recorder, "Kept", outputs, turn)
    },
    drained: outlet.drained,
    failed: (trigger, cause, say) =>
      Effect.gen(function* () {
        yield* Effect.logError(`The turn that ${trigger._tag} started failed.`, cause)
        if (phase === "Ending" || phase === "Closed") return
        if (spec.turnFailure === "close") return yield* fail("Turn", cause)
        const error = Cause.squash(cause)
        const apology = error instanceof Turn.Failure ? error.apology : spec.apology
        const event = writer.add({
          _tag: "TurnFailed" as const,
          eventId: nextId(),
          respondingTo: trigger.eventId,
          message: ErrorText.of(cause)
        })
        watch.explained(trigger.eventId)
        // An agent that fails on its own failure would do so for ever.
        if (trigger._tag === "TurnFailed") return yield* Effect.logError("The agent fails on its own failures.")
        if (apology !== "") yield* say(apology)
        decide([event])
      })
  }

  type Events = readonly [...ReadonlyArray<Event.Input>, Event.Input]

  const turnOf = (events: Events): TurnSlot.Turn => {
    const trigger = events.at(-1)!
    const its = trigger === draft?.event ? draft : undefined
    if (its !== undefined) its.turn = "Responding"
    let id = 0
    return {
      run: (running) =>
        Effect.suspend(() => {
          id = ++turns
          writer.began(id, trigger)
          outlet.turn({ _tag: "Started", turn: id, trigger })
          const ended = (how: "Completed" | "Failed") => {
            running.over()
            outlet.turn({ _tag: how, turn: id, trigger })
          }
          return TurnRun.make(host, { id, events, draft: its, running, ended })
        }) as Effect.Effect<void>,
      cancelled: (began) => {
        const kept = began ? writer.stopped(id, its === undefined || its.state === "Committed") : []
        RecorderTap.outputs(recorder, "Kept", kept, id)
        if (its !== undefined) its.turn = "Replaced"
        outlet.turn({ _tag: "Cancelled", turn: began ? id : 0, trigger })
      }
    }
  }

  /** Forgets the tentative turn. */
  const dropDraft = () => {
    if (draft !== undefined) draft.state = "Dropped"
    draft = undefined
    writer.drop()
  }

  /** Stops the current turn, the waiting one, and any that a filter is still deciding about. */
  const takeBack = () => {
    deciding.takenBack()
    watch.answered()
    slot.cancel()
  }

  /** The caller goes on: the tentative turn leaves no trace. */
  const resume = () => {
    if (draft === undefined) return
    dropDraft()
    takeBack()
  }

  const openDraft = (event: Event.UserTurnEnded): Harness.Receipt => {
    resume()
    // The caller has spoken again, so no answer is awaited.
    watch.answered()
    draft = Out.draft(event)
    writer.open(event)
    return receiptOf(decide([event]))
  }

  const commit = (): Harness.Receipt => {
    if (draft === undefined) return receipts.Keep
    const { committed, event, turn, waiting } = draft
    draft.state = "Committed"
    draft = undefined
    floor = Floor.step(floor, event)
    writer.commit()
    late.happened(event, "Keep")
    if (turn !== "None") watch.begin(event)
    for (const act of waiting) act()
    committed.openUnsafe()
    // Another event has replaced its answer meanwhile.
    return turn === "Replaced" && isOpen() ? receiptOf(deciding.decide([event])) : receipts.Keep
  }

  const isCommit = (report: Event.Report): boolean =>
    report._tag === "UserTurnCommitted" ||
    (report._tag === "UserTurnEnded" &&
      report.tentative !== true &&
      draft !== undefined &&
      (report.eventId === undefined || report.eventId === draft.event.eventId))

  const late = LateWords.make({
    fork,
    wait: spec.lateWords,
    turn: () => {
      if (isOpen()) happen({ _tag: "UserTurnEnded", eventId: nextId(), content: writer.userContent() })
    }
  })

  const take = (report: Event.Report): Harness.Receipt => {
    if (phase === "Ending" || phase === "Closed") return receipts.Keep
    if (isCommit(report)) {
      recorder?.note({ _tag: "Reported", report })
      return commit()
    }
    if (takesBack[report._tag]) resume()
    const event = writer.report(report)
    if (event === undefined) {
      if (report._tag === "UserTurnWithdrawn") {
        takeBack()
        late.stop()
        floor = { ...floor, user: false }
      }
      background.flush()
      return receipts.Keep
    }
    if (report._tag === "UserTurnEnded" && report.tentative === true) return openDraft(event as Event.UserTurnEnded)
    floor = Floor.step(floor, event)
    if (event._tag === "UserTurnStarted") watch.answered()
    const decided = decide([event])
    late.happened(event, decided)
    background.flush()
    return receiptOf(decided)
  }

  const receive = (report: Event.Report): Effect.Effect<Harness.Receipt> => Effect.sync(() => take(report))

  const session =
    spec.session === undefined
      ? undefined
      : Session.make(spec.session, {
          fork,
          request,
          history: Effect.sync(writer.view),
          report: (report) => void take(report),
          nextTurn: () => ++turns,
          deliver: (turn, output) => (isOpen() ? say(turn, output) : Effect.void),
          failed: (respondingTo, cause) =>
            host.failed(respondingTo, cause, (text) =>
              say(turns, { _tag: "AgentSendText", text, respondingTo: respondingTo.eventId })
            )
        })

  const finished = Latch.makeUnsafe(false)

  /** The call ends in its own fiber, so that interrupting the fiber that asked for it changes nothing. */
  const finish = (ending: Effect.Effect<void>, how: "Ended" | "CutOff"): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      const isWithinTurn = slot.isTurn(fiber)
      if (phase === "Open" || phase === "Failed") {
        if (draft !== undefined) dropDraft()
        phase = "Ending"
        watch.stop()
        late.stop()
        firstSound?.interruptUnsafe()
        const closed = Effect.sync(() => {
          phase = "Closed"
          writer.close()
          recorder?.note({ _tag: "CallClosed", how })
        })
        fork(Effect.ensuring(ending, Effect.andThen(closed, finished.open)))
      }
      return isWithinTurn ? Effect.void : finished.await
    })

  const stop = Effect.suspend(() =>
    within(
      spec.cancelGrace,
      Effect.all([deciding.close, slot.close, background.close, watch.close, session?.close ?? Effect.void], {
        concurrency: "unbounded",
        discard: true
      })
    )
  )

  const end = finish(
    Effect.suspend(() => {
      for (const returned of background.takeAll()) writer.add(returned)
      const event = writer.add({ _tag: "CallEnded" as const, eventId: nextId() })
      session?.happened(event)
      // Nobody hears the turn that runs. It goes on only in Line's way, to its next output. Not later: a filter that is an
      // Effect may have started the turn that handles the end by then.
      const lingers = spec.outputAfterEnd === "stop"
      if (!lingers) slot.cancel()
      const decided = deciding.decide([event])
      const handled = Effect.flatMap(receiptOf(decided).decision, () => slot.awaitFree)
      // In this order, because the turn that handles the end may start work that must finish.
      return Effect.andThen(within(spec.endGrace, Effect.andThen(handled, background.finish)), stop)
    }),
    "Ended"
  )

  const start = Effect.sync(() => {
    happen({ _tag: "CallStarted", eventId: nextId() })
    session?.start()
  })

  // Results that reached no turn are still recorded.
  const close = finish(
    Effect.suspend(() => {
      for (const returned of background.takeAll()) writer.add(returned)
      return stop
    }),
    "CutOff"
  )

  return { receive, start, end, close, history: Effect.sync(writer.view) }
}

/** Waits for a limited time, even if the wait itself cannot be interrupted. */
const within = (time: AgentSpec["endGrace"], effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.asVoid(Effect.timeoutOption(Effect.interruptible(effect), time))
