/**
 * Gives a model a shorter way for requests whose tool calls are neither run nor checked, which is how agents ask.
 *
 * `LanguageModel.make` makes the schema of a reply for every request, and decodes each piece of a word with it: that is most
 * of what a turn costs. Any other request goes the ordinary way, and so does one that needs something else from it.
 */
import type * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as ResponseIdTracker from "effect/ai/ResponseIdTracker"
import * as Telemetry from "effect/ai/Telemetry"
import type * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import * as Opening from "../../../internal/opening.ts"
import type { EncodedStream } from "./encodedStream.ts"
import * as PartDecoder from "./partDecoder.ts"

type Options = LanguageModel.GenerateTextOptions<Record<string, Tool.Any>>
type Parts = Stream.Stream<PartDecoder.Part, AiError.AiError>

/** The model, with the shorter way to its stream. */
export const make = (
  model: LanguageModel.LanguageModel,
  encoded: EncodedStream
): Effect.Effect<LanguageModel.LanguageModel> =>
  Effect.map(Effect.serviceOption(Telemetry.CurrentSpanTransformer), (transformer) => {
    if (Option.isSome(transformer)) return model
    const streamText = (options: Options): Parts =>
      isPlain(options) ? direct(model, encoded, options) : ordinary(model, options)
    return { ...model, streamText: streamText as LanguageModel.LanguageModel["streamText"] }
  })

const ordinary = (model: LanguageModel.LanguageModel, options: Options): Parts =>
  (model.streamText as unknown as (options: Options) => Parts)(options)

const direct = (model: LanguageModel.LanguageModel, encoded: EncodedStream, options: Options): Parts =>
  Opening.stream((context: Context.Context<never>, scope) => {
    const prompt = Prompt.make(options.prompt)
    if (isWatched(context) || hasApprovals(prompt)) return Opening.pull(ordinary(model, options), scope)
    const span = Effect.makeSpanScoped("LanguageModel.streamText", { kind: "client" })
    return Effect.flatMap(Scope.provide(span, scope), (span) => {
      const request = requestOf(options, prompt, span)
      const decode = PartDecoder.make(request.tools)
      return Effect.map(Opening.pull(encoded(request), scope), (pull) => Effect.flatMap(pull, decode))
    })
  })

const requestOf = (options: Options, prompt: Prompt.Prompt, span: Tracer.Span): LanguageModel.ProviderOptions => {
  const { concurrency = "unbounded", toolChoice = "auto" } = options
  const all = toolsOf(options) ?? []
  const tools =
    typeof toolChoice === "object" && "oneOf" in toolChoice
      ? all.filter(({ name }) => toolChoice.oneOf.includes(name))
      : all
  span.attribute("gen_ai.output.type", "text")
  span.attribute("effect.ai.tool_choice", typeof toolChoice === "string" ? toolChoice : JSON.stringify(toolChoice))
  span.attribute("effect.ai.concurrency", concurrency)
  return {
    prompt,
    tools,
    toolChoice: all.length === 0 ? "none" : toolChoice,
    toolCallValidation: "deferred",
    responseFormat: { type: "text" },
    span,
    previousResponseId: undefined,
    incrementalPrompt: undefined
  }
}

/** Whether the calls of a reply are passed on as they are, and the tools are known. */
const isPlain = (options: Options): boolean =>
  options.disableToolCallResolution === true &&
  options.toolCallValidation === "deferred" &&
  toolsOf(options) !== undefined

const toolsOf = ({ toolkit }: Options): ReadonlyArray<Tool.Any> | undefined => {
  if (toolkit === undefined) return []
  return "tools" in toolkit ? Object.values(toolkit.tools as Record<string, Tool.Any>) : undefined
}

/** Whether something wants to know of the reply as a whole. */
const isWatched = (context: Context.Context<never>): boolean =>
  Option.isSome(Context.getOption(context as Context.Context<Watching>, Telemetry.CurrentSpanTransformer)) ||
  Option.isSome(Context.getOption(context as Context.Context<Watching>, ResponseIdTracker.ResponseIdTracker))

type Watching = Telemetry.CurrentSpanTransformer | ResponseIdTracker.ResponseIdTracker

/** Whether the user has approved calls of tools, which are run before the model is asked. */
const hasApprovals = ({ content }: Prompt.Prompt): boolean =>
  content.some(
    (message) => message.role === "tool" && message.content.some(({ type }) => type === "tool-approval-response")
  )
