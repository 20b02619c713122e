/** The usage of a call so far, and its exhausted budgets. A mutable value shared by the agents of a call. */
import * as Event from "@antiphon/core/Event"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Prices from "../../model/Prices.ts"
import * as Usage from "../../model/Usage.ts"
import * as Budget from "../Budget.ts"

export interface Spending {
  readonly startedAt: bigint
  readonly tracker: Usage.Tracker
  readonly budgets: ReadonlyArray<Budget.Budget<never>>
  readonly used: Set<Budget.Budget<never>>
  toolCalls: number
  interrupted: number
  /** Number of running turns: an agent does not speak over them. */
  running: number
  /** Whether a budget's time ran out during a turn. */
  overdue: boolean
  /** Notes for models in all further requests. */
  readonly notes: Array<string>
  /** The model that answers in place of the agent's own. */
  model: Context.Context<never> | undefined
  /** The words that replace every answer. */
  goodbye: string | undefined
  /** Whether a missing price was logged. */
  warned: boolean
  /** The budgets of the agent that has the call, shared by all agents of the call. */
  readonly inForce: { budgets: ReadonlyArray<Budget.Budget<never>> }
}

/** Puts the budgets of an agent in force, because it has the call now. */
export const takeOver = ({ budgets, inForce }: Spending): void => {
  inForce.budgets = budgets
}

/** Whether the agent with this spending has the call. */
export const isInForce = ({ budgets, inForce }: Spending): boolean => inForce.budgets === budgets

/** The usage of the agent that hands the call over, for the agent that takes over. */
export const Shared = Context.Reference<Spending | undefined>("@antiphon/llm/agent/internal/spending", {
  defaultValue: () => undefined
})

/** Makes the usage for a call's first agent. Other agents share it, and its budgets if they have none. */
export const make = <R>(own: ReadonlyArray<Budget.Budget<R>> | undefined): Effect.Effect<Spending> =>
  Effect.gen(function* () {
    const shared = yield* Shared
    const budgets = own as ReadonlyArray<Budget.Budget<never>> | undefined
    if (shared !== undefined) return budgets === undefined ? shared : sharing(shared, budgets)
    const clock = yield* Clock.Clock
    const all = budgets ?? []
    return {
      startedAt: clock.monotonicTimeNanosUnsafe(),
      // Each request also reports to its surrounding observer.
      tracker: yield* Effect.provideService(Usage.makeTracker, Usage.Observer, () => Effect.void),
      budgets: all,
      used: new Set(),
      toolCalls: 0,
      interrupted: 0,
      running: 0,
      overdue: false,
      notes: [],
      model: undefined,
      goodbye: undefined,
      warned: false,
      inForce: { budgets: all }
    }
  })

/** The same counts with other budgets. */
const sharing = (shared: Spending, budgets: ReadonlyArray<Budget.Budget<never>>): Spending => ({
  ...shared,
  budgets,
  used: new Set(),
  notes: [],
  get toolCalls() {
    return shared.toolCalls
  },
  set toolCalls(count) {
    shared.toolCalls = count
  },
  get interrupted() {
    return shared.interrupted
  },
  set interrupted(count) {
    shared.interrupted = count
  }
})

/** The usage so far. */
export const spent = ({ interrupted, startedAt, toolCalls, tracker }: Spending): Effect.Effect<Budget.Spent> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const { cost, replies, tokens } = yield* tracker.total
    return {
      tokens: tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.output,
      usd: cost,
      time: Duration.nanos(clock.monotonicTimeNanosUnsafe() - startedAt),
      replies,
      toolCalls,
      usage: tokens,
      byModel: yield* tracker.byModel,
      interrupted
    }
  })

/** Whether a budget is newly exhausted. */
export const isNewlyUsed = ({ budgets, used }: Spending, so: Budget.Spent): boolean =>
  budgets.some((budget) => !used.has(budget) && reached(budget.limits, so).length > 0)

/** The newly exhausted budgets, each with the limits it has reached. */
export const newlyUsed = (
  spending: Spending,
  so: Budget.Spent
): ReadonlyArray<{ readonly budget: Budget.Budget<never>; readonly limits: ReadonlyArray<string> }> =>
  spending.budgets.flatMap((budget) => {
    if (spending.used.has(budget)) return []
    const limits = reached(budget.limits, so)
    if (limits.length === 0) return []
    spending.used.add(budget)
    return [{ budget, limits }]
  })

