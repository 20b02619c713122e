/** Fits the lines of a request into the window of the model. */
import * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import * as Monotonic from "@antiphon/core/Monotonic"
import type * as Recorder from "@antiphon/core/recording/Recorder"
import type * as Tool from "effect/ai/Tool"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Transcript from "../../internal/transcript.ts"
import type * as ModelSettings from "../../model/ModelSettings.ts"
import type * as Usage from "../../model/Usage.ts"
import * as ContextKeeper from "./contextKeeper.ts"
import * as ModelPrompt from "./modelPrompt.ts"
import * as PromptSize from "./promptSize.ts"
import * as RequestUsage from "./requestUsage.ts"
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
  /** Receives the usage of replies, in addition to the call itself. */
  readonly observer: (report: Usage.Report) => Effect.Effect<void>
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

/** Estimated tokens. */
interface Room {
  /** System prompt and tools. */
  readonly fixed: number
  /** The whole prompt. */
  readonly whole: number
  /** What is left of it for the conversation. */
  readonly most: number
  /** How much conversation to keep when older turns are removed. */
  readonly keep: number
}

const roomOf = ({ keeper, settings, shown, systemPrompt, window }: Fitting): Room => {
  const fixed = PromptSize.ofText(systemPrompt) + PromptSize.ofTools(shown)
  const whole = ContextKeeper.limitOf(keeper, window, settings) / keeper.factor
  const most = Math.max(0, whole - fixed)
  // If more than half were kept, there would be something to remove at every turn.
  return { fixed, whole, most, keep: Math.min((keeper.policy?.keep ?? Infinity) / keeper.factor, most / 2) }
}

/** The lines of the prompt, followed by `also`. */
export const make = (
  fitting: Fitting,
  now: History.History,
  also: (lines: ReadonlyArray<Transcript.Line>, seen: History.History) => ReadonlyArray<Transcript.Line>
): Fitted => {
  const { keeper } = fitting
  const { fixed, keep, most } = roomOf(fitting)
  const headOf = () => (fitting.history === undefined ? ContextKeeper.head(keeper) : [])
  const read = (): ReadonlyArray<Transcript.Line> => {
    const seen = ContextKeeper.view(keeper, now)
    const lines = ModelPrompt.lines(seen, fitting)
    const head = headOf()
    return also(head.length === 0 || lines.length === 0 ? lines : [...head, ...lines], seen)
  }
  const lines = read()
  const size = PromptSize.ofLines(lines)
  if (size <= most) return { lines, size: fixed + size, told: [] }
  const place = fitting.history === undefined ? ContextKeeper.placeToCut(keeper, now, keep) : undefined
  if (place !== undefined) ContextKeeper.cutAt(keeper, now, place)
  const fitted = Squeeze.fit(place === undefined ? lines : read(), most, headOf().length)
  const left = fixed + PromptSize.ofLines(fitted)
  return { lines: fitted, size: left, told: [leftOut(most, fixed + size, left, keeper.factor)] }
}

const leftOut = (room: number, before: number, after: number, factor: number): Event.Output =>
  Event.logMessage(
    "context",
    room > 0
      ? "The conversation has become too long for the model. Its beginning is left out."
      : "The system prompt and the tools alone are too long for the model.",
    { metadata: { tokens: Math.round(before * factor), kept: Math.round(after * factor) } }
  )

/** The share of the room at which summarising starts, so that the summary is ready in time. */
const soon = 0.75

/** The share of the room that a summary may take. */
const share = 0.2

/**
 * Starts to summarise the oldest turns if they must be removed soon, or already were. The call continues in the
 * meantime.
 */
export const sumUp = (fitting: Fitting, size: number): Effect.Effect<void, never, LanguageModel.LanguageModel> =>
  Effect.gen(function* () {
    const { callScope, keeper, recorder, settings, turn } = fitting
    const { past, policy } = keeper
    if (policy === undefined || policy.oldest === "drop" || past.writing || fitting.history !== undefined) return
    if (past.failures >= mostFailures && (yield* Monotonic.now) < past.restUntil) return
    const { fixed, keep, most, whole } = roomOf(fitting)
    // There is no room for a summary either.
    if (most === 0) return
    const isDue = size - fixed > most * soon
    const { from, summary } = past
    const isTold = from === undefined || summary?.to.key === from.key
    if (!isDue && isTold) return
    const now = yield* turn.currentHistory
    const to = (isDue ? ContextKeeper.placeToCut(keeper, now, keep) : undefined) ?? (isTold ? undefined : from)
    if (to === undefined) return
    const untold = Transcript.lines(ContextKeeper.untold(keeper, now, to), {
      ...ModelPrompt.options(fitting),
      trigger: undefined
    })
    const tokens = policy.summaryTokens ?? 600
    // A summary costs a request. While lines are missing from the prompt it is worth one, however few they are.
    if (isTold && PromptSize.ofLines(untold) < Math.min(tokens / 2, most * 0.1)) return
    const before = summary === undefined ? [] : ContextKeeper.head({ policy, past: { ...past, from: summary.to } })
    past.writing = true
    const write = Summary.ask({
      lines: [...before, ...untold],
      prompt: policy.summaryPrompt,
      tokens,
      // Some models write more than they are allowed: a summary must not fill the window that it makes room in.
      longest: Math.min(tokens * 2, most * share),
      settings,
      room: whole,
      factor: keeper.factor,
      request: RequestUsage.make(fitting.spending, fitting.named, fitting.observer),
      recorder,
      turn: turn.id
    }).pipe(
      Effect.flatMap((text) =>
        text === ""
          ? Effect.map(Monotonic.now, (now) => {
              past.failures++
              past.restUntil = now + rest
            })
          : Effect.map(turn.currentHistory, (history) => ContextKeeper.summed(keeper, history, text, to))
      ),
      Effect.ensuring(
        Effect.sync(() => {
          past.writing = false
        })
      )
    )
    yield* Effect.forkIn(Effect.interruptible(Effect.andThen(afterwards, write)), callScope)
  })

/** Lets the rest of the turn, which waits for nothing, go first: so its place in a recording does not depend on chance. */
const afterwards = Effect.repeat(Effect.yieldNow, { times: 20 })

/** After this many failures in a row, the model is not asked for a summary for so many milliseconds. */
const mostFailures = 2
const rest = 5 * 60_000
