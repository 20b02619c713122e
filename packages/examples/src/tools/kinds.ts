import { Event } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { VoiceTool } from "@antiphon/llm/tools"
import { Effect, Schema, Stream } from "effect"

/** Loopback: the model reads the result. Safe to run while the caller may still go on speaking. */
const openingHours = VoiceTool.loopback(
  "opening_hours",
  { description: "Tells when the shop is open.", parameters: { day: Schema.String }, timeout: "5 seconds", safe: true },
  ({ day }) => Effect.succeed(`${day}: nine to six`)
)

/** Passthrough: the caller gets the outputs, and the model is not asked again. */
const emergency = VoiceTool.passthrough("emergency", { description: "Use at once if somebody is hurt." }, () =>
  Effect.succeed([Event.sendText("I'm connecting you. "), Event.transferCall("+33140000015")])
)

/** Background: the conversation goes on, and the result comes back as an event. It outlives a hang-up. */
const order = VoiceTool.background(
  "order",
  {
    description: "Orders a part. Takes a while.",
    parameters: { part: Schema.String },
    announce: "I'm ordering it now.",
    afterHangUp: "finish"
  },
  ({ part }) => Effect.as(Effect.sleep("4 seconds"), `${part} arrives on Friday`)
)

/** A stream may mix what the caller hears with what the model reads. */
const stock = VoiceTool.loopback("stock", { description: "Counts what is in stock." }, () =>
  Stream.make<ReadonlyArray<unknown>>(Event.sendText("I'm looking in the back. "), { tubes: 3 })
)

/** A handler may be async. The signal is aborted when the caller speaks over it. */
const weather = VoiceTool.loopback("weather", { description: "Tells the weather." }, async (_, { signal }) => {
  signal.throwIfAborted()
  return "sunny"
})

export const shop = LlmAgent.make({
  systemPrompt: "You answer the phone of a bicycle shop.",
  tools: [openingHours, emergency, order, stock, weather]
})
