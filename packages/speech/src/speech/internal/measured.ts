/** Measures answers: metrics by stage, and a span of the call for each. */
import * as Trace from "@antiphon/core/Trace"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Tracer from "effect/Tracer"
import type { Options } from "./options.ts"
import { stages, type TurnTiming } from "./timing.ts"

/** The time of answers by `stage`, in milliseconds from the end of the caller's speech. */
export const latency = Metric.timer("antiphon_speech_latency")
/** Answers that exceeded the budget, by the stage that took longest. */
export const late = Metric.counter("antiphon_speech_late_answers", { incremental: true })

/** Records the timing of an answer, and tells it to whoever asked for it. */
export const record = (
  timing: TurnTiming,
  measured: Options["measured"],
  span: Tracer.AnySpan | undefined
): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (span !== undefined) yield* Trace.past("answer", { parent: span, ...inSpan(timing) })
    for (const stage of stages) {
      const ms = timing.ms[stage]
      if (ms !== undefined)
        yield* Metric.update(Metric.withAttributes(latency, { stage }), Duration.millis(Math.max(0, ms)))
    }
    if (timing.isLate) yield* Metric.update(Metric.withAttributes(late, { stage: timing.slowest ?? "none" }), 1)
    if (measured !== undefined) yield* measured(timing)
  })

/** An answer by voice as a span: its stages in seconds from the end of the caller's speech. */
const inSpan = ({ isLate, ms, slowest, turn }: TurnTiming) => {
  const names = {
    endOfTurn: "end_of_turn",
    firstText: "first_text",
    firstClause: "first_clause",
    firstAudio: "first_audio",
    firstSent: "first_sent",
    firstHeard: "first_heard",
    asked: "asked"
  }
  const told = stages.flatMap((stage): ReadonlyArray<readonly [string, number]> => {
    const at = ms[stage]
    return at === undefined ? [] : [[`antiphon.answer.${names[stage]}`, at / 1000]]
  })
  return {
    seconds: (ms.firstHeard ?? ms.firstSent ?? 0) / 1000,
    attributes: {
      "antiphon.turn.id": turn,
      ...Object.fromEntries(told),
      "antiphon.answer.late": isLate,
      ...(slowest !== undefined && { "antiphon.answer.slowest": names[slowest] })
    }
  }
}
