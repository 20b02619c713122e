import { LlmAgent, Transcript } from "@antiphon/llm"
import { VoiceTool, WebSearch } from "@antiphon/llm/tools"
import { Effect, Schema } from "effect"
import { LanguageModel } from "effect/ai"

const Lead = Schema.Struct({
  name: Schema.String,
  company: Schema.String,
  phone: Schema.String,
  interest: Schema.Literals(["high", "medium", "low", "unknown"]),
  painPoints: Schema.Array(Schema.String)
})
const contact = ["name", "company", "phone"] as const

/** Reads the whole call anew each time, so nothing has to be merged. */
const extractLead = VoiceTool.background(
  "extract_lead",
  { description: "Call this after each answer of the user: it writes down who they are.", announce: "I see." },
  (_, { turn }) =>
    Effect.gen(function* () {
      const conversation = Transcript.lines(turn.history, { turn: turn.id, trigger: turn.trigger })
      const { value: lead } = yield* LanguageModel.generateObject({
        prompt: `Extract the lead from this sales call; leave empty what was not said.\n${JSON.stringify(conversation)}`,
        schema: Lead
      })
      return { lead, missing: contact.filter((field) => lead[field] === "") }
    })
)

const researchCompany = VoiceTool.background(
  "research_company",
  {
    description: "Finds out about a company on the web. Call it once, when the user names theirs.",
    parameters: { company: Schema.String },
    announce: "I know of them."
  },
  ({ company }) =>
    Effect.gen(function* () {
      const { search } = yield* WebSearch.Search
      const hits = yield* search(`${company} overview and challenges`, { limit: 5 })
      return (yield* LanguageModel.generateText({ prompt: `Summarise for a seller:\n${JSON.stringify(hits)}` })).text
    })
)

export const agent = LlmAgent.make({
  systemPrompt: "You sell voice agents. Find out what the caller needs, and ask for what is missing of the lead.",
  introduction: "Hi! Who am I speaking with?",
  tools: [extractLead, researchCompany]
})
