/**
 * Tokens that models take, by model, and what they cost if a price is known.
 *
 * Every provider here tells each reply that came to its end to the `Observer` in force, once, whatever stands between it and
 * the agent: a plan that fails over tells one report for each model that answered. A reply that is interrupted is not
 * counted by its provider, and so not here.
 *
 * @since 0.1.0
 */
import type * as Response from "effect/ai/Response"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Counted from "./internal/tokens.ts"
import * as Prices from "./Prices.ts"

/** Tokens of one reply, or of many: input, what a cache gave and took, output, and thoughts. */
export type Tokens = Counted.Tokens

/** What one reply took. */
export interface Report {
  readonly provider: string
  readonly model: string
  readonly tokens: Tokens
  /** In US dollars; undefined if no price is known. */
  readonly cost: number | undefined
}

/** No tokens. */
export const none: Tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 }

/** The sum of two. */
export const add = (self: Tokens, that: Tokens): Tokens => ({
  input: self.input + that.input,
  cacheRead: self.cacheRead + that.cacheRead,
  cacheWrite: self.cacheWrite + that.cacheWrite,
  output: self.output + that.output,
  reasoning: self.reasoning + that.reasoning
})

/** The tokens of a `finish` part. */
export const ofFinish = ({ inputTokens, outputTokens }: Response.FinishPartEncoded["usage"]): Tokens => {
  const cacheRead = inputTokens.cacheRead ?? 0
  const cacheWrite = inputTokens.cacheWrite ?? 0
  return {
    input: inputTokens.uncached ?? Math.max(0, (inputTokens.total ?? 0) - cacheRead - cacheWrite),
    cacheRead,
    cacheWrite,
    output: outputTokens.total ?? (outputTokens.text ?? 0) + (outputTokens.reasoning ?? 0),
    reasoning: outputTokens.reasoning ?? 0
  }
}

/** What hears of each reply that came to its end; the reply waits for it. By default nothing does. */
export const Observer = Context.Reference<(report: Report) => Effect.Effect<void>>(
  "@antiphon/llm/model/Usage/Observer",
  {
    defaultValue: () => () => Effect.void
  }
)

const counter = Metric.counter("antiphon_llm_tokens", {
  description: "Tokens that models took, by provider, model and kind",
  incremental: true
})

const money = Metric.counter("antiphon_llm_cost_usd", {
  description: "What models cost if a price is known, in US dollars, by provider and model"
})

/** Tells what a reply took: to the observer in force, and to the metrics. */
export const tell = (of: Pick<Report, "provider" | "model">, tokens: Tokens): Effect.Effect<void> =>
  Effect.gen(function* () {
    const observe = yield* Observer
    const cost = Prices.costOf(yield* Prices.Current, of, tokens)
    const metrics = metricsOf(of)
    for (const kind of kinds) {
      if (tokens[kind] > 0) yield* Metric.update(metrics.tokens[kind], tokens[kind])
    }
    if (cost !== undefined) yield* Metric.update(metrics.cost, cost)
    yield* observe({ ...of, tokens, cost })
  })

const kinds = ["input", "cacheRead", "cacheWrite", "output", "reasoning"] as const satisfies ReadonlyArray<keyof Tokens>

const makeMetrics = ({ model, provider }: Pick<Report, "provider" | "model">) => {
  const of = (kind: keyof Tokens) => Metric.withAttributes(counter, { provider, model, kind })
  return {
    tokens: {
      input: of("input"),
      cacheRead: of("cacheRead"),
      cacheWrite: of("cacheWrite"),
      output: of("output"),
      reasoning: of("reasoning")
    },
    cost: Metric.withAttributes(money, { provider, model })
  }
}

// A metric with attributes costs more to make than to count with. Names of models come from outside, so they are bounded.
const made = new Map<string, ReturnType<typeof makeMetrics>>()
const mostMade = 1000

const metricsOf = (of: Pick<Report, "provider" | "model">) => {
  const key = `${of.provider}/${of.model}`
  let metrics = made.get(key)
  if (metrics === undefined) {
    if (made.size >= mostMade) made.clear()
    metrics = makeMetrics(of)
    made.set(key, metrics)
  }
  return metrics
}

/** What was told of one model, or of all. */
export interface Total {
  readonly replies: number
  readonly tokens: Tokens
  /** In US dollars, of the replies whose price is known. */
  readonly cost: number
}

/** Keeps what is told, for a call or a turn. */
export interface Tracker {
  /** Provide it as the `Observer` of what should be counted. It also tells the observer around it. */
  readonly observe: (report: Report) => Effect.Effect<void>
  readonly total: Effect.Effect<Total>
  /** By `provider/model`. */
  readonly byModel: Effect.Effect<ReadonlyMap<string, Total>>
}

const nothing: Total = { replies: 0, tokens: none, cost: 0 }

/**
 * Makes a tracker. It passes on what it hears to the observer that was in force when it was made.
 *
 * ```ts
 * const usage = yield* Usage.makeTracker
 * yield* turn.pipe(Effect.provideService(Usage.Observer, usage.observe))
 * const { cost, tokens } = yield* usage.total
 * ```
 */
export const makeTracker: Effect.Effect<Tracker> = Effect.gen(function* () {
  const outer = yield* Observer
  const models = new Map<string, Total>()
  let total = nothing
  const plus = (self: Total, { cost, tokens }: Report): Total => ({
    replies: self.replies + 1,
    tokens: add(self.tokens, tokens),
    cost: self.cost + (cost ?? 0)
  })
  return {
    observe: (report) =>
      Effect.suspend(() => {
        const key = `${report.provider}/${report.model}`
        models.set(key, plus(models.get(key) ?? nothing, report))
        total = plus(total, report)
        return outer(report)
      }),
    total: Effect.sync(() => total),
    byModel: Effect.sync(() => new Map(models))
  }
})