/** The spending of one request, as it becomes known. */
export interface Request {
  /** Provided to the models that are asked. */
  readonly observe: (report: Usage.Report) => Effect.Effect<void>
  /** Counts the usage in a finish part, for providers that do not report themselves. */
  readonly finished: (tokens: Usage.Tokens) => void
  /**
   * Counts what no provider has reported: the usage in the finish part, or an estimate if the reply was interrupted or
   * came without a count.
   */
  readonly settle: (estimated: Pick<Usage.Tokens, "input" | "output">) => Effect.Effect<void>
  readonly reports: ReadonlyArray<Usage.Report>
}

/** A request to a model, by its known names. */
export const request = (
  spending: Spending,
  named: Pick<Usage.Report, "provider" | "model">,
  outer: (report: Usage.Report) => Effect.Effect<void>
): Request => {
  const reports: Array<Usage.Report> = []
  let finished: Usage.Tokens | undefined
  /** Who has answered without counting tokens. */
  let uncounted: Usage.Report | undefined
  const count = (report: Usage.Report) =>
    Effect.andThen(spending.tracker.observe(report), warnOfPrice(spending, report))
  return {
    reports,
    observe: (report) =>
      Effect.suspend(() => {
        // Without an estimate, a budget of tokens would never be used up.
        if (isEmpty(report.tokens) && spending.budgets.length > 0) {
          uncounted = report
          return Effect.void
        }
        reports.push(report)
        return Effect.andThen(count(report), outer(report))
      }),
    finished: (tokens) => {
      finished = tokens
    },
    settle: ({ input, output }) =>
      Effect.gen(function* () {
        if (reports.length > 0) return
        const estimated = { ...Usage.none, input: Math.round(input), output: Math.ceil(output) }
        const known = finished !== undefined && isEmpty(finished) && spending.budgets.length > 0 ? undefined : finished
        const tokens = known ?? estimated
        if (isEmpty(tokens)) return
        if (finished === undefined && uncounted === undefined) spending.interrupted++
        const of = uncounted ?? named
        const report = { ...of, tokens, cost: Prices.costOf(yield* Prices.Current, of, tokens) }
        reports.push(report)
        yield* count(report)
        if (uncounted !== undefined) yield* outer(report)
      })
  }
}

const isEmpty = (tokens: Usage.Tokens): boolean => Object.values(tokens).every((count) => count === 0)

/** Warns once about a budget of money that cannot be enforced. */
const warnOfPrice = (spending: Spending, { cost, model, provider }: Usage.Report): Effect.Effect<void> =>
  Effect.suspend(() => {
    const isNeeded = spending.budgets.some(({ limits }) => limits.usd !== undefined)
    if (spending.warned || cost !== undefined || !isNeeded) return Effect.void
    spending.warned = true
    return Effect.logWarning(
      `The price of ${provider}/${model} is not known, so its replies do not count against the money budget. Add it to Prices.Current.`
    )
  })

/** The metric of each reply. */
export const measured = ({ cost, model, provider, tokens }: Usage.Report): Event.Output =>
  Event.logMetric("llm_usage", { provider, model, ...tokens, ...(cost === undefined ? {} : { usd: cost }) })

/** To a millionth of a dollar: sums of binary fractions have meaningless digits. */
const rounded = (usd: number): number => Math.round(usd * 1e6) / 1e6

/** The metric of a whole call; undefined if no model has answered. */
export const report = (spending: Spending): Effect.Effect<ReadonlyArray<Event.Output>> =>
  Effect.map(spent(spending), ({ byModel, interrupted, replies, time, toolCalls, usage, usd }) =>
    replies === 0
      ? []
      : [
          Event.logMetric("llm_call_usage", {
            replies,
            interrupted,
            toolCalls,
            ...usage,
            usd: rounded(usd),
            seconds: Duration.toSeconds(time),
            models: Object.fromEntries(
              [...byModel].map(([name, total]) => [name, { ...total.tokens, usd: rounded(total.cost) }])
            )
          })
        ]
  )

/** Describes the limits that were reached. */
const reached = (limits: Budget.Limits, spent: Budget.Spent): ReadonlyArray<string> => {
  const time = limits.time === undefined ? undefined : Duration.fromInputUnsafe(limits.time)
  return [
    ...(limits.tokens !== undefined && spent.tokens >= limits.tokens ? [`${limits.tokens} tokens`] : []),
    ...(limits.usd !== undefined && spent.usd >= limits.usd ? [`${limits.usd} US dollars`] : []),
    ...(time !== undefined && Duration.isGreaterThanOrEqualTo(spent.time, time) ? [Duration.format(time)] : []),
    ...(limits.replies !== undefined && spent.replies >= limits.replies ? [`${limits.replies} replies`] : []),
    ...(limits.toolCalls !== undefined && spent.toolCalls >= limits.toolCalls ? [`${limits.toolCalls} tool calls`] : [])
  ]
}
