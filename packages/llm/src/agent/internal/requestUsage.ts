/** Counts what one request has used: as its providers report it, or else as the reply shows it. */
import * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as Usage from "../../model/Usage.ts"
import * as Spending from "./spending.ts"

/** The usage of one request, as it becomes known. */
export interface RequestUsage {
  /** Provided to the models that are asked. */
  readonly observe: (report: Usage.Report) => Effect.Effect<void>
  /** Notes the usage in a finish part, for providers that do not report themselves. */
  readonly finished: (tokens: Usage.Tokens) => void
  /**
   * Reports what no provider has reported: the usage in the finish part, or an estimate if the reply was interrupted or
   * came without a count.
   */
  readonly settle: (estimated: Pick<Usage.Tokens, "input" | "output">) => Effect.Effect<void>
  readonly reports: ReadonlyArray<Usage.Report>
}

/** Counts a request to a model by its known names. */
export const make = (
  spending: Spending.Spending,
  named: Pick<Usage.Report, "provider" | "model">,
  outer: (report: Usage.Report) => Effect.Effect<void>
): RequestUsage => {
  const { budgets, call } = spending
  const reports: Array<Usage.Report> = []
  let finished: Usage.Tokens | undefined
  /** Who has answered without counting tokens. */
  let uncounted: Usage.Report | undefined
  // Without an estimate, a budget of tokens would never be used up.
  const isUncounted = (tokens: Usage.Tokens) => budgets.length > 0 && isEmpty(tokens)
  const add = (report: Usage.Report) =>
    Effect.suspend(() => {
      reports.push(report)
      if (report.estimated === true) call.interrupted++
      else call.replies++
      return Effect.andThen(Spending.count(spending, report), outer(report))
    })
  const rest = ({ input, output }: Pick<Usage.Tokens, "input" | "output">) => {
    const estimated = { ...Usage.none, input: Math.round(input), output: Math.ceil(output) }
    const tokens = finished === undefined || isUncounted(finished) ? estimated : finished
    if (isEmpty(tokens)) return Effect.void
    const isGivenUp = finished === undefined && uncounted === undefined
    return Effect.provideService(Usage.tell(uncounted ?? named, tokens, { estimated: isGivenUp }), Usage.Observer, add)
  }
  return {
    reports,
    observe: (report) => {
      if (!isUncounted(report.tokens)) return add(report)
      uncounted = report
      return Effect.void
    },
    finished: (tokens) => {
      finished = tokens
    },
    settle: (estimated) =>
      Effect.suspend(() => {
        const reported = reports.length > 0 && uncounted === undefined ? Effect.void : rest(estimated)
        return Effect.map(reported, () => {
          // A reply that was given up is one, however many models were asked.
          if (reports.length > 0 && reports.every(({ estimated }) => estimated === true)) call.replies++
        })
      })
  }
}

const isEmpty = (tokens: Usage.Tokens): boolean => Object.values(tokens).every((count) => count === 0)

/** The metric of a reply. */
export const measured = ({ cost, estimated, model, provider, tokens }: Usage.Report): Event.Output =>
  Event.logMetric("llm_usage", {
    provider,
    model,
    ...tokens,
    ...(cost === undefined ? {} : { usd: cost }),
    ...(estimated === undefined ? {} : { estimated })
  })
