/**
 * An agent that answers with a language model: greeting, the loop of model and tools, handoffs, and what the caller hears
 * when the model fails.
 *
 * The model is the `LanguageModel` of `effect/ai` that the agent's Layer is given, so any provider works, and a plan of
 * several does too.
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import * as Turn from "@antiphon/core/Turn"
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as ModelTurn from "./internal/modelTurn.ts"
import * as ToolRunner from "../tool/internal/toolRunner.ts"
import * as ModelSettings from "../model/ModelSettings.ts"
import type * as SpeechLeakGuard from "./SpeechLeakGuard.ts"
import * as Transcript from "../Transcript.ts"
import type * as VoiceTool from "../tool/VoiceTool.ts"
import * as WarmUp from "../model/WarmUp.ts"

/** What the model is told and offered. Each can be changed for one turn, and for good. */
export interface Config<R = never> {
  /** Told to the model before everything else. Nothing where empty. */
  readonly systemPrompt: string
  readonly tools: ReadonlyArray<VoiceTool.VoiceTool<R>>
  readonly settings: ModelSettings.ModelSettings
}

/** Changes for one turn. */
export interface Overrides<R = never> {
  readonly systemPrompt?: string | undefined
  /** Tools of the same name are replaced, others added. */
  readonly tools?: ReadonlyArray<VoiceTool.VoiceTool<R>> | undefined
  readonly settings?: ModelSettings.ModelSettings | undefined
  /** Told to the model last: a string as words of the user. */
  readonly context?: string | ReadonlyArray<History.HistoryEvent> | undefined
  /** Read by the model instead of what happened before this turn. */
  readonly history?: ReadonlyArray<History.HistoryEvent> | undefined
}

/** What can be said about an agent beside its filters and policies. */
export interface Options<R = never> extends Agent.Options<R>, Partial<Config<R>> {
  /** Said when the call starts. Where empty, the caller speaks first. */
  readonly introduction?: string | undefined
  /** Rounds of model and tools in one turn. 10. */
  readonly maxToolIterations?: number | undefined
  /** What the caller hears when the rounds are used up. Nothing where empty. */
  readonly limitMessage?: string | undefined
  /** What the caller hears when the model fails, and the call goes on. `"fail"` leaves it to `turnFailure`: Line's way. */
  readonly onModelFailure?: "fail" | string | ((error: AiError.AiError) => string) | undefined
  /** Words for events that the model would not see, such as key presses. */
  readonly describeEvent?: Transcript.Options["describeEvent"]
  /** Put behind a reply that the caller has not heard to its end, such as `[interrupted]`. Nothing by default. */
  readonly interruptedMark?: string | undefined
  /** Keeps tool calls that the model writes as text from being spoken. Off by default: it holds the last words back. */
  readonly speechLeakGuard?: SpeechLeakGuard.Options | undefined
  /**
   * How tools are run and seen. `antiphon` (the default): calls of one reply run side by side, each is an event when it
   * starts, and background results come back as events. `line`: one after another, an event with each result, and a
   * turn stays open for its background work.
   */
  readonly toolStyle?: "antiphon" | "line" | undefined
}

/** An agent of one call. */
export interface LlmAgent<in out R = never> {
  /** Answers an event; `overrides` hold for this turn. Wrap it to give some. */
  readonly respond: (
    event: Event.Input,
    turn: Turn.Turn,
    overrides?: Overrides<R>
  ) => Stream.Stream<Event.Output, AiError.AiError | Turn.Failure, R | LanguageModel.LanguageModel>
  /** Changes the agent from its next turn on. */
  readonly configure: (change: (config: Config<R>) => Config<R>) => Effect.Effect<void>
  readonly config: Effect.Effect<Config<R>>
}

/** What the caller hears when the model fails, where nothing else is said. */
export const defaultModelFailure = "Sorry, I have trouble thinking right now. Could you say that again?"

