import { Filler, Guard, WordBuffer } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { Effect } from "effect"

const assistant = LlmAgent.make({
  systemPrompt: "You answer the phone of a pharmacy.",
  // Keeps a tool call that the model writes as text from being spoken.
  speechLeakGuard: { fallbackText: "Sorry, could you say that again?" }
})

/** Replaces each sentence that names a dose. The judge may ask a classifier, or another model. */
const noDoses: Guard.OutputJudge = (sentence) => Effect.succeed(/\d\s?mg\b/.test(sentence) ? undefined : sentence)

const guarded = Guard.output(assistant, noDoses, { fallback: "A pharmacist has to answer that." })

/** Says "One moment" if nothing was said for two seconds, and sends whole words only. */
export const pharmacy = WordBuffer.agent(
  Filler.agent(guarded, { after: "2 seconds", texts: ["One moment, please.", "Nearly there."], every: "4 seconds" })
)
