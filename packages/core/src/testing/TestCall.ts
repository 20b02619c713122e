/**
 * A whole call on virtual time: an agent, a caller who follows a script, and a line that speaks what the agent says, reports
 * what was heard, and loses or distorts reports where it is told to. Ten minutes of talk take milliseconds, and every run
 * is the same.
 *
 * ```ts
 * const call = yield* TestCall.run(Support, [
 *   Caller.bargesIn("Stop", { at: "137 millis" }),
 *   Caller.listens(),
 *   Caller.says("A table for two, please")
 * ])
 * Expect.heard(call, /eight o'clock/)
 * ```
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import type * as Agent from "../Agent.ts"
import * as Call from "../Call.ts"
import * as CallRequest from "../CallRequest.ts"
import * as Event from "../Event.ts"
import type * as History from "../History.ts"
import * as Observation from "../internal/observation.ts"
import * as Voice from "../internal/voice.ts"
import * as Recorder from "../Recorder.ts"
import * as Caller from "./Caller.ts"
import type * as Played from "./Played.ts"
import * as Timeline from "./Timeline.ts"
import * as VirtualTime from "./VirtualTime.ts"

/** What can be called: a service that brings an agent, a factory, or an agent that was made already. */
export type Source<E, R, R2> =
  | Agent.Factory<E, R, R2>
  | { readonly factory: Agent.Factory<E, R, R2> }
  | Agent.AgentSpec<unknown, R2>

/** How the line carries the call. */
export interface Line {
  /** How fast the agent's words are spoken. 160 by default. */
  readonly wordsPerMinute?: number | undefined
  /** Between a text and its first sound. None by default. */
  readonly firstSound?: Duration.Input | undefined
  /** Words that are heard and not reported. */
  readonly loses?: ((word: Voice.Word) => boolean) | undefined
  /** What is reported of a word instead of it, as where a number is read out. Undefined: the word. */
  readonly distorts?: ((word: Voice.Word) => string | undefined) | undefined
  /** How long the harness takes for what the agent sends. The agent waits meanwhile. None by default. */
  readonly sendDelay?: ((count: number) => Duration.Input) | undefined
}

/** How a call is played. */
export interface Options extends VirtualTime.Options {
  readonly request?: CallRequest.CallRequest | undefined
  /** The seed of the call's own `Random`, from which its ids are drawn, as in the header of a recording. */
  readonly callSeed?: number | undefined
  readonly line?: Line | undefined
  /** Longest call. 1 hour by default. */
  readonly maxDuration?: Duration.Input | undefined
}

/** A call that did not come to its end. The message shows what had happened. A defect of the test, or of the agent. */
export class CallStuck extends Data.TaggedError("CallStuck")<{ readonly message: string }> {}

const stuck = (reason: string, entries: ReadonlyArray<Timeline.Entry>) =>
  new CallStuck({ message: `${reason}\n\n${Timeline.render(entries)}` })

/**
 * Plays a call to its end and gives what happened. Where the script ends, the caller listens to what is still said and
 * hangs up. Fails as the factory of the agent does.
 */
export const run = <E = never, R = never, R2 = never, E2 = never, R3 = never>(
  agent: Source<E, R, R2>,
  caller: Caller.Script | Caller.Caller<E2, R3>,
  options: Options = {}
): Effect.Effect<Played.Played, E | E2, Exclude<R | R2, Scope.Scope> | R3> =>
  Effect.suspend(() => {
    const entries: Array<Timeline.Entry> = []
    const { limit, patience, seed } = options
    return VirtualTime.run(play(agent, "next" in caller ? caller : Caller.fromScript(caller), options, entries), {
      seed,
      patience,
      limit: limit ?? Infinity
    }).pipe(
      Effect.catchDefect((defect) =>
        Effect.die(
          defect instanceof VirtualTime.Stuck
            ? stuck("The call is stuck: nothing is left that could happen.", entries)
            : defect
        )
      )
    )
  })

