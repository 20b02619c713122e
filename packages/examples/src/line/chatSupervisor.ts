import { LlmAgent, Transcript } from "@antiphon/llm"
import { EndCall, VoiceTool } from "@antiphon/llm/tools"
import { Context, Effect, Layer, Schema } from "effect"
import { LanguageModel, Prompt } from "effect/ai"

/** The stronger model, under a name of its own: `LanguageModel` is the one that talks to the caller. */
export class Supervisor extends Context.Service<Supervisor, typeof LanguageModel.LanguageModel.Service>()(
  "app/Supervisor"
) {
  /** `Supervisor.layer.pipe(Layer.provide(Models.fromString("anthropic/claude-opus-4-5")))` */
  static readonly layer = Layer.effect(Supervisor, LanguageModel.LanguageModel)
}

/** Thinks in the background, so the conversation goes on until the answer is there. */
const askSupervisor = VoiceTool.background(
  "ask_supervisor",
  {
    description: "Consults a stronger model about a question that takes deep reasoning.",
    parameters: { question: Schema.String },
    announce: "Let me think about that for a moment."
  },
  ({ question }, { turn }) =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor
      const conversation = Transcript.lines(turn.history, { turn: turn.id, trigger: turn.trigger })
      const prompt = Prompt.make([
        { role: "system", content: "Answer the question about this phone call thoroughly, in words to be spoken." },
        { role: "user", content: JSON.stringify({ conversation, question }) }
      ])
      return (yield* supervisor.generateText({ prompt })).text
    })
)

export const agent = LlmAgent.make({
  systemPrompt: "Answer simple questions yourself. Ask the supervisor about complex ones.",
  introduction: "Hey! I'm here to help with whatever's on your mind.",
  tools: [askSupervisor, EndCall.make()]
})
