/**
 * One run of a tool: its outputs so far, as data, and the stream that adds to them. It always ends within its timeout,
 * with an outcome.
 */
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { VoiceTool } from "../VoiceTool.ts"
import * as BeforeTool from "./beforeTool.ts"
import { isOutput } from "./givenOutput.ts"
import * as Outcomes from "./outcomes.ts"
import * as QuietResult from "./quietResult.ts"
import type * as Seam from "./seam.ts"
import * as ToolFailure from "./toolFailure.ts"
import * as ToolTrace from "./toolTrace.ts"

/** The state shared by the calls of one reply. */
export interface Round {
  /** Whether the model should read the results of its reply's calls. */
  asked: boolean
  /** The end of the last words said. */
  readonly seam: Seam.Seam
}

/** A call with valid arguments that can run. */
export interface Job<in out R> {
  readonly tool: VoiceTool<R>
  readonly params: unknown
  readonly turn: Turn.Turn
  readonly round: Round
  readonly outcome: Outcomes.Outcome
  /** All its outputs, taken or not, because a stream that is cut off loses its buffer. */
  readonly given: Array<Event.Output>
  /** Number of outputs taken. */
  taken: number
  over: boolean
  failure: ToolFailure.ToolFailure | undefined
}

/** The latest outputs of a run. */
export interface Batch {
  readonly outputs: Outcomes.Outputs
  /** The failure they report. */
  readonly failure: ToolFailure.ToolFailure | undefined
}

/** A running call. */
export interface Running<R> {
  readonly stream: Stream.Stream<Event.Output, never, R>
  /** The outputs to record if the turn ends now. A call that continues without its turn has no outcome yet. */
  readonly left: () => Outcomes.Outputs
}

export const make = <R>(given: Pick<Job<R>, "tool" | "params" | "turn" | "round" | "outcome">): Job<R> => ({
  ...given,
  given: [],
  taken: 0,
  over: false,
  failure: undefined
})

/** Waits until the tool may run: an unsafe one does not run in a tentative turn. */
export const mayRun = <R>({ tool, turn }: Pick<Job<R>, "tool" | "turn">): Effect.Effect<void> =>
  tool.safe ? Effect.void : turn.committed

/** The tool has taken too long. */
export const timeUp = ({ timeout }: Pick<VoiceTool<never>, "timeout">): Error =>
  new Error(`timed out after ${Duration.format(timeout)}`)

/** The outputs to record for a job that is abandoned now. */
export const leave = <R>({ given, outcome }: Job<R>): Outcomes.Outputs => [...given, ...Outcomes.cancelled(outcome)]

/** Runs the tool, once. `onResult` is called whenever there is a result for the model. */
export const batches = <R>(job: Job<R>, onResult: () => void): Stream.Stream<Batch, never, R> => {
  const { outcome, params, tool, turn } = job
  const give = (outputs: Outcomes.Outputs) => void job.given.push(...outputs)
  let timedOut = false
  // An interrupted turn never gets here, so the tool has interrupted itself.
  const catchFailure = Stream.catchCause((cause: Cause.Cause<unknown>) => {
    // Time during which its outputs are not consumed does not count.
    if (job.over) return Stream.succeed(undefined)
    job.over = true
    onResult()
    job.failure = ToolFailure.fromCause(cause)
    return Stream.succeed(give(Outcomes.failed(outcome, job.failure)))
  })
  const run = Stream.fromEffectDrain(BeforeTool.run(tool.name)).pipe(
    Stream.concat(tool.run(params, { turn, toolCallId: outcome.call.id }))
  )
  const running = run.pipe(
    Stream.map((value) => {
      if (isOutput(value)) return give([value])
      if (QuietResult.is(value)) return give(Outcomes.result(outcome, value.result))
      onResult()
      give(Outcomes.result(outcome, value))
    }),
    catchFailure,
    Stream.concat(
      Stream.sync(() => {
        job.over = true
        give(Outcomes.ended(outcome))
      })
    ),
    Stream.interruptWhen(
      Effect.andThen(
        Effect.sleep(tool.timeout),
        Effect.suspend(() => {
          timedOut = true
          return Effect.fail(timeUp(tool))
        })
      )
    ),
    catchFailure,
    Stream.map((): Batch => {
      const outputs = job.given.slice(job.taken)
      job.taken = job.given.length
      return { outputs, failure: job.failure }
    })
  )
  const failed = () => (job.failure === undefined ? undefined : timedOut ? "timed_out" : "failed")
  return Stream.concat(Stream.fromEffectDrain(mayRun(job)), ToolTrace.traced(job, failed, running))
}

/** Runs the tool in its turn. */
export const inTurn = <R>(job: Job<R>): Stream.Stream<Event.Output, never, R> =>
  batches(job, () => {
    job.round.asked = true
  }).pipe(
    Stream.map(({ outputs }) => outputs),
    Stream.flattenIterable
  )
