import { Agent, Event, Keypad } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { Effect, Stream } from "effect"
import type { LanguageModel } from "effect/ai"

const factsAbout = (question: string) =>
  Effect.succeed(question.includes("warranty") ? "The warranty is two years." : "")

/** Gives the model facts for one turn, changes its prompt for good, and puts events into words for it. */
export const advisor: Agent.Factory<never, never, LanguageModel.LanguageModel> = () =>
  Effect.gen(function* () {
    const options: LlmAgent.Options = {
      systemPrompt: "You advise customers of a bicycle shop.",
      run: [...Keypad.run, "UserCustomSent"],
      describeEvent: (event) =>
        event._tag === "UserCustomSent" ? `looks at ${String(event.metadata.page)}` : undefined
    }
    const model = yield* LlmAgent.makeAgent(options)
    const french = model.configure((config) => ({ ...config, systemPrompt: `${config.systemPrompt} Speak French.` }))
    return Agent.make((event, turn) => {
      if (event._tag === "UserDtmfSent" && event.button === "2") {
        return Stream.concat(Stream.fromEffectDrain(french), Stream.make(Event.sendText("Bien sûr.")))
      }
      return Stream.unwrap(
        Effect.map(factsAbout(Event.text(event)), (facts) =>
          model.respond(event, turn, facts === "" ? {} : { context: `Facts: ${facts}` })
        )
      )
    }, options)
  })
