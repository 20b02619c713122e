/**
 * Replays a recorded call on virtual time: against its agent, to see whether it still does the same; or up to a turn,
 * from which another agent, prompt or model continues.
 *
 * ```ts
 * const { comparison } = yield* Replay.run(recording, Support)
 * assert.strictEqual(comparison._tag, "Identical")
 * ```
 *
 * The caller and the harness come from the recording: each report comes at its time. The agent runs with its services;
 * `RecordedModel` of `@antiphon/llm/testing` repeats the model's replies. Tools run again, with their effects.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Agent from "../Agent.ts"
import type { CallRequest } from "../CallRequest.ts"
import * as PacedAgent from "./internal/replay/pacedAgent.ts"
import * as RecordedAgent from "./internal/replay/recordedAgent.ts"
import * as RecordedTurns from "./internal/replay/recordedTurns.ts"
import * as RepeatedCaller from "./internal/replay/repeatedCaller.ts"
import type * as Recording from "../recording/Recording.ts"
import * as Redacted from "../recording/internal/redacted.ts"
import type * as Redaction from "../recording/Redaction.ts"
import * as Turn from "../Turn.ts"
import * as Caller from "./Caller.ts"
import * as Comparison from "./Comparison.ts"
import * as Pace from "./internal/replay/pace.ts"
import type * as Played from "./Played.ts"
import * as RecordedScript from "./RecordedScript.ts"
import * as TestCall from "./TestCall.ts"

/** Options of a replay. */
export interface Options {
  /**
   * How much earlier or later the same may happen. By default 100 milliseconds for a call that was recorded on a real
   * clock, and nothing for one on virtual time, which must be the same to the byte.
   */
  readonly tolerance?: Duration.Input | undefined
  /** The redaction of the recording, applied to the new one as well. */
  readonly redact?: Redaction.Redaction | undefined
}

/** A replayed call. */
export interface Replayed {
  readonly comparison: Comparison.Comparison
  /** The new call, with its recording. */
  readonly played: Played.Played
}

/** Replays a recorded call against an agent, and compares. */
export const run = <E = never, R = never, R2 = never>(
  recording: Recording.Recording,
  agent: Agent.Source<E, R, R2>,
  options: Options = {}
): Effect.Effect<Replayed, E, Exclude<R | R2, Scope.Scope>> =>
  Effect.suspend(() => {
    const { lines } = recording
    const tolerance = toleranceOf(recording, options)
    const pace = Pace.make(lines, tolerance)
    const paced = PacedAgent.make(lines, pace)
    const started = lines.find((line) => line._tag === "Happened" && line.event._tag === "CallStarted")
    const factory = (request: CallRequest) =>
      Effect.tap(Effect.map(Agent.from(agent)(request), paced), () => (started ? pace.exactly(started) : Effect.void))
    return TestCall.run(factory, RepeatedCaller.make(lines, pace), {
      ...optionsOf(recording),
      phone: { isRecorded: () => true }
    }).pipe(
      Effect.provideService(Pace.Current, pace),
      Effect.map((played): Replayed => {
        const again = blanked(played.recording, options.redact)
        const entries = RepeatedCaller.spoken(played.entries, () => true)
        return {
          comparison: Comparison.make(recording, again, tolerance),
          played: { ...played, entries, recording: again }
        }
      })
    )
  })

/** A turn that a recording does not have. */
export class NoSuchTurn extends Data.TaggedError("NoSuchTurn")<{ readonly turn: number; readonly turns: number }> {
  override get message() {
    return `the recorded call has ${this.turns} turns, and none with the number ${this.turn}`
  }
}

/** Options of a fork. */
export interface ForkOptions<E = never, R = never> {
  /** The first turn that differs, from 1. */
  readonly turn: number
  /**
   * Who speaks from then on. By default the caller says the same as in the recording, and interrupts after the same
   * number of words, or after all of them if the agent says less.
   */
  readonly caller?: Caller.Script | Caller.Caller<E, R> | undefined
  /** How the phone behaves from then on. */
  readonly phone?: TestCall.Phone | undefined
}

