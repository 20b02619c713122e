/**
 * Turns a server's counts into metrics: readiness, refusals, endings, messages, and blocks of its event loop.
 *
 * Works with `Health` of `@antiphon/server`, or with anything else that provides these numbers.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"

/** The numbers of a server. Counters start at zero with the server. */
export interface Snapshot {
  readonly openCalls: number
  readonly maxCalls: number
  /** Number of sockets on which no call has started yet. */
  readonly openings: number
  /** Calls, and sockets without a call, by why they ended. */
  readonly ended: { readonly [ending: string]: number | undefined }
  /** Refused requests for a call, by the text of the refusal. */
  readonly refused: { readonly [detail: string]: number }
  readonly received: number
  readonly sent: number
  readonly dropped: number
  /** Number of times the event loop was blocked. */
  readonly blocks: { readonly count: number; readonly totalMs: number }
  /** Failures outside every fiber. */
  readonly uncaught: number
  readonly draining: boolean
  readonly readiness: { readonly ready: boolean; readonly reasons: ReadonlyArray<string> }
}

/** A source of the numbers. */
export interface Source {
  readonly snapshot: Effect.Effect<Snapshot>
}

const ready = Metric.gauge("antiphon_ready", { description: "1 if the server wants new calls, 0 if not" })
const notReady = Metric.gauge("antiphon_not_ready", { description: "1 for each reason why the server is not ready" })
const draining = Metric.gauge("antiphon_draining", { description: "1 while the server drains" })
const most = Metric.gauge("antiphon_server_calls_max", { description: "Calls that may be open on this server" })
const openings = Metric.gauge("antiphon_server_openings", {
  description: "Sockets on which no call has started yet"
})
const counter = (name: string, description: string, attributes?: { readonly [name: string]: string }) =>
  Metric.counter(name, { description, incremental: true, ...(attributes && { attributes }) })
const ended = counter("antiphon_server_ended", "Calls, and sockets that became none, by why they ended")
const refused = counter("antiphon_server_refused", "Requests that would have opened a call and were refused, by why")
const messages = counter("antiphon_server_messages", "Messages from and to platforms")
const dropped = counter("antiphon_server_messages_dropped", "Messages of platforms that were of no use")
const blocks = counter("antiphon_event_loop_blocks", "Times at which the event loop stood still")
const blocked = counter("antiphon_event_loop_blocked", "Time for which the event loop stood still", { unit: "s" })
const uncaught = counter("antiphon_uncaught", "Failures outside every fiber")

/** Layer that samples a server at an interval, every second by default. */
export const layer = <R>(
  source: Effect.Effect<Source, never, R>,
  options: { readonly every?: Duration.Input | undefined } = {}
): Layer.Layer<never, never, R> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { snapshot } = yield* source
      const take = sampler(yield* Effect.context<never>())
      yield* Effect.forkScoped(Effect.repeat(Effect.map(snapshot, take), Schedule.spaced(options.every ?? "1 second")))
    })
  )

/** Makes a function that turns snapshots into metrics. Counters increase by the difference to the previous snapshot. */
const sampler = (context: Context.Context<never>) => {
  const before = new Map<string, number>()
  const reasons = new Set<string>()
  const grow = (metric: Metric.Metric<number, unknown>, key: string, now: number) => {
    const more = now - (before.get(key) ?? 0)
    if (more > 0) metric.updateUnsafe(more, context)
    before.set(key, now)
  }
  const by = (
    metric: Metric.Metric<number, unknown>,
    label: string,
    counts: { readonly [value: string]: number | undefined }
  ) => {
    for (const [value, count = 0] of Object.entries(counts)) {
      grow(Metric.withAttributes(metric, { [label]: value }), `${label} ${value}`, count)
    }
  }
  return (now: Snapshot): void => {
    const set = (metric: Metric.Metric<number, unknown>, value: number) => metric.updateUnsafe(value, context)
    set(ready, now.readiness.ready ? 1 : 0)
    set(draining, now.draining ? 1 : 0)
    for (const reason of now.readiness.reasons) reasons.add(reason)
    for (const reason of reasons) {
      set(Metric.withAttributes(notReady, { reason }), now.readiness.reasons.includes(reason) ? 1 : 0)
    }
    set(most, now.maxCalls)
    set(openings, now.openings)
    by(ended, "ending", now.ended)
    by(refused, "why", now.refused)
    by(messages, "direction", { received: now.received, sent: now.sent })
    grow(dropped, "dropped", now.dropped)
    grow(blocks, "blocks", now.blocks.count)
    grow(blocked, "blocked", now.blocks.totalMs / 1000)
    grow(uncaught, "uncaught", now.uncaught)
  }
}
