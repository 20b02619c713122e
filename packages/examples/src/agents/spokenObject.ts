import { Event } from "@antiphon/core"
import { LlmAgent, SpokenObject } from "@antiphon/llm"
import { Schema, Stream } from "effect"

/** What each turn of the model ends in. `say` is spoken while the model still writes the rest. */
const answer = SpokenObject.make(
  {
    say: Schema.String.annotate({ description: "What the caller hears." }),
    mood: Schema.Literals(["calm", "upset"]),
    order: Schema.optional(Schema.String.annotate({ description: "Number of the order, if the caller named one." }))
  },
  {
    speak: "say",
    then: ({ mood, order }) =>
      Stream.fromIterable<Event.Output>([
        Event.sendCustom({ mood, order }),
        ...(mood === "upset" ? [Event.transferCall("+33140000000")] : [])
      ])
  }
)

export const desk = LlmAgent.make({ systemPrompt: "You answer questions about orders.", object: answer })