const play = <E, R, R2, E2, R3>(
  agent: Source<E, R, R2>,
  caller: Caller.Caller<E2, R3>,
  options: Options,
  entries: Array<Timeline.Entry>
) =>
  Effect.gen(function* () {
    const began = yield* VirtualTime.now
    const clock = yield* Effect.clockWith(Effect.succeed)
    const now = () => clock.currentTimeMillisUnsafe() - began
    const note = (happening: Timeline.Happening) => {
      entries.push({ at: now(), ...happening })
      if (happening._tag === "TurnOver") stage.turnOver()
    }
    const observation = Observation.make(note)
    const request = options.request ?? CallRequest.make({ callId: "test" })
    const fibers = countFibers()
    // Closed below where the call comes to its end, and here where it does not: a caller may fail, a call be stuck.
    const scope = yield* Effect.acquireRelease(Scope.make(), Scope.close)

    const { recorder, recording } = yield* Recorder.collect({ request, seed: options.callSeed })

    const spec = yield* Effect.suspend(() => specOf(agent, request)).pipe(
      Scope.provide(scope),
      Effect.provideService(Metric.FiberRuntimeMetrics, fibers.metrics),
      Recorder.provide(recorder)
    )
    const stage = makeStage(options.line ?? {}, yield* Queue.unbounded<Event.Report>(), observation, entries, now)
    const call = yield* Call.make(observation.watch(spec), { request, harness: stage.harness }).pipe(
      Scope.provide(scope),
      Effect.provideService(Timeline.Notes, note),
      Recorder.provide(recorder),
      Effect.provideService(Metric.FiberRuntimeMetrics, fibers.metrics)
    )
    yield* Effect.forkScoped(stage.read(call), { startImmediately: true })
    yield* Effect.forkScoped(stage.voice.run, { startImmediately: true })

    const follow = Effect.gen(function* () {
      while (true) {
        const view = stage.view(yield* call.history)
        const step = yield* caller.next(view)
        if (step !== undefined) yield* take(step, stage)
        else {
          yield* hearOut(stage)
          return stage.hangUp("caller")
        }
      }
    })
    const maxDuration = options.maxDuration ?? "1 hour"
    yield* Effect.raceFirst(follow, stage.over).pipe(
      Effect.timeoutOrElse({
        duration: maxDuration,
        orElse: () =>
          Effect.die(
            stuck(`The call still goes on after ${Duration.format(Duration.fromInputUnsafe(maxDuration))}.`, entries)
          )
      })
    )
    if (stage.hungUp() !== "line") {
      yield* call.end
      note({ _tag: "Ended", fibers: fibers.count() })
    }
    yield* Scope.close(scope, Exit.void)
    yield* VirtualTime.settled
    note({ _tag: "Closed", fibers: fibers.count() })
    return {
      entries,
      history: yield* call.history,
      recording: recording(),
      policies: spec,
      request
    } satisfies Played.Played
  }).pipe(Effect.scoped)

const specOf = <E, R, R2>(
  agent: Source<E, R, R2>,
  request: CallRequest.CallRequest
): Effect.Effect<Agent.AgentSpec<unknown, R2>, E, R | Scope.Scope> => {
  if ("factory" in agent) return agent.factory(request)
  return typeof agent === "function" ? agent(request) : Effect.succeed(agent as Agent.AgentSpec<unknown, R2>)
}

/** Counts the fibers that are started under it and have not ended. */
const countFibers = () => {
  let count = 0
  const metrics: Metric.FiberRuntimeMetricsService = {
    recordFiberStart: () => void count++,
    recordFiberEnd: () => void count--
  }
  return { count: () => count, metrics }
}

interface Stage {
  readonly harness: Call.Harness
  readonly voice: Voice.Voice
  readonly report: (report: Event.Report) => void
  readonly note: (happening: Timeline.Happening) => void
  readonly now: () => number
  /** Hands the reports to the call, one after the other. */
  readonly read: (call: Call.Call) => Effect.Effect<never>
  readonly view: (history: History.History) => Caller.View
  readonly hangUp: (by: Timeline.HungUpBy, reason?: string) => void
  readonly hungUp: () => Timeline.HungUpBy | undefined
  readonly over: Effect.Effect<void>
  /** Waits until something is so that what happens can make so. */
  readonly until: (holds: () => boolean) => Effect.Effect<void>
  readonly lastHeardAt: () => number
  /** The words that were heard since the caller last spoke. */
  readonly heard: () => ReadonlyArray<string>
  readonly callerSpoke: () => void
  readonly turnOver: () => void
  readonly isIdle: () => boolean
}

