/**
 * Lets the model hand the conversation over to another agent in the same process.
 *
 * The other agent is made for this call, greets as if the call had just begun, and gets every event from then on. An
 * `LlmAgent` without a greeting answers what the caller has said. The filters and policies of the first agent remain in
 * force.
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as EventId from "@antiphon/core/EventId"
import * as History from "@antiphon/core/History"
import * as Recorder from "@antiphon/core/recording/Recorder"
import type * as Turn from "@antiphon/core/Turn"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as CallerWords from "../internal/callerWords.ts"
import * as CallPast from "../internal/callPast.ts"
import * as ModelTap from "../internal/modelTap.ts"
import * as Transcript from "../internal/transcript.ts"
import * as HandBack from "./internal/handBack.ts"
import * as Seam from "./internal/seam.ts"
import * as VoiceTool from "./VoiceTool.ts"

/**
 * How much of the call so far the other agent sees.
 *
 * - `all`: everything that was said.
 * - `summary`: a summary by the model. Everything, if the model cannot make one within 5 seconds.
 * - `none`: nothing.
 */
export type ContextPolicy = "all" | "summary" | "none"

export interface Options<C extends ContextPolicy = "all"> extends Pick<
  VoiceTool.Options,
  "description" | "activeTurns"
> {
  /** `transfer_to_` and the name of the agent's service by default, or `transfer_to_agent`. */
  readonly name?: string | undefined
  /** Said before the other agent takes over. */
  readonly handoffMessage?: string | undefined
  /** Whether the caller can interrupt the message. True by default. */
  readonly interruptible?: boolean | undefined
  /** Changes to the voice between the message and the other agent's first words. */
  readonly updateCall?: Omit<Event.OutputOf<"AgentUpdateCall">, "_tag" | "respondingTo"> | undefined
  /** `all` by default. */
  readonly context?: C | undefined
}

/** Options of the tool that hands the call back. */
export interface BackOptions {
  /** Name of the tool that the other agent gets. `hand_back` by default. */
  readonly backName?: string | undefined
  readonly backDescription?: string | undefined
}

type Needs<R, C> = Exclude<R, Scope.Scope> | (C extends "summary" ? LanguageModel.LanguageModel : never)

/** An agent that a Layer provides: a service. */
interface Named<E, R, R2> {
  readonly key: string
  readonly factory: Agent.Factory<E, R, R2>
}

/** Makes the tool that hands the call to an agent for good: a bare agent, a spec, a factory or a service. */
export const make: {
  <E = never, R = never, R2 = never, const C extends ContextPolicy = "all">(
    service: Named<E, R, R2>,
    options?: Options<C>
  ): VoiceTool.VoiceTool<Needs<R | R2, C>>
  <E = never, R = never, R2 = never, const C extends ContextPolicy = "all">(
    source: Agent.Made<E, R, R2>,
    options?: Options<C>
  ): VoiceTool.VoiceTool<Needs<R | R2, C>>
  <R, const C extends ContextPolicy = "all">(
    agent: Agent.Agent<unknown, R>,
    options?: Options<C>
  ): VoiceTool.VoiceTool<Needs<R, C>>
} = <E, R, R2, C extends ContextPolicy>(
  source: Agent.Source<E, R, R2> | Named<E, R, R2>,
  options: Options<C> = {}
): VoiceTool.VoiceTool<Needs<R | R2, C>> => {
  const factory = factoryOf<E, R, R2>(source)
  return handoff(options.name ?? nameOf(source), options, () => factory)
}

/**
 * Makes the tool that hands the call to an agent with a way back. The other agent gets one more tool; when its model
 * calls that, the first agent continues in the same turn, and reads why the call came back.
 *
 * A service gets the tool by itself: `makeReturning(Billing)`. A function gets the tool as its argument, for agents
 * that offer it themselves, or only sometimes.
 */
