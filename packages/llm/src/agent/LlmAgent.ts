/**
 * An agent that answers with a language model: greeting, the loop of model and tools, handoffs, and what the caller
 * hears if the model fails.
 *
 * The model is the `LanguageModel` of `effect/ai` in the agent's context, so any provider works, and so does a plan of
 * several.
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import * as Keypad from "@antiphon/core/agent/Keypad"
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import * as Turn from "@antiphon/core/Turn"
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as CallPast from "../internal/callPast.ts"
import * as ResultText from "../internal/resultText.ts"
import * as ModelSettings from "../model/ModelSettings.ts"
import * as WarmUp from "../model/WarmUp.ts"
import * as Backlog from "../tool/internal/backlog.ts"
import * as HandBack from "../tool/internal/handBack.ts"
import * as Lead from "../tool/internal/lead.ts"
import * as LooseTool from "../tool/internal/looseTool.ts"
import * as ToolCheck from "../tool/internal/toolCheck.ts"
import * as ToolRunner from "../tool/internal/toolRunner.ts"
import * as TurnTime from "../tool/internal/turnTime.ts"
import * as VoiceTool from "../tool/VoiceTool.ts"
import * as Transcript from "../internal/transcript.ts"
import type * as ContextPolicy from "./ContextPolicy.ts"
import type * as Budget from "./Budget.ts"
import * as Budgeted from "./internal/budgeted.ts"
import * as Spending from "./internal/spending.ts"
import * as ContextKeeper from "./internal/contextKeeper.ts"
import type * as ModelPrompt from "./internal/modelPrompt.ts"
import * as ModelTurn from "./internal/modelTurn.ts"
import * as Asking from "../model/internal/asking.ts"
import type * as SpokenObject from "./SpokenObject.ts"
import type * as SpeechLeakGuard from "./SpeechLeakGuard.ts"

/** What the model is told and offered. Each field can be overridden for one turn, or changed permanently. */
export interface Config<R = never> {
  /** The system prompt. Empty for none. */
  readonly systemPrompt: string
  readonly tools: ReadonlyArray<VoiceTool.VoiceTool<R>>
  readonly settings: ModelSettings.ModelSettings
}

/** Changes for one turn. */
export interface Overrides<R = never> {
  readonly systemPrompt?: string | undefined
  /** Replaces tools of the same name, and adds others. */
  readonly tools?: ReadonlyArray<VoiceTool.VoiceTool<R>> | undefined
  /** The object that the turn must end with; null for plain words. */
  readonly object?: SpokenObject.SpokenObject<R> | null | undefined
  readonly settings?: ModelSettings.ModelSettings | undefined
  /**
   * Added at the end of the prompt. A string counts as words of the user. Events may include tool calls, each with its
   * outcome.
   */
  readonly context?: string | ModelPrompt.GivenHistory | undefined
  /** Replaces what happened before this turn in the prompt. Events may include tool calls. */
  readonly history?: ModelPrompt.GivenHistory | undefined
}

