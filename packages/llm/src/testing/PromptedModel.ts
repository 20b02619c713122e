/**
 * A `LanguageModel` that gets another system prompt than the agent's, to try a prompt on a recorded call.
 *
 * @since 0.1.0
 */
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PlanAsk from "../model/internal/plan/planAsk.ts"

/** Which prompt to use instead of which. */
export interface Options {
  readonly systemPrompt: string
  /** Only replaces this system prompt, so that a specialist keeps its own. Replaces all by default. */
  readonly insteadOf?: string | undefined
}

/** Replaces the system prompt in requests to a model. */
export const layer = <E, R>(
  model: Layer.Layer<LanguageModel.LanguageModel, E, R>,
  options: Options
): Layer.Layer<LanguageModel.LanguageModel, E, R> =>
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.flatMap(LanguageModel.LanguageModel, (inner) =>
      LanguageModel.make({
        streamText: (given) => PlanAsk.stream(inner, given, prompted(given.prompt, options)),
        generateText: (given) => PlanAsk.generate(inner, { ...given, prompt: prompted(given.prompt, options) })
      })
    )
  ).pipe(Layer.provide(model))

const prompted = (prompt: Prompt.Prompt, { insteadOf, systemPrompt }: Options): Prompt.Prompt => {
  const system = prompt.content.flatMap((message) => (message.role === "system" ? [message.content] : [])).join("\n\n")
  if (insteadOf !== undefined && insteadOf !== system) return prompt
  const rest = prompt.content.filter(({ role }) => role !== "system")
  return Prompt.fromMessages([Prompt.makeMessage("system", { content: systemPrompt }), ...rest])
}