export const makeReturning: {
  <E = never, R = never, R2 = never, const C extends ContextPolicy = "all">(
    source: Named<E, R, R2>,
    options?: Options<C> & BackOptions
  ): VoiceTool.VoiceTool<Needs<R | R2, C>>
  <E = never, R = never, R2 = never, const C extends ContextPolicy = "all">(
    source: (back: VoiceTool.VoiceTool) => Agent.Made<E, R, R2>,
    options?: Options<C> & BackOptions
  ): VoiceTool.VoiceTool<Needs<R | R2, C>>
  <R, const C extends ContextPolicy = "all">(
    source: (back: VoiceTool.VoiceTool) => Agent.Agent<unknown, R>,
    options?: Options<C> & BackOptions
  ): VoiceTool.VoiceTool<Needs<R, C>>
} = <E, R, R2, C extends ContextPolicy>(
  source: Named<E, R, R2> | ((back: VoiceTool.VoiceTool) => Agent.Source<E, R, R2>),
  options: Options<C> & BackOptions = {}
): VoiceTool.VoiceTool<Needs<R | R2, C>> => {
  const name = options.name ?? nameOf(source)
  return handoff(name, options, ({ giveBack }): Agent.Factory<E, R, R2> => {
    const way = back(name, options, giveBack)
    return "factory" in source
      ? (request) => Effect.provideService(source.factory(request), HandBack.Given, way)
      : factoryOf<E, R, R2>(source(way))
  })
}

const factoryOf = <E, R, R2>(source: Agent.Source<E, R, R2> | Named<E, R, R2>): Agent.Factory<E, R, R2> =>
  Agent.from(source as Agent.Made<E, R, R2>)

/** `transfer_to_` and the name of a service. */
const nameOf = (source: object): string =>
  "key" in source && typeof source.key === "string"
    ? `transfer_to_${source.key
        .replace(/^.*\//, "")
        .toLowerCase()
        .replace(/[^a-z0-9_-]/g, "_")}`
    : "transfer_to_agent"

const back = (name: string, options: BackOptions, giveBack: Effect.Effect<void>): VoiceTool.VoiceTool =>
  VoiceTool.passthrough(
    options.backName ?? "hand_back",
    {
      description:
        options.backDescription ??
        "Give the conversation back to the agent that it came from. Use when your task is done, or when the user wants something that is not yours. Do not speak a separate line before calling this tool.",
      concurrency: "sequential",
      parameters: {
        reason: Schema.String.annotate({
          description: "Why the conversation goes back, and what was found out or done"
        })
      }
    },
    ({ reason }, { turn }) =>
      Stream.fromEffectDrain(
        Effect.andThen(
          turn.addEntry(`The conversation has come back from ${name}. ${CallerWords.read(reason)}`, { role: "system" }),
          giveBack
        )
      )
  )

const handoff = <E, R, R2, C extends ContextPolicy>(
  name: string,
  options: Options<C>,
  factoryOf: (context: VoiceTool.HandoffContext) => Agent.Factory<E, R, R2>
): VoiceTool.VoiceTool<Needs<R | R2, C>> => {
  const { activeTurns, context: policy = "all", handoffMessage = "", interruptible = true, updateCall } = options
  const first: ReadonlyArray<Event.Output> = [
    ...(handoffMessage === "" ? [] : [Event.sendText(handoffMessage, { interruptible })]),
    ...(updateCall === undefined ? [] : [Event.updateCall(updateCall)])
  ]
  const description = options.description ?? "Transfer the conversation to another agent."
  const tool = VoiceTool.handoff(name, { description, activeTurns }, (_, context) =>
    Effect.gen(function* () {
      // An agent that does not see all of the call has a past of its own.
      const past = policy === "all" ? yield* CallPast.Shared : undefined
      const made = factoryOf(context)(context.turn.request)
      const spec = yield* Effect.provideService(made, CallPast.Shared, past)
      const nextId = yield* EventId.make
      const started: Event.Input = { _tag: "CallStarted", eventId: nextId() }
      // The next agent sees no more than this agent does.
      const own = yield* Seen
      // Made once, and only after the message has been sent.
      const view = yield* Effect.cached(
        Effect.map(
          views[policy](context.turn, nextId),
          (view): View =>
            (history) =>
              view(own(history))
        )
      )
      const target = (event: Event.Input, turn: Turn.Turn) =>
        Stream.unwrap(
          Effect.map(view, (view) =>
            Stream.provideService(
              spec.agent(event, {
                ...turn,
                trigger: event,
                history: view(turn.history),
                currentHistory: Effect.map(turn.currentHistory, view)
              }),
              Seen,
              view
            )
          )
        )
      const agent: Agent.Agent<unknown, R2 | LanguageModel.LanguageModel> = (event, turn) => {
        if (event._tag !== "AgentHandedOff") return target(event, turn)
        const seam = Seam.make()
        const message = Seam.noting(seam)(Stream.fromIterable(first))
        return Stream.concat(message, Seam.part(seam)(target(started, turn)))
      }
      return agent
    })
  )
  // The factory gets the call's scope, in which a handoff runs. The model is only needed for a summary.
  return tool as VoiceTool.VoiceTool<never>
}

