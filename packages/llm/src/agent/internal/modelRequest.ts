/** One request to the model: what is sent, and the outputs produced from its reply. */
import type * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import type * as Tool from "effect/ai/Tool"
import type * as Toolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { AsText } from "../../model/internal/objectTool.ts"
import type * as ModelSettings from "../../model/ModelSettings.ts"
import * as Usage from "../../model/Usage.ts"
import * as ToolRunner from "../../tool/internal/toolRunner.ts"
import type * as SpokenObject from "../SpokenObject.ts"
import * as ContextKeeper from "./contextKeeper.ts"
import * as FittedPrompt from "./fittedPrompt.ts"
import type * as ModelPrompt from "./modelPrompt.ts"
import * as ObjectReply from "./objectReply.ts"
import { ObjectText } from "./objectText.ts"
import { PlainWords } from "./plainWords.ts"
import * as ReplyOutputs from "./replyOutputs.ts"
import * as ReplyParts from "./replyParts.ts"
import * as RequestUsage from "./requestUsage.ts"

/** What the requests of a turn have in common. */
export interface Requesting<R> extends FittedPrompt.Fitting {
  /** What the model should reply with, if not with words. */
  readonly object: SpokenObject.SpokenObject<R> | undefined
  /** Whether the object is requested as the arguments of a tool. */
  readonly objectIsTool: boolean
  readonly markdown: "strip" | "keep"
  /** The key under which providers cache the call's prompts. */
  readonly cacheKey: string | undefined
  readonly reasoning: ModelPrompt.Reasoning
  readonly toolkit: Toolkit.Toolkit<Record<string, Tool.Any>>
}

/** The content of a request. */
export interface Asked {
  readonly now: History.History
  readonly prompt: ReadonlyArray<Prompt.MessageEncoded>
  /** Estimated tokens of the whole prompt. */
  readonly size: number
  readonly settings: ModelSettings.ModelSettings
  /** Measurements still to be taken at the turn's first words or first call. */
  readonly firsts: ReplyParts.Collecting["firsts"]
}

/** A reply. Except for its outputs, it is complete when those have ended. */
export interface Replying<R> {
  readonly outputs: Stream.Stream<Event.Output, AiError.AiError, R | LanguageModel.LanguageModel>
  readonly reply: ReplyParts.Collected
  /** The text written for the object; undefined if words were requested. */
  readonly written: ObjectText | undefined
  /** The reply's usage, by the models that took part in it. */
  readonly reports: ReadonlyArray<Usage.Report>
}

/** Makes the request. It is sent when its outputs are first pulled. */
export const make = <R>(requesting: Requesting<R>, asked: Asked): Replying<R> => {
  const { keeper, object } = requesting
  const { size } = asked
  const reply = ReplyParts.empty()
  const written = object === undefined ? undefined : new ObjectText(object.speak)
  const request = RequestUsage.make(requesting.spending, requesting.named, requesting.observer)
  const collecting = collectingOf(requesting, asked, { reply, written, request })
  const end = (isGivenUp: boolean) => {
    // A request that failed before anything came is not billed, and one that the caller interrupted is.
    const input = reply.begun || isGivenUp ? size * keeper.factor : 0
    return Effect.andThen(request.settle({ input, output: reply.size }), FittedPrompt.sumUp(requesting, size))
  }
  const outputs = ReplyOutputs.make(
    sendingOf(requesting, asked, request),
    (parts) => ReplyParts.collect(reply, parts, collecting),
    end
  ) as Replying<R>["outputs"]
  return { outputs, reply, written, reports: request.reports }
}

const sendingOf = <R>(
  { cacheKey, object, objectIsTool, recorder, shown, toolkit, turn }: Requesting<R>,
  { prompt, settings }: Asked,
  { observe }: RequestUsage.RequestUsage
): ReplyOutputs.Sending => ({
  turn,
  recorder,
  prompt,
  tools: shown,
  toolkit,
  toolChoice: objectIsTool ? ObjectReply.toolChoice(object!, shown).toolChoice : undefined,
  settings,
  asking: { cacheKey, object: objectIsTool ? undefined : object?.definition },
  observe
})

const collectingOf = <R>(
  { keeper, markdown, object, objectIsTool, reasoning, runner }: Requesting<R>,
  { firsts, now, size }: Asked,
  { reply, request, written }: Pick<Replying<R>, "reply" | "written"> & { readonly request: RequestUsage.RequestUsage }
): ReplyParts.Collecting => ({
  firsts,
  object: written,
  plain: markdown === "strip" ? new PlainWords() : undefined,
  asText: objectIsTool ? new AsText(object!.definition.name) : undefined,
  claimId: (id) => ToolRunner.claimId(runner, id, now),
  keep: (id, thoughts, marks) => void reasoning.set(id, { thoughts, marks }),
  finished: (usage) => {
    if (!reply.searched) ContextKeeper.counted(keeper, size, usage.inputTokens.total)
    request.finished(Usage.ofFinish(usage))
  }
})
