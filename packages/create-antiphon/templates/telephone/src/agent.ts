import { LlmAgent } from "@antiphon/llm"
import { EndCall, TransferCall, VoiceTool } from "@antiphon/llm/tools"
import { Effect, Schema } from "effect"

const openingHours = VoiceTool.loopback(
  "opening_hours",
  {
    description: "Tells when the shop is open.",
    parameters: { day: Schema.Literals(["weekday", "saturday", "sunday"]) }
  },
  ({ day }) => Effect.succeed(day === "sunday" ? "closed" : "nine to six")
)

/** Takes a while: the conversation continues, and the result arrives once nobody is speaking. */
const findRepair = VoiceTool.background(
  "find_repair",
  {
    description: "Finds out how far the repair of a bicycle is, by its number.",
    parameters: { number: Schema.String },
    announce: "I am looking that up."
  },
  ({ number }) => Effect.delay(Effect.succeed(`Repair ${number} will be done on Friday.`), "3 seconds")
)

/**
 * The agent. `antiphon dev` finds it as the default export of this module, and uses the model whose key is in the
 * environment. Export a Layer as `model` to choose one yourself.
 */
export default LlmAgent.make({
  systemPrompt: "You answer the phone of a bicycle shop, in one or two short sentences.",
  introduction: "Bicycle shop, good morning!",
  tools: [openingHours, findRepair, TransferCall.make(), EndCall.make()]
})