/** Makes the view of a history that the other agent gets. */
type View = (history: History.History) => History.History

/** What the current agent sees of the call. An agent that passes an event on gives it the call's own history. */
const Seen = Context.Reference<View>("@antiphon/llm/tool/AgentAsHandoff/Seen", { defaultValue: () => everything })

/** Leaves out what happened before a moment. */
const since = (before: History.History, instead: ReadonlyArray<History.Entry> = []): View => {
  const keys = new Set([...before.entries, ...instead].map(({ key }) => key))
  return (now) => History.make(() => [...instead, ...now.entries.filter(({ key }) => !keys.has(key))])
}

const everything: View = (now) => now

const views: {
  readonly [C in ContextPolicy]: (
    turn: Turn.Turn,
    nextId: EventId.EventId
  ) => Effect.Effect<View, never, LanguageModel.LanguageModel>
} = {
  all: () => Effect.succeed(everything),
  none: (turn) => Effect.map(turn.currentHistory, (now) => since(now)),
  summary: (turn, nextId) =>
    Effect.gen(function* () {
      const now = yield* turn.currentHistory
      const lines = Transcript.lines(now, { turn: turn.id, trigger: turn.trigger })
      const prompt: ReadonlyArray<Prompt.MessageEncoded> = [
        { role: "system", content: summaryPrompt },
        { role: "user", content: [{ type: "text", text: lines.map(written).join("\n") }] }
      ]
      const asked = LanguageModel.generateText({ prompt }).pipe(
        ModelTap.generated(yield* Recorder.Current, { turn: turn.id, prompt, tools: [] })
      )
      const summary = yield* asked.pipe(
        Effect.timeoutOption("5 seconds"),
        Effect.catchCause((cause) =>
          Effect.as(Effect.logWarning("no summary for the agent that takes over", cause), Option.none())
        )
      )
      if (Option.isNone(summary) || summary.value.text.trim() === "") return everything
      const item: Event.CustomHistoryEntry = {
        _tag: "CustomHistoryEntry",
        eventId: nextId(),
        role: "system",
        content: `What happened on the call so far: ${CallerWords.read(summary.value.text.trim())}`
      }
      return since(now, [{ key: -2, turn: 0, item }])
    })
}

const summaryPrompt =
  "Summarise this phone conversation for a colleague who takes it over now. Say who the caller is, what the caller wants, and what was found out, done and promised. Keep names, numbers and dates as they are. At most five sentences, nothing else."

/** One line each, so that a caller's words cannot look like someone else's line. */
const written = (line: Transcript.Line): string =>
  line.role === "tool"
    ? `(${line.call.name}: ${oneLine(Transcript.fenced(line.call.result))})`
    : `${line.role === "user" ? "Caller" : line.role === "assistant" ? "Agent" : "Note"}: ${oneLine(line.text)}`

const oneLine = (text: string): string =>
  text.replace(/\s+/g, (space) => (/[^\S\t \u00A0\u3000]/.test(space) ? " " : space))