/**
 * Replays a recorded call up to a turn, from which an agent continues. Before that turn the agent does not run: the
 * history comes from the recording, and no tool is called twice. From that turn on the phone behaves as on any
 * `TestCall`.
 */
export const fork = <E = never, R = never, R2 = never, E2 = never, R3 = never>(
  recording: Recording.Recording,
  agent: Agent.Source<E, R, R2>,
  options: ForkOptions<E2, R3>
): Effect.Effect<Played.Played, E | E2 | NoSuchTurn, Exclude<R | R2, Scope.Scope> | R3> =>
  Effect.gen(function* () {
    // No model is asked before the fork.
    const lines = recording.lines.filter(({ _tag }) => !_tag.startsWith("Model"))
    const turns = RecordedTurns.of(lines)
    const first = turns.get(options.turn)
    if (first === undefined) return yield* new NoSuchTurn({ turn: options.turn, turns: turns.size })
    const pace = Pace.make(lines, Infinity)
    const factory = (request: CallRequest) =>
      Effect.flatMap(Agent.from(agent)(request), (spec) => RecordedAgent.make(lines, pace, options.turn, spec))
    const then = options.caller ?? RecordedScript.make({ lines }, { from: first.place, patient: true })
    const caller = RepeatedCaller.make(lines, pace, {
      names: true,
      until: {
        place: first.place,
        then: "next" in then ? then : Caller.fromScript([...hushed(lines, first.place), then])
      }
    }) as Caller.Caller<E2, R3>
    const isRecorded = (turn: number) => turn < options.turn
    const played = yield* TestCall.run(factory, caller, {
      ...optionsOf(recording),
      // New ids must not equal recorded ones.
      callSeed: (recording.header.seed + 1) % 2 ** 32,
      phone: { ...options.phone, isRecorded }
    }).pipe(Effect.provideService(Pace.Current, pace), Effect.provideService(Turn.First, options.turn))
    return { ...played, entries: RepeatedCaller.spoken(played.entries, isRecorded) }
  })

/** What the agent was saying at the fork is not completed. */
const hushed = (lines: ReadonlyArray<Recording.Line>, place: number): Caller.Script => {
  const last = lines
    .slice(0, place)
    .findLast(
      (line) =>
        line._tag === "Reported" && (line.report._tag === "AgentTurnStarted" || line.report._tag === "AgentTurnEnded")
    )
  return last?._tag === "Reported" && last.report._tag === "AgentTurnStarted"
    ? [Caller.reports({ _tag: "AgentTurnEnded" })]
    : []
}

/** How long a call may go on after the end of its recording. */
const longest = 60 * 60_000

const optionsOf = ({ header, lines }: Recording.Recording) => {
  const length = lines.at(-1)?.at ?? 0
  return {
    request: header.request,
    callSeed: header.seed,
    startsAt: DateTime.toEpochMillis(header.startedAt),
    maxDuration: length + longest,
    limit: length + 2 * longest
  }
}

/** A clock that is far from the present was a virtual one. */
const isVirtual = ({ header }: Recording.Recording) => DateTime.toEpochMillis(header.startedAt) < 365 * 86_400_000

const toleranceOf = (recording: Recording.Recording, { tolerance }: Options): number =>
  Duration.toMillis(tolerance ?? (isVirtual(recording) ? 0 : 100))

/** Applies a redaction to a recording. */
const blanked = (recording: Recording.Recording, redact: Redaction.Redaction | undefined): Recording.Recording => {
  if (redact === undefined) return recording
  const redacted = Redacted.make(redact)
  return {
    ...recording,
    header: redacted.header(recording.header),
    lines: recording.lines.flatMap(({ at, ...note }) => {
      const shown = redacted.note(note as Recording.Note)
      return shown === undefined ? [] : [{ at, ...shown } as Recording.Line]
    })
  }
}
