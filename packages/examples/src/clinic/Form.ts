import { VoiceTool } from "@antiphon/llm/tools"
import { Context, Effect, Layer, Option, Ref, Schema } from "effect"
import { Database } from "./Database.ts"

const Booking = Schema.Struct({
  slot: Schema.Int,
  name: Schema.NonEmptyString,
  birthDate: Schema.String.check(Schema.isPattern(/^\d{4}-\d{2}-\d{2}$/))
})
const fields = ["slot", "name", "birthDate"] as const

/** The form of one call, shared by its tools. */
export class Form extends Context.Service<Form, Ref.Ref<Partial<typeof Booking.Type>>>()("clinic/Form") {
  static readonly layer = Layer.effect(Form, Ref.make({}))
}

const { birthDate, name, slot } = Booking.fields

/** Writes down what was said. An answer that does not fit is refused before the handler runs, and the model reads why. */
export const fillIn = VoiceTool.loopback(
  "fill_in",
  {
    description: "Writes into the form what the caller has just said. Leave out the rest.",
    parameters: { slot: Schema.optional(slot), name: Schema.optional(name), birthDate: Schema.optional(birthDate) }
  },
  (answers) =>
    Effect.gen(function* () {
      const said = Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== undefined))
      const form = yield* Ref.updateAndGet(yield* Form, (before) => ({ ...before, ...said }))
      return { stillMissing: fields.filter((field) => form[field] === undefined) }
    })
)

/** Books even if the caller says something meanwhile, or hangs up. */
export const confirm = VoiceTool.loopback(
  "confirm_booking",
  { description: "Books the appointment once the caller has confirmed it.", interruption: "uninterruptible" },
  () =>
    Effect.gen(function* () {
      const form = Schema.decodeUnknownOption(Booking)(yield* Ref.get(yield* Form))
      if (Option.isNone(form)) return "error: the form is incomplete"
      const isBooked = yield* (yield* Database).book(form.value.slot, form.value.name)
      return isBooked ? "booked" : "error: the slot is taken"
    })
)
