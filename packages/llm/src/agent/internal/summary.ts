/** Asks a model to summarise the beginning of a conversation. */
import type * as Recorder from "@antiphon/core/recording/Recorder"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as ModelTap from "../../internal/modelTap.ts"
import * as Transcript from "../../internal/transcript.ts"
import * as ModelSettings from "../../model/ModelSettings.ts"
import * as Usage from "../../model/Usage.ts"
import * as ContextPolicy from "../ContextPolicy.ts"
import * as ModelPrompt from "./modelPrompt.ts"
import * as OwnPrompt from "./ownPrompt.ts"
import * as PromptSize from "./promptSize.ts"
import type * as RequestUsage from "./requestUsage.ts"
import * as Squeeze from "./squeeze.ts"

/** Options of a summary. */
export interface Asking {
  readonly lines: ReadonlyArray<Transcript.Line>
  /** The instructions, if they are not the default ones. */
  readonly prompt: string | undefined
  /** The length of the summary. */
  readonly tokens: number
  /** Estimated tokens beyond which it is cut. */
  readonly longest: number
  readonly settings: ModelSettings.ModelSettings
  /** Maximum estimated tokens of the conversation. */
  readonly room: number
  /** Tokens counted by the provider per estimated token. */
  readonly factor: number
  readonly request: RequestUsage.RequestUsage
  readonly recorder: Recorder.Recorder | undefined
  readonly turn: number
}

/** The longest wait for a summary. Without an end, there would never be another one. */
const patience = "1 minute"

/**
 * Writes the summary. Empty if there is nothing to summarise, or if the model fails or returns no words, which is
 * logged.
 *
 * Calls and results are rendered as text, because the request has no tools, and some providers accept no calls then.
 */
export const ask = ({
  factor,
  lines,
  longest,
  prompt: instructions = ContextPolicy.defaultSummaryPrompt,
  recorder,
  request,
  room,
  settings,
  tokens,
  turn
}: Asking): Effect.Effect<string, never, LanguageModel.LanguageModel> =>
  Effect.suspend(() => {
    if (lines.length === 0) return Effect.succeed("")
    const asked: ReadonlyArray<Transcript.Line> = [
      ...Squeeze.fit(lines.map(inWords), room),
      { role: "user", text: instructions }
    ]
    const prompt: ReadonlyArray<Prompt.MessageEncoded> = ModelPrompt.messages("", asked, new Map())
    return LanguageModel.generateText({ prompt: OwnPrompt.make(prompt) }).pipe(
      ModelTap.generated(recorder, { turn, prompt, tools: [] }),
      ModelSettings.override({
        ...settings,
        maxTokens: tokens,
        stop: null,
        reasoningEffort: "none"
      }),
      Effect.provideService(Usage.Observer, request.observe),
      Effect.tap(({ text, usage }) => {
        request.finished(Usage.ofFinish(usage))
        return request.settle({ input: PromptSize.ofLines(asked) * factor, output: PromptSize.ofText(text) })
      }),
      Effect.map(({ text }) => Squeeze.cutTo(text.trim(), longest)),
      Effect.timeout(patience),
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.failCause(cause as Cause.Cause<never>)
          : Effect.as(Effect.logWarning("The beginning of the conversation could not be summarised.", cause), "")
      )
    )
  }) as Effect.Effect<string, never, LanguageModel.LanguageModel>

const inWords = (line: Transcript.Line): Transcript.Line => {
  if (line.role !== "tool") return line
  const { args, name, result } = line.call
  return {
    role: "system",
    text: `The tool ${name} was called with ${JSON.stringify(args)}: ${Transcript.fenced(result)}`
  }
}