/** Makes an agent's turn function and its state, for agents that wrap it. */
export const makeAgent = <R = never>(options: Options<R> = {}): Effect.Effect<LlmAgent<R>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const runs = yield* ToolRunner.make<R>(options.toolStyle ?? "antiphon")
    const read = Transcript.reader()
    const callScope = yield* Effect.scope
    let config: Config<R> = {
      systemPrompt: options.systemPrompt ?? "",
      tools: distinct(options.tools ?? []),
      settings: options.settings ?? {}
    }
    let introduced = false
    let userTurns = 0
    const reasoning: ModelTurn.Reasoning = new Map()

    const timed = <E, R>(stream: Stream.Stream<Event.Output, E, R>): Stream.Stream<Event.Output, E, R> =>
      Stream.unwrap(
        Effect.map(Clock.Clock, (clock) => {
          const start = clock.currentTimeNanosUnsafe()
          const metric = Stream.sync(() => ModelTurn.metric("agent_turn_ms", start, clock))
          return Stream.concat(stream, metric)
        })
      )

    const introduce = Stream.suspend(() => {
      userTurns = 0
      if (introduced || options.introduction === undefined || options.introduction === "") return Stream.empty
      introduced = true
      return Stream.succeed(Event.sendText(options.introduction))
    })

    // Of the call and not of the turn: a caller who speaks over the greeting is the one whom a warm model answers soonest.
    const warmUp = Stream.fromEffectDrain(Effect.forkIn(WarmUp.run, callScope))

    const generate = (event: Event.Input, turn: Turn.Turn, overrides: Overrides<R>) => {
      const offered = merge(config.tools, overrides.tools ?? []).filter(
        ({ activeTurns }) => activeTurns === undefined || userTurns <= activeTurns
      )
      return ModelTurn.run<R>({
        event,
        turn,
        runs,
        read,
        tools: offered,
        systemPrompt: overrides.systemPrompt ?? config.systemPrompt,
        settings: ModelSettings.merge(config.settings, overrides.settings ?? {}),
        overrides,
        maxToolIterations: options.maxToolIterations ?? 10,
        limitMessage: options.limitMessage ?? "Sorry, I could not finish that.",
        describeEvent: options.describeEvent,
        interruptedMark: options.interruptedMark,
        reasoning,
        speechLeakGuard: options.speechLeakGuard,
        staysOpen: options.toolStyle === "line"
      })
    }

    const speakFailure = (error: AiError.AiError | Turn.Failure): AiError.AiError | Turn.Failure => {
      const { onModelFailure = defaultModelFailure } = options
      if (error._tag !== "AiError" || onModelFailure === "fail") return error
      const apology = typeof onModelFailure === "function" ? onModelFailure(error) : onModelFailure
      return new Turn.Failure({ apology, cause: error })
    }

    const respond: LlmAgent<R>["respond"] = (event, turn, overrides = {}) =>
      timed(
        Stream.suspend(() => {
          if (event._tag === "UserTurnEnded") userTurns++
          const target = runs.target()
          const answer = Stream.suspend(() => Stream.mapError(generate(event, turn, overrides), speakFailure))
          if (target !== undefined) {
            // An agent that gives the call back in mid-turn leaves the rest of the turn to this one.
            const rest = Stream.suspend((): typeof answer => (runs.target() === undefined ? answer : Stream.empty))
            return event._tag === "CallEnded" ? target(event, turn) : Stream.concat(target(event, turn), rest)
          }
          if (event._tag === "CallStarted") return Stream.concat(warmUp, introduce)
          if (event._tag === "CallEnded") return Stream.empty
          return answer
        })
      ) as ReturnType<LlmAgent<R>["respond"]>

    return {
      respond,
      configure: (change) =>
        Effect.sync(() => {
          const changed = change(config)
          config = { ...changed, tools: distinct(changed.tools) }
        }),
      config: Effect.sync(() => config)
    }
  })

/** Each tool may need something of its own: the agent needs it all. */
type OptionsWith<R, Tools> = Omit<Options<R>, "tools"> & { readonly tools?: Tools | undefined }

/** Makes the agent of a call: a factory for `Agent.layer`, `VoiceAgentApp.serve`, or a handoff. */
export const make =
  <R = never, const Tools extends ReadonlyArray<VoiceTool.VoiceTool<unknown>> = readonly []>(
    options: OptionsWith<R, Tools> | ((request: CallRequest) => OptionsWith<R, Tools>) = {}
  ): Agent.Factory<never, never, R | VoiceTool.Services<Tools[number]> | LanguageModel.LanguageModel> =>
  (request) => {
    type All = R | VoiceTool.Services<Tools[number]>
    const given = (typeof options === "function" ? options(request) : options) as Options<All>
    return Effect.map(makeAgent(given), (agent) => Agent.make(agent.respond, given))
  }

/** Line's default prompt, where neither the request nor the application has one. */
export const defaultSystemPrompt =
  "You are a friendly and helpful assistant. Have a natural conversation with the user."
/** Line's default greeting, where neither the request nor the application has one. */
export const defaultIntroduction = "Hello! I'm your AI assistant. How can I help you today?"

/**
 * Prompt and introduction that the harness asks for, before those of the application, before the defaults. An empty prompt
 * counts as missing; an empty introduction is kept and lets the caller speak first. Line's precedence.
 */
export const fromCallRequest = (
  { agent }: CallRequest,
  fallback: { readonly systemPrompt?: string | undefined; readonly introduction?: string | undefined } = {}
): { readonly systemPrompt: string; readonly introduction: string } => ({
  systemPrompt: agent.systemPrompt || fallback.systemPrompt || defaultSystemPrompt,
  introduction: agent.introduction ?? fallback.introduction ?? defaultIntroduction
})

const merge = <R>(
  base: ReadonlyArray<VoiceTool.VoiceTool<R>>,
  over: ReadonlyArray<VoiceTool.VoiceTool<R>>
): ReadonlyArray<VoiceTool.VoiceTool<R>> => {
  const names = new Set(over.map(({ name }) => name))
  return distinct([...base.filter(({ name }) => !names.has(name)), ...over])
}

const distinct = <R>(tools: ReadonlyArray<VoiceTool.VoiceTool<R>>): ReadonlyArray<VoiceTool.VoiceTool<R>> => {
  const twice = tools.filter(({ name }, i) => tools.findIndex((tool) => tool.name === name) !== i)
  if (twice.length > 0)
    throw new Error(`two tools of the same name: ${[...new Set(twice.map(({ name }) => name))].join(", ")}`)
  return tools
}
