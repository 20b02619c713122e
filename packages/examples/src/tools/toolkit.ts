import { LlmAgent } from "@antiphon/llm"
import { VoiceTool } from "@antiphon/llm/tools"
import { Effect, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"

/** A toolkit of `effect/ai`, as the rest of an application may have it. */
const Orders = Toolkit.make(
  Tool.make("find_order", { parameters: Schema.Struct({ id: Schema.String }), success: Schema.String }),
  Tool.make("cancel_order", { parameters: Schema.Struct({ id: Schema.String }), success: Schema.String })
)

/** Its handlers. The agent needs them, and the compiler says so. */
export const OrdersLive = Orders.toLayer({
  find_order: ({ id }) => Effect.succeed(`${id} is on its way`),
  cancel_order: ({ id }) => Effect.succeed(`${id} is cancelled`)
})

/** A caller who speaks over a cancellation does not stop it half-way. */
export const support = LlmAgent.make({
  systemPrompt: "You look after orders.",
  tools: VoiceTool.fromToolkit(Orders, {
    timeout: "10 seconds",
    tools: { cancel_order: { interruption: "uninterruptible" } }
  })
})