/** Options of an agent, besides its filters and policies. */
export interface Options<R = never> extends Agent.Options<R>, Partial<Config<R>> {
  /** Said when the call starts. If empty, the caller speaks first. */
  readonly introduction?: string | undefined
  /** Rounds of model and tools in one turn. 10. */
  readonly maxToolIterations?: number | undefined
  /** What the caller hears when the rounds are used up. Empty for nothing. */
  readonly limitMessage?: string | undefined
  /**
   * What the caller hears if the model fails and the call goes on. `"fail"`, as in Line, leaves that to `turnFailure`.
   */
  readonly onModelFailure?: "fail" | string | ((error: AiError.AiError) => string) | undefined
  /**
   * Describes events that the model would not see otherwise, such as messages of the application. A key press is `[5]`
   * by default.
   */
  readonly describeEvent?: Transcript.Options["describeEvent"]
  /** Appended to a reply that the caller did not hear to its end, such as `[interrupted]`. Nothing by default. */
  readonly interruptedMark?: string | undefined
  /**
   * Keeps tool calls that the model writes as text from being spoken. Off by default, because it delays the last words.
   */
  readonly speechLeakGuard?: SpeechLeakGuard.Options | undefined
  /**
   * How tools run and appear. `antiphon` (the default): the calls of a reply run side by side, each is an event when it
   * starts, and background results come back as events. `line`: one after another, with one event per result, and a
   * turn stays open for its background work.
   */
  readonly toolStyle?: "antiphon" | "line" | undefined
  /** When pressed keys are complete and get an answer. By default after `#`, or 2 seconds after the last key. */
  readonly keypad?: Keypad.Options | undefined
  /**
   * Maximum characters of a tool result for the model, unless the tool has its own limit. 20,000, which is about 5,000
   * tokens.
   */
  readonly maxResultCharacters?: number | undefined
  /**
   * The object that each turn of the model must end with, some fields of which are spoken. If absent, the model replies
   * with plain words.
   */
  readonly object?: SpokenObject.SpokenObject<R> | undefined
  /**
   * How to handle Markdown in the model's replies. `strip` (the default) removes the markup. `keep` leaves it to the
   * consumer of the text, such as a chat, or `SpeechText` of the speech package.
   */
  readonly markdown?: "strip" | "keep" | undefined
  /** Limits on what the call may use, and the actions at these limits. Nothing is limited by default. */
  readonly budgets?: ReadonlyArray<Budget.Budget<R>> | undefined
  /** Called with the call's total usage when the call is over, even if it was cut off. */
  readonly onUsage?: ((spent: Budget.Spent) => Effect.Effect<void>) | undefined
  /** How to make room in a long call before the model's window is full. By default the oldest turns are summarised. */
  readonly contextPolicy?: ContextPolicy.ContextPolicy | "none" | undefined
  /** Whether providers may enforce tool schemas strictly, for tools that allow it. True by default. */
  readonly strictToolSchemas?: boolean | undefined
}

/** An agent of one call. */
export interface LlmAgent<in out R = never> {
  /** Answers an event. `overrides` apply to this turn only. Wrap this function to pass some. */
  readonly respond: (
    event: Event.Input,
    turn: Turn.Turn,
    overrides?: Overrides<R>
  ) => Stream.Stream<Event.Output, AiError.AiError | Turn.Failure, R | LanguageModel.LanguageModel>
  /**
   * Runs the actions of budgets whose time is up while nobody speaks. `make` includes it. An agent that wraps this one
   * must pass it to `Agent.make` as its session, or those budgets wait for the next turn.
   */
  readonly session: (call: Agent.Session) => Stream.Stream<Event.Output>
  /** Changes the agent from its next turn on. */
  readonly configure: (change: (config: Config<R>) => Config<R>) => Effect.Effect<void>
  readonly config: Effect.Effect<Config<R>>
}

/** Default of what the caller hears if the model fails. */
export const defaultModelFailure = "Sorry, I have trouble thinking right now. Could you say that again?"

