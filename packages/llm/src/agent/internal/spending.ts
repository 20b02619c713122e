/** The usage of a call so far, and its exhausted budgets. Mutable values shared by the agents of a call. */
import * as Event from "@antiphon/core/Event"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Usage from "../../model/Usage.ts"
import * as Lead from "../../tool/internal/lead.ts"
import type * as Budget from "../Budget.ts"

/** What the agents of a call share. */
export interface Shared {
  readonly startedAt: bigint
  readonly tracker: Usage.Tracker
  /** Replies of the agents, without those that their tools have asked for. */
  replies: number
  toolCalls: number
  interrupted: number
  /** Number of running turns: an agent does not speak over them. */
  running: number
  /** Whether a session acts on budgets whose time is up. */
  watched: boolean
  /** Whether a budget's time ran out during a turn. */
  overdue: boolean
  /** Whose budgets are in force: those of the agent that has the call. */
  inForce: Spending | undefined
  /** Called when other budgets are in force. */
  onTakeOver: (() => void) | undefined
}

/** The budgets of an agent, or of several that have none of their own. */
export interface Spending {
  readonly call: Shared
  readonly budgets: ReadonlyArray<Budget.Budget<never>>
  readonly used: Set<Budget.Budget<never>>
  /** Notes for models in all further requests. */
  readonly notes: Array<string>
  /** The model that answers in place of the agent's own. */
  model: Context.Context<never> | undefined
  /** The words that replace every answer. */
  goodbye: string | undefined
  /** Whether a missing price was logged. */
  warned: boolean
  /** Scope of the agent. */
  readonly scope: Scope.Scope
  /** The services of an agent that has taken over the call, for actions between its turns. */
  readonly services: Context.Context<never> | undefined
}

/** Puts the budgets of an agent in force, because it has the call now. */
export const takeOver = (spending: Spending): void => {
  const { call } = spending
  if (call.inForce === spending) return
  call.inForce = spending
  call.onTakeOver?.()
}

/** Waits until an agent with other budgets has the call. */
export const takenOver = (spending: Spending): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const { call } = spending
    const look = () => {
      if (call.inForce !== spending) resume(Effect.void)
    }
    call.onTakeOver = look
    look()
    return Effect.sync(() => {
      call.onTakeOver = undefined
    })
  })

/** The spending of the agent that hands the call over, for the agent that takes over. */
export const Current = Context.Reference<Spending | undefined>("@antiphon/llm/agent/internal/spending", {
  defaultValue: () => undefined
})

/**
 * Makes the spending of a call's first agent. Other agents share its counts, and its budgets if they have none. Dies if a
 * limit is none.
 */
export const make = <R>(
  own: ReadonlyArray<Budget.Budget<R>> | undefined
): Effect.Effect<Spending, never, Scope.Scope> =>
  Effect.gen(function* () {
    const shared = yield* Current
    const budgets = own as ReadonlyArray<Budget.Budget<never>> | undefined
    if (shared !== undefined && budgets === undefined) return shared
    for (const { limits } of budgets ?? []) check(limits)
    const spending: Spending = {
      call: shared?.call ?? (yield* makeShared),
      budgets: budgets ?? [],
      used: new Set(),
      notes: [],
      model: undefined,
      goodbye: undefined,
      warned: false,
      scope: yield* Effect.scope,
      services: shared === undefined ? undefined : Lead.lasting(yield* Effect.context<never>())
    }
    if (shared === undefined) takeOver(spending)
    return spending
  })

const makeShared: Effect.Effect<Shared> = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  return {
    startedAt: clock.monotonicTimeNanosUnsafe(),
    // Each request also reports to its surrounding observer.
    tracker: yield* Effect.provideService(Usage.makeTracker, Usage.Observer, () => Effect.void),
    replies: 0,
    toolCalls: 0,
    interrupted: 0,
    running: 0,
    watched: false,
    overdue: false,
    inForce: undefined,
    onTakeOver: undefined
  }
})

/** A limit that is not a number would never be reached, or always. */
const check = ({ time, ...limits }: Budget.Limits): void => {
  for (const [name, limit] of Object.entries(limits)) {
    if (limit !== undefined && !(limit >= 0)) throw new Error(`${String(limit)} is no limit of ${name} for a budget`)
  }
  if (time === undefined) return
  const duration = Duration.fromInput(time)
  if (Option.isNone(duration) || Number.isNaN(time)) throw new Error(`${String(time)} is no limit of time for a budget`)
}

/** The usage so far. */
export const spent = ({ call }: Pick<Spending, "call">): Effect.Effect<Budget.Spent> =>
  Effect.gen(function* () {
    const { interrupted, replies, startedAt, toolCalls, tracker } = call
    const clock = yield* Clock.Clock
    const { cost, tokens } = yield* tracker.total
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

/** A newly exhausted budget, with the limits it has reached. */
export interface Due {
  readonly budget: Budget.Budget<never>
  readonly limits: ReadonlyArray<string>
}

/** The first newly exhausted budget. */
export const due = ({ budgets, used }: Spending, so: Budget.Spent): Due | undefined => {
  for (const budget of budgets) {
    if (used.has(budget)) continue
    const limits = reached(budget.limits, so)
    if (limits.length > 0) return { budget, limits }
  }
  return undefined
}

/** The next time at which a budget is exhausted. */
export const nextTime = ({ budgets, used }: Spending): Duration.Duration | undefined => {
  const times = budgets.flatMap((budget) =>
    used.has(budget) || budget.limits.time === undefined ? [] : [Duration.fromInputUnsafe(budget.limits.time)]
  )
  return times.length === 0 ? undefined : times.reduce((a, b) => Duration.min(a, b))
}

/** Counts what a model has used. */
export const count = (spending: Spending, report: Usage.Report): Effect.Effect<void> =>
  Effect.andThen(spending.call.tracker.observe(report), warnOfPrice(spending, report))

type Observer = Usage.Tracker["observe"]

/** Observers that count for a call, with those they report to. */
const outers = new WeakMap<Observer, Observer>()

/** Lets the tools of an agent share its spending: agents that they make, and models that they ask. */
export const shared = <A, E, R>(
  spending: Spending,
  outer: Observer,
  tools: Stream.Stream<A, E, R>
): Stream.Stream<A, E, R> => {
  const observe: Observer = (report) => Effect.andThen(count(spending, report), outer(report))
  outers.set(observe, outer)
  return Stream.updateContext(tools, (context: Context.Context<R>) =>
    Context.add(Context.add(context, Current, spending), Usage.Observer, observe)
  ) as Stream.Stream<A, E, R>
}

/** The observer around the agents of a call: what an agent made by a tool counts would otherwise count twice. */
export const outerOf = (observer: Observer): Observer => outers.get(observer) ?? observer

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
