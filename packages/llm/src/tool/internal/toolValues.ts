/** What a tool gives, as outputs: results become outcomes, failures too, and it ends in time. */
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { isOutput, type VoiceTool } from "../VoiceTool.ts"
import type * as Outcomes from "./outcomes.ts"

/** A call whose turn to run has come, with arguments that are right. */
export interface Invocation<R> {
  readonly call: Outcomes.Call
  readonly tool: VoiceTool<R>
  readonly params: unknown
  readonly turn: Turn.Turn
  /** Whether the model is to read the results of its reply's calls. */
  readonly loop: { asked: boolean }
}

/** A call that runs. */
export interface Running<R> {
  readonly stream: Stream.Stream<Event.Output, never, R>
  /** What the record is to have of it where the turn ends now. A call that goes on without its turn leaves no end. */
  readonly left: () => Outcomes.Outputs
}

export interface ToolValues<R> {
  /** What it gives, each time that it gives something. */
  readonly values: Stream.Stream<Outcomes.Outputs, never, R>
  readonly outcome: Outcomes.Outcome
  /** All that it has given, also what nobody has taken. */
  readonly given: Outcomes.Outputs
}

/** Runs a tool when its stream is run, once. */
export const make = <R>(
  record: Outcomes.OwnCalls,
  { call, params, tool, turn }: Invocation<R>,
  onResult: () => void
): ToolValues<R> => {
  const outcome = record.outcomes(call)
  // Kept beside the stream, which loses what it has buffered when it is cut off.
  const given: Array<Event.Output> = []
  const give = (outputs: Outcomes.Outputs) => void given.push(...outputs)
  let taken = 0
  let over = false
  const catchFailure = Stream.catchCause((cause: Cause.Cause<unknown>) => {
    if (Cause.hasInterruptsOnly(cause)) return Stream.failCause(cause as Cause.Cause<never>)
    // Time that passes while nobody takes what it gave is not the tool's.
    if (over) return Stream.succeed(undefined)
    over = true
    onResult()
    return Stream.succeed(give(outcome.failed(cause)))
  })
  const values = tool.run(params, { turn, toolCallId: call.id }).pipe(
    Stream.map((value) => {
      if (isOutput(value)) return give([value])
      onResult()
      give(outcome.result(value))
    }),
    catchFailure,
    Stream.concat(
      Stream.sync(() => {
        over = true
        give(outcome.ended())
      })
    ),
    Stream.interruptWhen(
      Effect.andThen(
        Effect.sleep(tool.timeout),
        Effect.fail(new Error(`timed out after ${Duration.format(tool.timeout)}`))
      )
    ),
    catchFailure,
    Stream.map((): Outcomes.Outputs => {
      const outputs = given.slice(taken)
      taken = given.length
      return outputs
    })
  )
  return { values, outcome, given }
}