/** Makes an agent's turn function and its state, for agents that wrap it. Dies if a provider would reject its tools. */
export const makeAgent = <R = never>(options: Options<R> = {}): Effect.Effect<LlmAgent<R>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { describeEvent, keypad = {}, maxResultCharacters = ResultText.defaultLimit } = options
    const runner = yield* ToolRunner.make(options.toolStyle ?? "antiphon", maxResultCharacters)
    const handBack = yield* HandBack.Given
    const read = Transcript.reader()
    const keeper = ContextKeeper.make(options.contextPolicy, yield* CallPast.Shared)
    const callScope = yield* Effect.scope
    const spending = yield* Spending.make(options.budgets)
    const offered = (tools: ReadonlyArray<VoiceTool.VoiceTool<R>>) =>
      ToolCheck.checked(options.strictToolSchemas === false ? tools.map(LooseTool.make) : tools)
    let config: Config<R> = {
      systemPrompt: options.systemPrompt ?? "",
      tools: offered([...(options.tools ?? []), ...(handBack === undefined ? [] : [handBack])]),
      settings: options.settings ?? {}
    }
    let introduced = false
    let userTurns = 0
    let cacheKey: string | undefined
    const reasoning: ModelPrompt.Reasoning = new Map()
    const unseen = new Set<string>()

    // Belongs to the call rather than the turn, because a caller who interrupts the greeting profits most from a warm
    // model.
    const warmUp = Stream.fromEffectDrain(Effect.forkIn(WarmUp.run, callScope))

    const generate = (event: Event.Input, turn: Turn.Turn, overrides: Overrides<R>) => {
      const all = overrides.tools === undefined ? config.tools : offered(merge(config.tools, overrides.tools))
      const tools = all.filter(({ activeTurns }) => activeTurns === undefined || userTurns <= activeTurns)
      const turning: Omit<ModelTurn.ModelTurn<R>, "prefaced"> = {
        event,
        turn,
        runner,
        read,
        keeper,
        callScope,
        spending,
        tools,
        object: overrides.object === undefined ? options.object : (overrides.object ?? undefined),
        markdown: options.markdown ?? "strip",
        cacheKey: (cacheKey ??= Asking.cacheKeyOf(turn.request.callId)),
        systemPrompt: overrides.systemPrompt ?? config.systemPrompt,
        settings: ModelSettings.merge(config.settings, overrides.settings ?? {}),
        context: overrides.context,
        history: overrides.history,
        maxToolIterations: options.maxToolIterations ?? 10,
        limitMessage: options.limitMessage ?? "Sorry, I could not finish that.",
        describeEvent,
        interruptedMark: options.interruptedMark,
        reasoning,
        speechLeakGuard: options.speechLeakGuard
      }
      return Budgeted.next(spending, turn.committed, (prefaced) =>
        Budgeted.asked(spending, ModelTurn.run({ ...turning, prefaced }))
      )
    }

    const speakFailure = (error: AiError.AiError | Turn.Failure): AiError.AiError | Turn.Failure => {
      const { onModelFailure = defaultModelFailure } = options
      if (error._tag !== "AiError" || onModelFailure === "fail") return error
      const apology = typeof onModelFailure === "function" ? onModelFailure(error) : onModelFailure
      return new Turn.Failure({ apology, cause: error })
    }

    const answer = (event: Event.Input, turn: Turn.Turn, overrides: Overrides<R>) =>
      Stream.mapError(generate(event, turn, overrides), speakFailure)

    /** Greets the caller. An agent without a greeting answers what the caller said before the handoff. */
    const greet = (event: Event.Input, turn: Turn.Turn, overrides: Overrides<R>) =>
      Stream.suspend((): ReturnType<typeof answer> => {
        userTurns = 0
        const { introduction = "" } = options
        // If the call begins with this agent, the caller has asked nothing yet, even if the application has filled the
        // history.
        if (introduction === "") return self === undefined ? Stream.empty : answer(event, turn, overrides)
        if (introduced) return Stream.empty
        introduced = true
        return Stream.succeed(Event.sendText(introduction))
      })

    /** Warns, once per kind of event, that the model is asked because of an event that it does not see. */
    const warningOf = ({ _tag }: Event.Input): Stream.Stream<never> => {
      unseen.add(_tag)
      return Stream.fromEffectDrain(
        Effect.logWarning(
          `The agent runs on ${_tag}, which its model does not see. Describe it with describeEvent, or remove it from the run filter.`
        )
      )
    }

    /** Answers an event while this agent has the call. */
    const own = (event: Event.Input, turn: Turn.Turn, overrides: Overrides<R>): ReturnType<typeof answer> => {
      switch (event._tag) {
        case "CallStarted":
          return Stream.concat(warmUp, greet(event, turn, overrides))
        case "CallEnded":
          return Stream.empty
        case "UserDtmfSent": {
          const entered = Keypad.entered(turn.history, keypad)
          return Stream.concat(
            Stream.fromEffectDrain(Keypad.wait(entered, keypad)),
            Stream.suspend(() => answer(event, turn, overrides))
          )
        }
        default:
          return unseen.has(event._tag) || isSeen(event, describeEvent)
            ? answer(event, turn, overrides)
            : Stream.concat(warningOf(event), answer(event, turn, overrides))
      }
    }

    /** Waits for tools that finish after the hang-up, and records their outcomes. */
    const finish = Stream.concat(
      Stream.fromEffectDrain(Backlog.finish(runner.background.backlog)),
      Stream.suspend(() => Stream.fromIterable(ToolRunner.drain(runner)))
    )

    /** Logs the call's total usage. */
    const report = Stream.unwrap(Effect.map(Spending.report(spending), (outputs) => Stream.fromIterable(outputs)))
    const { onUsage } = options
    if (onUsage !== undefined) {
      const told = Effect.flatMap(Spending.spent(spending), (spent) => onUsage(spent))
      yield* Effect.addFinalizer(() =>
        Effect.catchCause(told, (cause) => Effect.logError("onUsage has failed.", cause))
      )
    }

    const { lead, self } = runner.place
    const respond: LlmAgent<R>["respond"] = (event, turn, overrides = {}) =>
      TurnTime.timed(() => {
        if (event._tag === "UserTurnEnded") userTurns++
        const answered = () => {
          Spending.takeOver(spending)
          return own(event, turn, overrides)
        }
        // Only the first agent of the call passes events on.
        const passed = self === undefined ? Budgeted.turn(spending, Lead.pass(lead, event, turn, answered)) : answered()
        if (event._tag !== "CallEnded") return passed
        const ended = Stream.concat(passed, finish)
        return self === undefined ? Stream.concat(ended, report) : ended
      }) as ReturnType<LlmAgent<R>["respond"]>

    return {
      respond,
      session: Budgeted.session(spending),
      configure: (change) =>
        Effect.sync(() => {
          const changed = change(config)
          config = { ...changed, tools: offered(changed.tools) }
        }),
      config: Effect.sync(() => config)
    }
  })

