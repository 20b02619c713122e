/** Asks a model to summarise the beginning of a conversation. */
import type * as Recorder from "@antiphon/core/recording/Recorder"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as ModelTap from "../../internal/modelTap.ts"
import type * as Transcript from "../../internal/transcript.ts"
import * as ModelSettings from "../../model/ModelSettings.ts"
import * as ContextPolicy from "../ContextPolicy.ts"
import * as ModelPrompt from "./modelPrompt.ts"
import * as OwnPrompt from "./ownPrompt.ts"
import * as Squeeze from "./squeeze.ts"

/** Options of a summary. */
export interface Asking {
  readonly lines: ReadonlyArray<Transcript.Line>
  readonly policy: ContextPolicy.ContextPolicy
  readonly settings: ModelSettings.ModelSettings
  /** Maximum estimated tokens of the conversation. */
  readonly room: number
  readonly recorder: Recorder.Recorder | undefined
  readonly turn: number
}

/** The longest wait for a summary. Without an end, there would never be another one. */
const patience = "1 minute"

/** The share of the conversation's room that a summary may take. */
const share = 0.2

/**
 * Writes the summary. Empty if there is nothing to summarise, or if the model fails or returns no words, which is
 * logged.
 *
 * Calls and results are rendered as text, because the request has no tools, and some providers accept no calls then.
 */
export const ask = ({
  lines,
  policy,
  recorder,
  room,
  settings,
  turn
}: Asking): Effect.Effect<string, never, LanguageModel.LanguageModel> =>
  Effect.suspend(() => {
    if (lines.length === 0) return Effect.succeed("")
    const asked: ReadonlyArray<Transcript.Line> = [
      ...Squeeze.fit(lines.map(inWords), room),
      { role: "user", text: policy.summaryPrompt ?? ContextPolicy.defaultSummaryPrompt }
    ]
    const tokens = policy.summaryTokens ?? 600
    // Some models write more than they are allowed: a summary must not fill the window that it makes room in.
    const longest = Math.min(tokens * 2, room * share)
    const prompt: ReadonlyArray<Prompt.MessageEncoded> = ModelPrompt.messages("", asked, new Map())
    return LanguageModel.generateText({ prompt: OwnPrompt.make(prompt) }).pipe(
      ModelTap.generated(recorder, { turn, prompt, tools: [] }),
      ModelSettings.override({
        ...settings,
        maxTokens: tokens,
        stop: null,
        reasoningEffort: "none"
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
  return { role: "system", text: `The tool ${name} was called with ${JSON.stringify(args)}: ${result}` }
}