const makeStage = (
  line: Line,
  reports: Queue.Queue<Event.Report>,
  observation: Observation.Observation,
  entries: Array<Timeline.Entry>,
  now: () => number
): Stage => {
  const over = Latch.makeUnsafe(false)
  const changed = Latch.makeUnsafe(false)
  let ids = 0
  let unread = 0
  let hungUp: Timeline.HungUpBy | undefined
  // What the agent wants done once all that it has said before is spoken.
  let leaving:
    | { readonly by: Timeline.HungUpBy; readonly reason: string | undefined; readonly interruptible: boolean }
    | undefined
  let spokenFrom = 0
  let sends = 0

  const note = observation.note
  const report = (report: Event.Report) => {
    unread++
    Queue.offerUnsafe(reports, report)
  }
  const hangUp: Stage["hangUp"] = (by, reason) => {
    if (hungUp !== undefined) return
    hungUp = by
    note({ _tag: "HungUp", by, reason })
    over.openUnsafe()
  }
  const change = () => {
    if (leaving !== undefined && voice.isSilent()) hangUp(leaving.by, leaving.reason)
    changed.openUnsafe()
  }

  const progress = turnsOf(entries)
  const voice = Voice.make({
    wordMs: 60_000 / (line.wordsPerMinute ?? 160),
    firstSoundMs: Duration.toMillis(line.firstSound ?? 0),
    reports: (word) => (line.loses?.(word) === true ? undefined : (line.distorts?.(word) ?? word.text)),
    report,
    note,
    now,
    isOver: (turn) => !progress().running.has(turn),
    changed: change
  })

  const carry = (output: Event.Output, turn: number) => {
    if (hungUp !== undefined) return
    note({ _tag: "Sent", turn, output })
    const interruptible = !("interruptible" in output) || output.interruptible !== false
    if (output._tag === "AgentSendText") voice.say(output.text, turn, interruptible)
    else if (output._tag === "AgentEndCall") leaving = { by: "agent", reason: output.reason, interruptible }
    else if (output._tag === "AgentTransferCall")
      leaving = { by: "transfer", reason: output.targetPhoneNumber, interruptible }
    else return
    change()
  }

  const harness: Call.Harness = {
    send: (outputs) =>
      Effect.withFiber((fiber) => {
        const turn = observation.turnOf(fiber)
        const take = Effect.sync(() => {
          for (const output of outputs) carry(output, turn)
        })
        const delay = Duration.toMillis(line.sendDelay?.(sends++) ?? 0)
        if (delay === 0) return take
        note({ _tag: "Sending", turn })
        return Effect.andThen(Effect.sleep(delay), take)
      }),
    fail: (error) =>
      Effect.sync(() => {
        note({ _tag: "CallFailed", error })
        hangUp("failure", error.message)
      })
  }

  const read = (call: Call.Call) =>
    Effect.forever(
      Effect.flatMap(Queue.take(reports), (report) =>
        Effect.suspend(() => {
          const eventId = report.eventId ?? `r${++ids}`
          note({ _tag: "Reported", eventId, report })
          if (report._tag === "UserTurnStarted") {
            voice.interrupt()
            if (leaving?.interruptible === true) leaving = undefined
          }
          return Effect.map(call.receive({ ...report, eventId }), () => {
            unread--
            note({ _tag: "Taken", eventId })
            change()
          })
        })
      ),
      { disableYield: true }
    )

  const until = (holds: () => boolean): Effect.Effect<void> =>
    Effect.suspend(function wait(): Effect.Effect<void> {
      return Effect.flatMap(VirtualTime.settled, () => {
        if (holds()) return Effect.void
        changed.closeUnsafe()
        return Effect.flatMap(changed.await, wait)
      })
    })

  const heard = () =>
    entries
      .slice(spokenFrom)
      .flatMap((entry) => (entry._tag === "Spoken" && entry.text.trim() !== "" ? [entry.text] : []))

  return {
    harness,
    voice,
    report,
    note,
    now,
    read,
    hangUp,
    hungUp: () => hungUp,
    over: over.await,
    until,
    heard,
    lastHeardAt: () => entries.findLast(({ _tag }) => _tag === "Spoken")?.at ?? 0,
    callerSpoke: () => {
      spokenFrom = entries.length
    },
    turnOver: () => {
      voice.turnOver()
      change()
    },
    isIdle: () => {
      const { running, wanted } = progress()
      return unread === 0 && voice.isSilent() && running.size === 0 && !wanted
    },
    view: (history) => ({
      at: now(),
      heard: heard().join("").trim(),
      agentSpeaks: voice.speaks(),
      entries,
      history
    })
  }
}

