/** The metrics of a call. Names, units and labels are in docs/observability.md. */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"

/** Histogram bounds for the caller's waits, in seconds: finest where a conversation is sensitive to them. */
const latencies = Metric.boundariesFromIterable([0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30])
/** Histogram bounds of the GenAI conventions for durations, in seconds. */
const durations = Metric.boundariesFromIterable([
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
])
/** Histogram bounds for the length of a call, in seconds: up to several hours. */
const lengths = Metric.boundariesFromIterable([5, 15, 30, 60, 120, 300, 600, 1200, 3600, 10800])
const seconds = { unit: "s" }

type Registry = Context.Context<never>

const open = Metric.gauge("antiphon_calls_open", { description: "Calls that are open" })
const calls = () => Metric.counter("antiphon_calls", { description: "Calls that are over, by how", incremental: true })
const length = Metric.histogram("antiphon_call_duration", {
  description: "Length of calls",
  attributes: seconds,
  boundaries: lengths
})
const turns = () =>
  Metric.counter("antiphon_turns", {
    description: "Turns that are over, by what started them and how they ended",
    incremental: true
  })
const turnDuration = Metric.histogram("gen_ai.invoke_agent.duration", {
  description: "Length of turns",
  attributes: { ...seconds, "gen_ai.operation.name": "invoke_agent" },
  boundaries: durations
})
const firstWords = Metric.histogram("antiphon_first_word", {
  description: "Time from the end of the caller's turn to the first word that is sent",
  attributes: seconds,
  boundaries: latencies
})
const hearing = Metric.histogram("antiphon_heard", {
  description: "Time from the end of the caller's turn to the first word that is heard",
  attributes: seconds,
  boundaries: latencies
})
const interruptions = Metric.counter("antiphon_interruptions", {
  description: "Times that a caller has begun to speak while the agent was speaking",
  incremental: true
})
const works = () =>
  Metric.counter("antiphon_background_work", {
    description: "Background work that has come back, by outcome",
    incremental: true
  })
const overdues = Metric.counter("antiphon_answers_overdue", {
  description: "Turns of callers without a word of an answer within the agent's deadline",
  incremental: true
})

/** How a turn ended: by itself, by the caller or another event, with the call, or with an error. */
export type Outcome = "completed" | "interrupted" | "session_closed" | "failed"

// Creating a metric with labels costs more than updating it. Each set of labels has a metric of its own, because a metric
// remembers the key of its series only for the labels it was last updated with.
const labelled = (make: () => Metric.Metric<number, unknown>) => {
  const made = new Map<string, Metric.Metric<number, unknown>>()
  return (labels: { readonly [name: string]: string }): Metric.Metric<number, unknown> => {
    const key = Object.values(labels).join()
    const known = made.get(key)
    if (known !== undefined) return known
    const one = Metric.withAttributes(make(), labels)
    made.set(key, one)
    return one
  }
}
const callsBy = labelled(calls)
const turnsBy = labelled(turns)
const backgroundBy = labelled(works)

// Each function updates the registry of the given context. They are not methods of a call object, since there may be
// very many calls.

export const opened = (context: Registry): void => open.modifyUnsafe(1, context)

export const closed = (context: Registry, how: string, seconds: number): void => {
  open.modifyUnsafe(-1, context)
  callsBy({ how }).updateUnsafe(1, context)
  length.updateUnsafe(seconds, context)
}

export const turn = (context: Registry, trigger: string, outcome: Outcome, seconds: number): void => {
  turnsBy({ trigger, outcome }).updateUnsafe(1, context)
  turnDuration.updateUnsafe(seconds, context)
}

export const firstWord = (context: Registry, seconds: number): void => firstWords.updateUnsafe(seconds, context)

export const heard = (context: Registry, seconds: number): void => hearing.updateUnsafe(seconds, context)

export const interrupted = (context: Registry): void => interruptions.updateUnsafe(1, context)

export const background = (context: Registry, outcome: string): void =>
  backgroundBy({ outcome }).updateUnsafe(1, context)

export const overdue = (context: Registry): void => overdues.updateUnsafe(1, context)
