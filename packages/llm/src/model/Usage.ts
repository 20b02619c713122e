/**
 * Counts the tokens that models use, and their cost if a price is known.
 *
 * Every provider reports each reply to the current `Observer`, exactly once, whatever stands between it and the agent:
 * after a failover there is one report for each model that answered. Providers do not tell the tokens of a reply that was
 * interrupted, that broke off, or that lost a race, though they bill it: its tokens are estimated. A request that failed
 * before anything came is not reported.
 *
 * @since 0.1.0
 */
import type * as Response from "effect/ai/Response"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Counted from "./internal/tokens.ts"
import * as Prices from "./Prices.ts"

/** Tokens of one reply or of many: input, cache reads and writes, output, and thoughts. */
export type Tokens = Counted.Tokens

/** The usage of one reply. */
export interface Report {
  readonly provider: string
  readonly model: string
  readonly tokens: Tokens
  /** In US dollars: by `Prices.Current`, or else as the provider has told it. Undefined if neither is known. */
  readonly cost: number | undefined
  /** Whether the tokens are estimated, because the reply was given up or broke off before its provider counted them. */
  readonly estimated?: true | undefined
}

/** No tokens. */
export const none: Tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 }

/** Adds two counts. */
export const add = (self: Tokens, that: Tokens): Tokens => ({
  input: self.input + that.input,
  cacheRead: self.cacheRead + that.cacheRead,
  cacheWrite: self.cacheWrite + that.cacheWrite,
  output: self.output + that.output,
  reasoning: self.reasoning + that.reasoning
})

/** Reads the tokens of a `finish` part. */
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

/** Called for each reply, which waits for it. If it fails, the log says so. Does nothing by default. */
export const Observer = Context.Reference<(report: Report) => Effect.Effect<void>>(
  "@antiphon/llm/model/Usage/Observer",
  {
    defaultValue: () => () => Effect.void
  }
)

// Each set of attributes has a counter of its own, which remembers the key of its series.
const counter = () =>
  Metric.counter("antiphon_llm_tokens", {
    description: "Tokens that models took, by provider, model and kind",
    incremental: true
  })

const money = () =>
  Metric.counter("antiphon_llm_cost_usd", {
    description: "What models cost if a price is known, in US dollars, by provider and model"
  })

/**
 * Reports the usage of a reply to the current observer and to the metrics. `cost` is what the provider says in US dollars;
 * it counts if `Prices.Current` has no price.
 */
export const tell = (
  of: Pick<Report, "provider" | "model">,
  tokens: Tokens,
  told: { readonly cost?: number | undefined; readonly estimated?: boolean | undefined } = {}
): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const cost = Prices.costOf(Context.get(context, Prices.Current), of, tokens) ?? told.cost
    const metrics = metricsOf(of)
    for (const kind of kinds) {
      if (tokens[kind] > 0) metrics.tokens[kind].updateUnsafe(tokens[kind], context)
    }
    if (cost !== undefined) metrics.cost.updateUnsafe(cost, context)
    const report = { ...of, tokens, cost }
    const observe = Context.get(context, Observer)
    const observed = Effect.suspend(() => observe(told.estimated === true ? { ...report, estimated: true } : report))
    // A reply does not depend on who counts it.
    return Effect.catchCause(observed, (cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : Effect.logError("The observer of a model's usage failed.", cause)
    )
  })

const kinds = ["input", "cacheRead", "cacheWrite", "output", "reasoning"] as const satisfies ReadonlyArray<keyof Tokens>

const makeMetrics = ({ model, provider }: Pick<Report, "provider" | "model">) => {
  const of = (kind: keyof Tokens) => Metric.withAttributes(counter(), { provider, model, kind })
  return {
    tokens: {
      input: of("input"),
      cacheRead: of("cacheRead"),
      cacheWrite: of("cacheWrite"),
      output: of("output"),
      reasoning: of("reasoning")
    },
    cost: Metric.withAttributes(money(), { provider, model })
  }
}

// Making a metric with attributes costs more than counting with it, so metrics are kept. Model names come from outside,
// so their number is limited.
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

/** The usage of one model, or of all. */
export interface Total {
  readonly replies: number
  readonly tokens: Tokens
  /** In US dollars, for the replies whose price is known. */
  readonly cost: number
}

/** Adds up usage, for a call or a turn. */
export interface Tracker {
  /** Provide it as the `Observer` of what should be counted. It also reports to the surrounding observer. */
  readonly observe: (report: Report) => Effect.Effect<void>
  readonly total: Effect.Effect<Total>
  /** By `provider/model`. */
  readonly byModel: Effect.Effect<ReadonlyMap<string, Total>>
}

const nothing: Total = { replies: 0, tokens: none, cost: 0 }

/**
 * Makes a tracker. It also reports to the observer that was current when it was made.
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