/** Follows which turns can still say something, and whether one is to start. Reads each entry once. */
const turnsOf = (entries: ReadonlyArray<Timeline.Entry>) => {
  const running = new Set<number>()
  let regions = 0
  let wanted = false
  let read = 0
  return () => {
    for (; read < entries.length; read++) {
      const entry = entries[read]!
      switch (entry._tag) {
        case "Decided":
          if (entry.decision === "Keep") break
          wanted = entry.decision === "Run"
          // One that is stopped only cleans up, but for what must not be interrupted.
          if (regions === 0) running.clear()
          break
        case "TurnStarted":
          wanted = false
          regions = 0
          running.clear()
          running.add(entry.turn)
          break
        case "RegionEntered":
          regions++
          break
        case "RegionLeft":
          regions--
          break
        case "TurnOver":
          running.delete(entry.turn)
      }
    }
    return { running, wanted }
  }
}

/** How long a caller who has nothing more to say waits for an agent that says nothing either. */
const lastSilence = 30_000
/** How long such a caller listens to one that has no end. */
const lastPatience = 120_000

/** Listens to what is still said. */
const hearOut = (stage: Stage): Effect.Effect<void> => {
  const wait: Effect.Effect<void> = Effect.suspend(() => {
    const heard = stage.lastHeardAt()
    return Effect.flatMap(Effect.timeoutOption(stage.until(stage.isIdle), lastSilence), (idle) =>
      Option.isSome(idle) || stage.lastHeardAt() === heard ? Effect.void : wait
    )
  })
  return Effect.asVoid(Effect.timeoutOption(wait, lastPatience))
}

/** Does a step. */
const take = (step: Caller.Step, stage: Stage): Effect.Effect<void> => {
  const { heard, hangUp, now, report, until, voice } = stage
  switch (step._tag) {
    case "Says":
      return say(step, stage)
    case "Presses":
      return Effect.forEach(
        Array.from(step.keys),
        (button, index) =>
          Effect.delay(
            Effect.sync(() => report({ _tag: "UserDtmfSent", button })),
            index === 0 ? 0 : step.every
          ),
        { discard: true }
      )
    case "Pauses":
      return Effect.sleep(step.ms)
    case "WaitsUntil":
      return Effect.suspend(() => Effect.sleep(Math.max(0, step.at - now())))
    case "Hears":
      return until(() => (step.words === 0 ? voice.speaks() : heard().length >= step.words))
    case "HearsText":
      return until(() => {
        const text = heard().join("")
        return typeof step.text === "string" ? text.includes(step.text) : step.text.test(text)
      })
    case "Listens":
      return step.atMost === Infinity
        ? until(stage.isIdle)
        : Effect.asVoid(Effect.timeoutOption(until(stage.isIdle), step.atMost))
    case "Sends":
      return Effect.sync(() => report({ _tag: "UserCustomSent", metadata: step.metadata }))
    case "Reports":
      return Effect.sync(() => report(step.report))
    case "HangsUp":
      return Effect.andThen(
        VirtualTime.settled,
        Effect.suspend(() => {
          hangUp("caller")
          return Effect.never
        })
      )
    case "DropsLine":
      return Effect.andThen(
        VirtualTime.settled,
        Effect.suspend(() => {
          hangUp("line")
          return Effect.never
        })
      )
  }
}

const say = (step: Extract<Caller.Step, { readonly _tag: "Says" }>, { callerSpoke, note, now, report }: Stage) =>
  Effect.gen(function* () {
    const from = now()
    const words = step.text.match(/\s*\S+/gu) ?? []
    const wordMs = 60_000 / step.wordsPerMinute
    report({ _tag: "UserTurnStarted" })
    let said = ""
    for (const word of words) {
      yield* Effect.sleep(wordMs)
      said += word
      if (step.transcripts === "growing") report({ _tag: "UserTextSent", content: said.trim() })
      if (step.transcripts === "words") report({ _tag: "UserTextSent", content: word.trim() })
    }
    note({ _tag: "Said", from, text: step.text })
    if (step.transcripts === "final" && words.length > 0) report({ _tag: "UserTextSent", content: step.text })
    if (step.endpointing > 0) yield* Effect.sleep(step.endpointing)
    report({ _tag: "UserTurnEnded" })
    callerSpoke()
    // What the caller does next comes after what the agent does about this, as far as it needs no time.
    yield* VirtualTime.settled
  })
