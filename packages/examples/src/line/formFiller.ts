import { Agent } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { EndCall, VoiceTool } from "@antiphon/llm/tools"
import { Context, Effect, Layer, Ref, Schema } from "effect"

const fields = ["name", "reason", "dateOfBirth", "phone"] as const
type Answers = { readonly [Field in (typeof fields)[number]]?: string } & { readonly slot?: string }

/** What the caller has answered so far: one form for each call. */
class Form extends Context.Service<Form, Ref.Ref<Answers>>()("app/Form") {
  static readonly layer = Layer.effect(Form, Ref.make<Answers>({}))
}
const answers = Effect.flatMap(Form, Ref.get)
const write = (more: Answers) =>
  Effect.flatMap(
    Form,
    Ref.updateAndGet((form) => ({ ...form, ...more }))
  )
const missing = (form: Answers) => fields.filter((field) => form[field] === undefined)

const slots = ["Monday 9:00", "Monday 14:00", "Thursday 10:30"]

const recordAnswer = VoiceTool.loopback(
  "record_answer",
  { description: "Saves an answer.", parameters: { field: Schema.Literals(fields), answer: Schema.NonEmptyString } },
  ({ answer, field }) => Effect.map(write({ [field]: answer }), (form) => ({ stillMissing: missing(form) }))
)

const selectSlot = VoiceTool.loopback(
  "select_slot",
  { description: "Selects the time of the appointment.", parameters: { slot: Schema.Literals(slots) } },
  ({ slot }) => Effect.as(write({ slot }), `selected ${slot}`)
)

/** Books even if the caller hangs up meanwhile. */
const book = VoiceTool.background(
  "book_appointment",
  { description: "Submits the form.", announce: "I'm booking that for you now.", afterHangUp: "finish" },
  () =>
    Effect.gen(function* () {
      const form = yield* answers
      if (missing(form).length > 0) return { error: "incomplete", stillMissing: missing(form) }
      if (form.slot === undefined) return { error: "no slot was selected", slots }
      yield* Effect.sleep("2 seconds") // a slow booking system
      return `confirmed: ${form.name}, ${form.slot}`
    })
)

export const agent = Agent.provide(
  LlmAgent.make({
    systemPrompt: `Ask for ${fields.join(", ")}, one at a time, then offer ${slots.join(", ")} and book.`,
    introduction: "Hi, this is Jane from the clinic. Who am I speaking with?",
    settings: { maxTokens: 250, temperature: 0.7 },
    tools: [recordAnswer, selectSlot, book, EndCall.make()]
  }),
  Form.layer
)
