/** Fits the lines of a request into the window of the model. */
import * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import type * as Recorder from "@antiphon/core/recording/Recorder"
import type * as Tool from "effect/ai/Tool"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Transcript from "../../internal/transcript.ts"
import type * as ModelSettings from "../../model/ModelSettings.ts"
import * as Usage from "../../model/Usage.ts"
import * as ContextKeeper from "./contextKeeper.ts"
import * as ModelPrompt from "./modelPrompt.ts"
import * as PromptSize from "./promptSize.ts"
import * as Spending from "./spending.ts"
import * as Squeeze from "./squeeze.ts"
import * as Summary from "./summary.ts"

/** The parts of a turn needed for fitting. */
export interface Fitting extends ModelPrompt.Reading {
  readonly keeper: ContextKeeper.ContextKeeper
  readonly systemPrompt: string
  readonly settings: ModelSettings.ModelSettings
  readonly shown: ReadonlyArray<Tool.Any>
  /** The model's window in tokens, if known. */
  readonly window: number | undefined
  readonly callScope: Scope.Scope
  readonly spending: Spending.Spending
  /** The model to ask. */
  readonly named: Pick<Usage.Report, "provider" | "model">
  readonly recorder: Recorder.Recorder | undefined
}

/** Lines that fit. */
export interface Fitted {
  readonly lines: ReadonlyArray<Transcript.Line>
  /** Estimated tokens of the whole prompt. */
  readonly size: number
  /** The log message, if something had to be left out. */
  readonly told: ReadonlyArray<Event.Output>
}

interface Limits {
  /** Estimated tokens of the prompt. */
  readonly most: number
  /** Tokens of conversation to keep when older turns are removed. */
  readonly keep: number
}

const limitsOf = ({ keeper, settings, window }: Fitting, fixed: number): Limits => {
  const limit = ContextKeeper.limitOf(keeper, window, settings)
  // If more were kept, there would be something to remove at every turn.
  const keep = Math.min(keeper.policy?.keep ?? limit, limit / 2)
  return { most: limit / keeper.factor, keep: Math.max(0, keep / keeper.factor - fixed) }
}

const fixedOf = ({ shown, systemPrompt }: Fitting): number =>
  PromptSize.ofText(systemPrompt) + PromptSize.ofTools(shown)

/** The lines of the prompt, followed by `also`. */
export const make = (
  fitting: Fitting,
  now: History.History,
  also: (lines: ReadonlyArray<Transcript.Line>, seen: History.History) => ReadonlyArray<Transcript.Line>
): Fitted => {
  const { keeper } = fitting
  const fixed = fixedOf(fitting)
  const { keep, most } = limitsOf(fitting, fixed)
  const read = (): ReadonlyArray<Transcript.Line> => {
    const seen = ContextKeeper.view(keeper, now)
    const lines = ModelPrompt.lines(seen, fitting)
    const head = fitting.history === undefined ? ContextKeeper.head(keeper) : []
    return also(head.length === 0 || lines.length === 0 ? lines : [...head, ...lines], seen)
  }
  const lines = read()
  if (most === Infinity) return { lines, size: fixed + PromptSize.ofLines(lines), told: [] }
  const size = fixed + PromptSize.ofLines(lines)
  if (size <= most) return { lines, size, told: [] }
  const place = fitting.history === undefined ? ContextKeeper.placeToCut(keeper, now, keep) : undefined
  if (place !== undefined) ContextKeeper.cutAt(keeper, now, place)
  const head = fitting.history === undefined ? ContextKeeper.head(keeper).length : 0
  const fitted = Squeeze.fit(place === undefined ? lines : read(), Math.max(0, most - fixed), head)
  const left = fixed + PromptSize.ofLines(fitted)
  return { lines: fitted, size: left, told: [leftOut(size, left, keeper.factor)] }
}

const leftOut = (before: number, after: number, factor: number): Event.Output =>
  Event.logMessage("context", "The conversation has become too long for the model. Its beginning is left out.", {
    metadata: { tokens: Math.round(before * factor), kept: Math.round(after * factor) }
  })

/** The share of the limit at which summarising starts, so that the summary is ready in time. */
const soon = 0.75

/**
 * Starts to summarise the oldest turns if they must be removed soon, or already were. The call continues in the
 * meantime.
 */
export const sumUp = (fitting: Fitting, size: number): Effect.Effect<void, never, LanguageModel.LanguageModel> =>
  Effect.gen(function* () {
    const { callScope, keeper, recorder, settings, turn } = fitting
    const { policy } = keeper
    if (policy === undefined || policy.oldest === "drop" || keeper.writing || fitting.history !== undefined) return
    if (keeper.failures >= mostFailures) return
    const { keep, most } = limitsOf(fitting, fixedOf(fitting))
    const isDue = size > most * soon
    const { from, summary } = keeper
    const isTold = from === undefined || summary?.to.key === from.key
    if (!isDue && isTold) return
    const now = yield* turn.currentHistory
    const to = (isDue ? ContextKeeper.placeToCut(keeper, now, keep) : undefined) ?? (isTold ? undefined : from)
    if (to === undefined) return
    const untold = Transcript.lines(ContextKeeper.untold(keeper, now, to), {
      ...ModelPrompt.options(fitting),
      trigger: undefined
    })
    // A summary costs a request. While lines are missing from the prompt it is worth one, however few they are.
    if (isTold && PromptSize.ofLines(untold) < Math.min((policy.summaryTokens ?? 600) / 2, most * 0.1)) return
    const before = summary === undefined ? [] : ContextKeeper.head({ ...keeper, from: summary.to })
    keeper.writing = true
    const { observe } = Spending.request(fitting.spending, fitting.named, yield* Usage.Observer)
    const write = Summary.ask({
      lines: [...before, ...untold],
      policy,
      settings,
      room: most,
      recorder,
      turn: turn.id
    }).pipe(
      Effect.provideService(Usage.Observer, observe),
      Effect.flatMap((text) =>
        Effect.map(turn.currentHistory, (history) => {
          if (text === "") keeper.failures++
          else ContextKeeper.summed(keeper, history, text, to)
        })
      ),
      Effect.ensuring(
        Effect.sync(() => {
          keeper.writing = false
        })
      )
    )
    yield* Effect.forkIn(Effect.interruptible(write), callScope)
  })

/** After this many failures in a row, the model is not asked for a summary again. */
const mostFailures = 2
