/**
 * Plays a whole call on virtual time: an agent, a caller who follows a script, and a phone that speaks what the agent
 * says, reports what was heard, and can lose or distort reports. Ten minutes of talk take milliseconds, and every run
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
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Agent from "../Agent.ts"
import * as Call from "../Call.ts"
import * as CallRequest from "../CallRequest.ts"
import type * as History from "../History.ts"
import * as Observation from "./internal/time/observation.ts"
import * as Phones from "./internal/phone/phone.ts"
import * as Stage from "./internal/phone/stage.ts"
import * as Words from "./internal/phone/words.ts"
import * as World from "./internal/time/world.ts"
import * as Collected from "../recording/internal/collected.ts"
import * as Recorder from "../recording/Recorder.ts"
import * as Caller from "./Caller.ts"
import * as Pace from "./internal/replay/pace.ts"
import type * as Played from "./Played.ts"
import * as Timeline from "./Timeline.ts"
import * as VirtualTime from "./VirtualTime.ts"

/** Options of the phone. */
export interface Phone extends Phones.Phone {}

/** Options of a call. */
export interface Options extends VirtualTime.Options {
  readonly request?: CallRequest.CallRequest | undefined
  /** The seed of the call's own `Random`, from which its ids are drawn, as in the header of a recording. */
  readonly callSeed?: number | undefined
  readonly phone?: Phone | undefined
  /** @deprecated Former name of `phone`. */
  readonly line?: Phone | undefined
  /** Longest call. 1 hour by default. */
  readonly maxDuration?: Duration.Input | undefined
}

/** A call that did not end, because of a defect of the test or the agent. The message shows what had happened. */
export class CallStuck extends Data.TaggedError("CallStuck")<{ readonly message: string }> {}

/**
 * Plays a call to its end, and returns what happened. When the script ends, the caller hears the agent out and hangs
 * up. Fails if the agent's factory fails.
 *
 * It runs on virtual time, see `VirtualTime`. A Layer that is provided around it is built outside; if that Layer has
 * fibers or timers of its own, run everything with `VirtualTime.run`.
 */
export const run = <E = never, R = never, R2 = never, E2 = never, R3 = never>(
  agent: Agent.Source<E, R, R2>,
  caller: Caller.Script | Caller.Caller<E2, R3>,
  options: Options = {}
): Effect.Effect<Played.Played, E | E2, Exclude<R | R2, Scope.Scope> | R3> =>
  Effect.suspend(() => {
    const minutes = makeMinutes()
    const { limit, patience, seed, startsAt } = options
    return VirtualTime.run(play(agent, "next" in caller ? caller : Caller.fromScript(caller), options, minutes), {
      seed,
      startsAt,
      patience,
      limit: limit ?? Infinity
    }).pipe(
      Effect.catchDefect((defect) =>
        Effect.die(defect instanceof VirtualTime.Stuck ? minutes.stuck(defect.reason) : defect)
      )
    )
  })

const reasons = {
  NothingLeft: "The call is stuck: nothing is left that could happen.",
  Limit: "The call is stuck: it does not end.",
  Spinning: "The call is stuck: something in it goes on and on, and time does not pass."
} satisfies { readonly [R in VirtualTime.Stuck["reason"]]: string }

/** What is known of a call in progress. */
const makeMinutes = () => {
  const entries: Array<Timeline.Entry> = []
  let steps = 0
  let doing: Caller.Step | undefined
  let kept: CallStuck | undefined
  const failure = (reason: string) => {
    const where = doing === undefined ? "" : ` The caller is at step ${steps}: ${Caller.describe(doing)}.`
    return new CallStuck({ message: `${reason}${where}\n\n${Timeline.render(entries)}` })
  }
  return {
    entries,
    doing: () => doing,
    begins: (step: Caller.Step | undefined) => {
      doing = step
      steps++
    },
    failure,
    /** Keeps the state before the call is torn down. */
    keep: (reason: VirtualTime.Stuck["reason"]) => {
      kept = failure(reasons[reason])
    },
    stuck: (reason: VirtualTime.Stuck["reason"]) => kept ?? failure(reasons[reason])
  }
}

type Minutes = ReturnType<typeof makeMinutes>