/** Whether the model sees an event. */
const isSeen = (event: Event.Input, describeEvent: Transcript.Options["describeEvent"]): boolean => {
  switch (event._tag) {
    case "UserTextSent":
    case "UserTurnEnded":
    case "AgentTextSent":
    case "AgentHandedOff":
    case "BackgroundReturned":
      return true
    default:
      return Transcript.words(event, describeEvent) !== undefined
  }
}

/** Each tool may have its own requirements: the agent has all of them. */
type OptionsWith<R, Tools> = Omit<Options<R>, "tools"> & { readonly tools?: Tools | undefined }

/** Makes the agent of a call: a factory for `Agent.layer`, `VoiceAgentApp.serve`, or a handoff. */
export const make =
  <R = never, const Tools extends ReadonlyArray<VoiceTool.VoiceTool<unknown>> = readonly []>(
    options: OptionsWith<R, Tools> | ((request: CallRequest) => OptionsWith<R, Tools>) = {}
  ): Agent.Factory<never, never, R | VoiceTool.Services<Tools[number]> | LanguageModel.LanguageModel> =>
  (request) => {
    type All = R | VoiceTool.Services<Tools[number]>
    const given = (typeof options === "function" ? options(request) : options) as Options<All>
    return Effect.map(makeAgent(given), (agent) =>
      Agent.make(agent.respond, { ...given, session: sessionOf(given, agent.session) })
    )
  }

/**
 * The application's session, combined with the agent's own if a budget of time needs one: the agent's, or one of an agent
 * that may take over.
 */
const sessionOf = <R>(
  { budgets = [], session, tools = [] }: Options<R>,
  own: LlmAgent<R>["session"]
): Agent.Options<R>["session"] => {
  const isNeeded =
    budgets.some(({ limits }) => limits.time !== undefined) || tools.some(({ kind }) => kind === "handoff")
  if (!isNeeded) return session
  return session === undefined ? own : (call) => Stream.merge(session(call), own(call))
}

/** Line's default prompt, used if neither the request nor the application has one. */
const defaultSystemPrompt = "You are a friendly and helpful assistant. Have a natural conversation with the user."
/** Line's default greeting, used if neither the request nor the application has one. */
const defaultIntroduction = "Hello! I'm your AI assistant. How can I help you today?"

/**
 * Chooses the prompt and the introduction as Line does: the harness's, or else the application's, or else the defaults.
 * An empty prompt counts as missing; an empty introduction is kept, and lets the caller speak first.
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
  return [...base.filter(({ name }) => !names.has(name)), ...over]
}
