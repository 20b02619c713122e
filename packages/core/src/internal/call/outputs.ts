/** Prepares an agent's outputs: checks them, keeps characters whole, and fills in the event they respond to. */
import * as Event from "../../Event.ts"
import * as OutputFields from "./outputFields.ts"

/** Number of outputs sent at once. Beyond that, other calls get a chance to run in between. */
export const atOnce = 256

/** Half of a surrogate pair that waits for the other half, in the texts of one turn. */
export interface Half {
  text: string
}

/** Describes what is wrong with an output, without quoting it. Undefined if it is valid. */
export const fault = (output: unknown): string | undefined => {
  if (Event.isOutput(output)) {
    // The most frequent output has no record.
    if (output._tag === "AgentSendText") return undefined
    const record = OutputFields.faulty(output)
    return record && `the agent has sent an ${output._tag} whose ${record} is not an object with fields`
  }
  if (typeof output !== "object" || output === null)
    return `the agent has sent ${String(output)}, which is not an event`
  const tag = "_tag" in output ? String(output._tag) : undefined
  if (tag === undefined) return "the agent has sent an object without a _tag"
  return Object.hasOwn(Event.Output.cases, tag)
    ? `the agent has sent an ${tag} whose fields are not those of the event`
    : `the agent has sent ${tag}, which is not an output event`
}

/** Prepares an output for sending: a copy of it. Undefined if nothing is left of it yet. */
export const prepare = (output: Event.Output, trigger: Event.Input, half: Half): Event.Output | undefined => {
  if (output._tag !== "AgentSendText") return OutputFields.copy(output, trigger.eventId)
  const { text } = output
  const last = text.charCodeAt(text.length - 1)
  if (half.text === "" && !(last >= 0xd800 && last <= 0xdbff) && text.isWellFormed()) {
    return withText(output, text, trigger)
  }
  const joined = half.text + text
  const end = joined.charCodeAt(joined.length - 1)
  const cut = end >= 0xd800 && end <= 0xdbff ? joined.length - 1 : joined.length
  half.text = joined.slice(cut)
  const whole = joined.slice(0, cut).toWellFormed()
  return whole === "" ? undefined : withText(output, whole, trigger)
}

/** The same as `OutputFields.copy`, by hand, because it is done for each piece of a reply. */
const withText = (
  { interruptible, respondingTo }: Event.AgentSendText,
  text: string,
  { eventId }: Event.Input
): Event.AgentSendText => {
  const answered = respondingTo ?? eventId
  return interruptible === undefined
    ? { _tag: "AgentSendText", text, respondingTo: answered }
    : { _tag: "AgentSendText", text, interruptible, respondingTo: answered }
}

/** Whether an output is text that is spoken to its end once it is taken, whatever happens on the call. */
export const isLasting = (output: Event.Output): output is Event.AgentSendText =>
  output._tag === "AgentSendText" && output.interruptible === false

/** Whether the caller hears or notices an output. */
export const isNoticed = (output: Event.Output): boolean => {
  switch (output._tag) {
    case "AgentSendText":
      return output.text.trim() !== ""
    case "AgentSendDtmf":
    case "AgentEndCall":
    case "AgentTransferCall":
    case "AgentSendCustom":
      return true
    case "AgentToolCalled":
    case "AgentToolReturned":
    case "AgentUpdateCall":
    case "LogMetric":
    case "LogMessage":
      return false
    default:
      return output satisfies never
  }
}
