/** Builds what is sent to a model: the lines it reads, and the tools it sees. */
import * as History from "@antiphon/core/History"
import type * as Turn from "@antiphon/core/Turn"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import type * as Prompt from "effect/ai/Prompt"
import type * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import * as ContextWindow from "../../model/internal/contextWindow.ts"
import * as ModelSettings from "../../model/ModelSettings.ts"
import * as ToolRunner from "../../tool/internal/toolRunner.ts"
import type { VoiceTool } from "../../tool/VoiceTool.ts"
import * as Transcript from "../../internal/transcript.ts"

/** What an application can pass instead of the history: events, its own lines, and tool calls with their outcomes. */
export type GivenHistory = ReadonlyArray<History.GivenEvent>

/** Options for reading the history of a turn. */
export interface Reading extends Pick<Transcript.Options, "describeEvent" | "interruptedMark"> {
  readonly turn: Turn.Turn
  readonly runner: ToolRunner.ToolRunner
  readonly read: Transcript.Reader
  readonly tools: ReadonlyArray<{ readonly name: string }>
  /** The first turn of the call that the agent has run itself. */
  readonly firstTurn: number
  /** Added last. A string counts as words of the user. */
  readonly context: string | GivenHistory | undefined
  /** Replaces what happened before this turn. */
  readonly history: GivenHistory | undefined
}

/** How the transcript of a turn is read. */
export const options = ({
  describeEvent,
  firstTurn,
  interruptedMark,
  runner,
  tools,
  turn
}: Reading): Transcript.Options => {
  const names = new Set(tools.map(({ name }) => name))
  const whose: Transcript.Options["whose"] = ({ toolCallId, toolName }, turn) =>
    // The application's additions to the history belong to no turn.
    turn === 0 || (turn < firstTurn && names.has(toolName)) ? "own" : ToolRunner.whose(runner, toolCallId)
  return { turn: turn.id, trigger: turn.trigger, whose, describeEvent, interruptedMark }
}

/** The lines that the model reads. */
export const lines = (now: History.History, turning: Reading): ReadonlyArray<Transcript.Line> => {
  const { context, history, read, turn } = turning
  const reading = options(turning)
  const last: ReadonlyArray<Transcript.Line> =
    typeof context === "string" ? [{ role: "user", text: context }] : given(context, reading)
  if (history === undefined) return [...read(now, reading), ...last]
  // This turn's own lines stay: a model that cannot see its tools' results asks for them again.
  const own = History.make(() => now.entries.filter((entry) => entry.turn === turn.id))
  return [...given(history, reading), ...Transcript.lines(own, { ...reading, trigger: undefined }), ...last]
}

/** Whether the caller has said nothing since they interrupted the agent's last reply, part of which was heard. */
export const isCutOff = ({ entries }: History.History): boolean => {
  const last = entries.findLast(({ item }) => item._tag === "AgentTextSent" || item._tag === "UserTextSent")
  const span = last?.heard?.spans.at(-1)
  if (span === undefined) return false
  const said = entries.flatMap(({ item, turn }) =>
    turn === span.turn && item._tag === "AgentSendText" ? [item.text] : []
  )
  return /\S/.test(said.join("").slice(span.to))
}

const given = (events: GivenHistory | undefined, options: Transcript.Options): ReadonlyArray<Transcript.Line> =>
  events === undefined
    ? []
    : Transcript.lines(
        History.make(() => events.map((item, key) => ({ key, turn: 0, item }))),
        { ...options, trigger: undefined }
      )

/** What came with each call, by id: preceding thoughts and signatures, which providers require back with the result. */
export type Reasoning = Map<
  string,
  {
    readonly thoughts: ReadonlyArray<Prompt.ReasoningPartEncoded>
    readonly marks: Prompt.ToolCallPartEncoded["options"]
  }
>

/** Makes messages of `effect/ai`: each call is a message, and its result is the next one. */
export const messages = (
  systemPrompt: string,
  lines: ReadonlyArray<Transcript.Line>,
  reasoning: Reasoning
): ReadonlyArray<Prompt.MessageEncoded> => {
  const all: Array<Prompt.MessageEncoded> = systemPrompt === "" ? [] : [{ role: "system", content: systemPrompt }]
  for (const line of lines) {
    if (line.role === "tool") all.push(...ofCall(line, reasoning))
    else all.push(spoken(line))
  }
  return all
}

type ToolLine = Extract<Transcript.Line, { readonly role: "tool" }>
type SpokenLine = Exclude<Transcript.Line, ToolLine>

const ofCall = ({ call }: ToolLine, reasoning: Reasoning): ReadonlyArray<Prompt.MessageEncoded> => {
  const { args, id, name, result } = call
  const kept = reasoning.get(id) ?? reasoning.get(id.replace(/-\d+$/, ""))
  const marks = kept?.marks === undefined ? {} : { options: kept.marks }
  return [
    {
      role: "assistant",
      content: [...(kept?.thoughts ?? []), { type: "tool-call", id, name, params: args, ...marks }]
    },
    { role: "tool", content: [{ type: "tool-result", id, name, isFailure: false, result }] }
  ]
}

const ofSpoken = new WeakMap<SpokenLine, Prompt.MessageEncoded>()

/** A line that stays from turn to turn becomes a message once. */
const spoken = (line: SpokenLine): Prompt.MessageEncoded => {
  const known = ofSpoken.get(line)
  if (known !== undefined) return known
  const { role, text } = line
  const message: Prompt.MessageEncoded =
    role === "system" ? { role, content: text } : { role, content: [{ type: "text", text }] }
  ofSpoken.set(line, message)
  return message
}

/** The services that tell which model answers, as far as they are there. */
type Names = Context.Context<LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName>

/** The names of the model that will answer, if known. */
export const named = (context: Context.Context<never>): { readonly provider: string; readonly model: string } => ({
  provider: Context.getOrUndefined(context as Names, Model.ProviderName) ?? "unknown",
  model: Context.getOrUndefined(context as Names, Model.ModelName) ?? "unknown"
})

/**
 * The window in tokens of the model that will be asked, with the given settings over the current ones; undefined if
 * unknown.
 */
export const window = (context: Context.Context<never>, settings: ModelSettings.ModelSettings): number | undefined => {
  const { contextWindow } = ModelSettings.merge(Context.get(context, ModelSettings.Current), settings)
  if (contextWindow != null) return contextWindow
  const model = Context.getOrUndefined(context as Names, LanguageModel.LanguageModel)
  const known = model === undefined ? undefined : ContextWindow.of(model)
  if (known !== undefined) return known
  const provider = Context.getOrUndefined(context as Names, Model.ProviderName)
  const name = Context.getOrUndefined(context as Names, Model.ModelName)
  return provider === undefined || name === undefined ? undefined : ContextWindow.named({ provider, model: name })
}

/** The tools for the model. If it has a native equivalent of its only tool, it gets that instead. */
export const shown = <R>(
  context: Context.Context<never>,
  tools: ReadonlyArray<VoiceTool<R>>
): ReadonlyArray<Tool.Any> => {
  const native = tools.length === 1 ? tools[0]!.native : undefined
  const provider = Context.getOrUndefined(context as Names, Model.ProviderName)
  const model = Context.getOrUndefined(context as Names, Model.ModelName)
  const own = provider === undefined || model === undefined ? undefined : native?.({ provider, model })
  return own === undefined ? tools.map(({ definition }) => definition) : [own]
}
