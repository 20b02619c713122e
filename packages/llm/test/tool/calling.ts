/** Runs tools, by hand and in a call with an agent on a scripted model. */
import * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import * as History from "@antiphon/core/History"
import type * as Turn from "@antiphon/core/Turn"
import { type Cause, Effect, Queue, Result, type Scope, Stream } from "effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Tool from "effect/ai/Tool"
import * as ToolSchema from "../../src/internal/toolSchema.ts"
import * as LlmAgent from "../../src/agent/LlmAgent.ts"
import type * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import type * as VoiceTool from "../../src/tool/VoiceTool.ts"
import { settled } from "../support/virtualTest.ts"

/** What a model is shown of a tool. */
export const shown = (tool: Pick<VoiceTool.VoiceTool, "definition">) => ({
  name: tool.definition.name,
  description: Tool.getDescription(tool.definition),
  parameters: ToolSchema.ofTool(tool.definition),
  strict: Tool.getStrictMode(tool.definition) === true
})

/** The result of a tool for some arguments, and the lines it left in the history. */
export const run = <R>(tool: VoiceTool.VoiceTool<R>, args: unknown, request = CallRequest.make()) => {
  const entries: Array<string> = []
  const empty = History.make(() => [])
  const turn = {
    id: 1,
    trigger: { _tag: "CallStarted", eventId: "e1" },
    request,
    history: empty,
    currentHistory: Effect.succeed(empty),
    addEntry: (content: string) => Effect.sync(() => void entries.push(content))
  } as unknown as Turn.Turn
  return Effect.map(
    Stream.runCollect(tool.run(Result.getOrThrow(tool.decode(args)), { turn, toolCallId: "c1" })),
    (values) => ({ values, entries })
  )
}

type Spec<R> = Agent.AgentSpec<unknown, R>

/**
 * A call on virtual time with an agent on a scripted model: what it sent, what the model was sent, and a function to
 * report with.
 */
export const playing = <R = never>(
  model: ScriptedModel.ScriptedModel,
  options: LlmAgent.Options<R | LanguageModel.LanguageModel>,
  factory: Agent.Factory<never, never, R | LanguageModel.LanguageModel> = LlmAgent.make(options)
) =>
  Effect.gen(function* () {
    const spec = (yield* factory(CallRequest.make())) as Spec<R | LanguageModel.LanguageModel>
    const reports = yield* Queue.unbounded<Event.Report, Cause.Done>()
    const sent: Array<Event.Output> = []
    yield* Call.run(spec, Stream.fromQueue(reports)).pipe(
      Stream.runForEach((output) => Effect.sync(() => sent.push(output))),
      Effect.provide(model.layer),
      Effect.forkScoped
    )
    yield* settled
    const report = (...all: ReadonlyArray<Event.Report>) => Effect.andThen(Queue.offerAll(reports, all), settled)
    return {
      report,
      end: Effect.andThen(Queue.end(reports), settled),
      say: (content: string) =>
        report({ _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content }, { _tag: "UserTurnEnded" }),
      /** What was sent, one line each. Metrics only by name, on request. */
      sent: ({ metrics = false } = {}) => sent.flatMap((output) => line(output, metrics)),
      prompts: Effect.map(model.prompts, (played) => played.map(({ prompt }) => prompt.content.flatMap(messageLines)))
    }
  }) as Effect.Effect<Playing, never, Exclude<R, LanguageModel.LanguageModel> | Scope.Scope>

export interface Playing {
  readonly report: (...all: ReadonlyArray<Event.Report>) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
  readonly say: (content: string) => Effect.Effect<void>
  readonly sent: (options?: { readonly metrics?: boolean }) => ReadonlyArray<string>
  readonly prompts: Effect.Effect<ReadonlyArray<ReadonlyArray<string>>>
}

const line = (output: Event.Output, metrics: boolean): ReadonlyArray<string> => {
  switch (output._tag) {
    case "LogMetric":
      return metrics ? [output.name] : []
    case "AgentSendText":
      return [output.text]
    case "AgentToolCalled":
      return [`${output.toolName}(${output.toolCallId})`]
    case "AgentToolReturned":
      return [`${output.toolName}(${output.toolCallId}) = ${JSON.stringify(output.result)}`]
    default:
      return [output._tag]
  }
}

type Message = Effect.Success<ScriptedModel.ScriptedModel["prompts"]>[number]["prompt"]["content"][number]

const messageLines = (message: Message): ReadonlyArray<string> =>
  typeof message.content === "string"
    ? [`${message.role}: ${message.content}`]
    : message.content.map((part) => {
        if (part.type === "text") return `${message.role}: ${part.text}`
        if (part.type === "tool-call") return `call ${part.id}`
        return part.type === "tool-result" ? `result ${part.id}: ${String(part.result)}` : part.type
      })