const play = <E, R, R2, E2, R3>(
  agent: Agent.Source<E, R, R2>,
  caller: Caller.Caller<E2, R3>,
  options: Options,
  minutes: Minutes
) =>
  Effect.gen(function* () {
    const world = yield* theWorld(minutes)
    const began = world.now
    const now = () => world.now - began
    const { entries } = minutes
    const note = (happening: Timeline.Happening) => {
      entries.push({ at: now(), ...happening })
      stage.noted(happening)
    }
    const observation = Observation.make(note)
    const request = options.request ?? CallRequest.make({ callId: "test" })
    const fibers = countFibers()
    const logger = Logger.make(({ logLevel }) => note({ _tag: "Logged", level: logLevel }))
    const loggers = new Set([...(yield* Logger.CurrentLoggers), logger])
    // Closed below if the call ends, and here if it does not: a caller may fail, or a call get stuck.
    const scope = yield* Effect.acquireRelease(Scope.make(), Scope.close)
    const { recorder, recording } = yield* Collected.make({ request, seed: options.callSeed })
    const pace = yield* Pace.Current
    const ofTheCall = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      effect.pipe(
        Scope.provide(scope),
        Effect.provideService(Timeline.Notes, note),
        Effect.provideService(Metric.FiberRuntimeMetrics, fibers.metrics),
        Effect.provideService(Logger.CurrentLoggers, loggers),
        Recorder.provide(pace === undefined ? recorder : pace.follow(recorder))
      )
    const stage = Stage.make({
      phone: options.phone ?? options.line ?? {},
      world,
      context: yield* Effect.context<never>(),
      observation,
      now
    })
    yield* Effect.addFinalizer(() => stage.close)

    const spec = yield* ofTheCall(Agent.from(agent)(request))
    const call = yield* ofTheCall(Call.make(observation.watch(spec), { request, harness: stage.harness }))
    stage.join(call)

    const view = (history: History.History): Caller.View => ({
      at: now(),
      heard: stage.heard().trim(),
      agentSpeaks: stage.agentSpeaks(),
      entries,
      history
    })
    const acting: Acting = { stage, now, note }
    const follow = Effect.gen(function* () {
      while (true) {
        const step = yield* caller.next(view(yield* call.history))
        minutes.begins(step)
        yield* step === undefined ? hearOut(stage) : take(step, acting)
        if (step === undefined) return stage.hangUp("caller")
      }
    })
    yield* Effect.raceAllFirst([follow, stage.over, tooLong(options.maxDuration ?? "1 hour", world, minutes)])
    const left = unplayed(minutes.doing(), caller)
    if (left.length > 0) note({ _tag: "Unplayed", steps: left })
    if (stage.hungUp() !== "connection") {
      yield* Effect.andThen(stage.told, call.end)
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

/** The environment of the call. It keeps what is known if the call gets stuck. */
const theWorld = (minutes: Minutes) =>
  Effect.acquireRelease(
    Effect.clockWith((clock) =>
      Effect.sync(() => {
        const world = World.of(clock)!
        world.whenStuck.add(minutes.keep)
        return world
      })
    ),
    (world) => Effect.sync(() => world.whenStuck.delete(minutes.keep))
  )

/** Dies if a call is too long. A call in which nothing happens any more is stuck, not too long. */
const tooLong = (duration: Duration.Input, world: World.World, minutes: Minutes) =>
  Effect.callback<never>((resume) =>
    Effect.sync(
      world.deadline(Duration.toMillis(duration), () => {
        const length = Duration.format(Duration.fromInputUnsafe(duration))
        resume(Effect.die(minutes.failure(`The call still goes on after ${length}.`)))
      })
    )
  )

/** The steps that were cut short or skipped because somebody else hung up. */
const unplayed = <E, R>(doing: Caller.Step | undefined, { rest }: Caller.Caller<E, R>): ReadonlyArray<Caller.Step> => {
  const isOwn = doing === undefined || doing._tag === "HangsUp" || doing._tag === "LosesConnection"
  return [...(isOwn ? [] : [doing]), ...(rest?.() ?? [])]
}

/** Counts the fibers that are started under it and still running. */
const countFibers = () => {
  let count = 0
  const metrics: Metric.FiberRuntimeMetricsService = {
    recordFiberStart: () => void count++,
    recordFiberEnd: () => void count--
  }
  return { count: () => count, metrics }
}

/** How long a caller with nothing more to say waits for a silent agent. */
const lastSilence = 30_000
/** How long such a caller listens to an agent that does not stop. */
const lastPatience = 120_000

/** Listens to what is still said. */
const hearOut = (stage: Stage.Stage): Effect.Effect<void> => {
  const wait: Effect.Effect<void> = Effect.suspend(() => {
    const heard = stage.lastHeardAt()
    return Effect.flatMap(Effect.timeoutOption(stage.until(stage.isIdle), lastSilence), (idle) =>
      Option.isSome(idle) || stage.lastHeardAt() === heard ? Effect.void : wait
    )
  })
  return Effect.asVoid(Effect.timeoutOption(wait, lastPatience))
}

/** What a step is done with. */
interface Acting {
  readonly stage: Stage.Stage
  readonly now: () => number
  readonly note: (happening: Timeline.Happening) => void
}

/** Does a step. */
const take = (step: Caller.Step, acting: Acting): Effect.Effect<void> => {
  const { now, stage } = acting
  switch (step._tag) {
    case "Says":
      return say(step, acting)
    case "Presses":
      return press(step, stage)
    case "Pauses":
      return Effect.sleep(step.ms)
    case "WaitsUntil":
      return Effect.suspend(() => Effect.sleep(Math.max(0, step.at - now())))
    case "Hears":
      return stage.until(
        () =>
          (step.words === 0 ? stage.agentSpeaks() : stage.wordsHeard() >= step.words) ||
          (step.orAll === true && stage.isIdle())
      )
    case "HearsText":
      return stage.until(() => Words.areIn(stage.heard(), step.text))
    case "Listens":
      return step.atMost === Infinity
        ? stage.until(stage.isIdle)
        : Effect.asVoid(Effect.timeoutOption(stage.until(stage.isIdle), step.atMost))
    case "Sends":
      return Effect.sync(() => stage.report({ _tag: "UserCustomSent", metadata: step.metadata }))
    case "Reports":
      return Effect.sync(() => stage.report(step.report))
    case "Repeats":
      return Effect.sync(() => stage.repeat(step.report, step.eventId))
    case "HangsUp":
      return leave("caller", stage)
    case "LosesConnection":
      return leave("connection", stage)
  }
}

const leave = (by: "caller" | "connection", stage: Stage.Stage): Effect.Effect<never> =>
  Effect.andThen(
    VirtualTime.settled,
    Effect.suspend(() => {
      stage.hangUp(by)
      return Effect.never
    })
  )

const press = (step: Extract<Caller.Step, { readonly _tag: "Presses" }>, stage: Stage.Stage) =>
  Effect.forEach(
    Array.from(step.keys),
    (button, index) =>
      Effect.delay(
        Effect.sync(() => stage.report({ _tag: "UserDtmfSent", button })),
        index === 0 ? 0 : step.every
      ),
    { discard: true }
  )

const say = (step: Extract<Caller.Step, { readonly _tag: "Says" }>, { note, now, stage }: Acting) =>
  Effect.suspend(() => {
    const from = now()
    const words = step.text
      .trimEnd()
      .split(/(?<=\S)(?=\s)/u)
      .filter((word) => word !== "")
    const wordMs = Phones.wordMs(step.wordsPerMinute)
    let said = ""
    const speaking = Effect.gen(function* () {
      stage.report({ _tag: "UserTurnStarted" })
      for (const word of words) {
        yield* Effect.sleep(wordMs)
        said += word
        if (step.transcripts === "growing") stage.report({ _tag: "UserTextSent", content: said.trim() })
        if (step.transcripts === "words") stage.report({ _tag: "UserTextSent", content: word.trim() })
      }
    })
    // A caller who is cut off by the end of the call has still said something.
    const noted = Effect.ensuring(
      speaking,
      Effect.sync(() => {
        if (said !== "" || words.length === 0) note({ _tag: "Said", from, text: said.trim() })
      })
    )
    return Effect.gen(function* () {
      yield* noted
      if (step.transcripts === "final" && words.length > 0) stage.report({ _tag: "UserTextSent", content: step.text })
      if (step.endpointing > 0) yield* Effect.sleep(step.endpointing)
      stage.report({ _tag: "UserTurnEnded" })
      stage.callerSpoke()
      // The caller's next step comes after the agent's immediate reaction to this one.
      yield* VirtualTime.settled
    })
  })
