/** Distinguishes the values of a tool: outputs go to the caller, anything else to the model. */
import * as Event from "@antiphon/core/Event"
import * as Schema from "effect/Schema"

/** Whether a tool's value goes to the caller. */
export const isOutput: (value: unknown) => value is Event.Output = Schema.is(Event.Output)

/** Whether the caller notices an output. */
export const isNoticed = (output: Event.Output): boolean =>
  output._tag === "AgentSendText"
    ? /\S/.test(output.text)
    : output._tag === "AgentSendDtmf" || output._tag === "AgentEndCall" || output._tag === "AgentTransferCall"
