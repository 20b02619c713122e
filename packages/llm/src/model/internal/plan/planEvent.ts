/** Reports what a plan does: to its observer, to the log, and to a counter. */
import * as Printable from "@antiphon/core/Printable"
import type * as AiError from "effect/ai/AiError"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as AiErrors from "../provider/aiErrors.ts"

/** An event in a plan's requests. Steps are identified by name; attempts of a step count from 1 in each request. */
export type Event = Data.TaggedEnum<{
  AttemptStarted: { readonly step: string; readonly attempt: number }
  /** `spoken` is how many characters of the reply had been sent by then. */
  AttemptFailed: {
    readonly step: string
    readonly attempt: number
    readonly error: AiError.AiError
    readonly spoken: number
  }
  /** The step is tried again after the delay. */
  Retried: { readonly step: string; readonly delay: Duration.Duration }
  /** The step was started beside a slow one. */
  HedgeStarted: { readonly step: string; readonly beside: string }
  /** A step that was started beside others was the first to answer. The others are interrupted. */
  HedgeWon: { readonly step: string; readonly over: ReadonlyArray<string> }
  /** The step continues a reply that another attempt left after this many characters. */
  Continued: { readonly step: string; readonly character: number }
  /** The breaker of the step is open. */
  Skipped: { readonly step: string }
  /** Nothing is left to try. */
  Exhausted: { readonly error: AiError.AiError }
}>
export const Event = Data.taggedEnum<Event>()

/** Called with the events of a plan's requests as they happen; the request waits for it. Does nothing by default. */
export const Observer = Context.Reference<(event: Event) => Effect.Effect<void>>(
  "@antiphon/llm/model/ModelPlan/Observer",
  {
    defaultValue: () => () => Effect.void
  }
)

const counter = () =>
  Metric.counter("antiphon_llm_plan_events", {
    description: "Events of model plans, by kind and step",
    incremental: true
  })

/** Reports an event. */
export const tell = (event: Event): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) => {
    countOf(event._tag, "step" in event ? event.step : "").updateUnsafe(1, context)
    return Effect.andThen(log(event), Context.get(context, Observer)(event))
  })

// Making a metric with attributes costs more than counting with it, so metrics are kept, one for each set of attributes:
// it remembers the key of its series. Names of steps come from outside, so their number is limited.
const counts = new Map<string, Metric.Metric<number, unknown>>()
const mostCounts = 1000

const countOf = (event: Event["_tag"], step: string): Metric.Metric<number, unknown> => {
  const key = `${event} ${step}`
  let count = counts.get(key)
  if (count === undefined) {
    if (counts.size >= mostCounts) counts.clear()
    count = Metric.withAttributes(counter(), { event, step })
    counts.set(key, count)
  }
  return count
}

const log = (event: Event): Effect.Effect<void> => {
  switch (event._tag) {
    case "AttemptFailed":
      return Effect.logWarning(`model step failed after ${event.spoken} characters: ${inFull(event.error)}`).pipe(
        Effect.annotateLogs({ step: event.step, attempt: event.attempt })
      )
    case "Exhausted":
      // The failed attempt was logged in full.
      return Effect.logError(`no model step is left: ${event.error.reason._tag}`)
    case "AttemptStarted":
    case "Retried":
    case "HedgeStarted":
    case "HedgeWon":
    case "Continued":
    case "Skipped":
      return Effect.logDebug("model plan", event)
  }
}

/** An error on one line, with the provider's own sentence if its message does not have it. */
const inFull = (error: AiError.AiError): string => {
  const { said } = AiErrors.details(error)
  const message = Printable.line(error.message)
  return said === undefined || message.includes(said) ? message : `${message} — ${said}`
}
