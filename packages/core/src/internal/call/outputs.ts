/** Prepares an agent's outputs: checks them, keeps characters whole, and fills in the event they respond to. */
import * as Event from "../../Event.ts"

/** Number of outputs sent at once. Beyond that, other calls get a chance to run in between. */
export const atOnce = 256

/** Half of a surrogate pair that waits for the other half, in the texts of one turn. */
export interface Half {
  text: string
}

/** Describes what is wrong with an output, without quoting it. Undefined if it is valid. */
export const fault = (output: unknown): string | undefined => {
  if (Event.isOutput(output)) return undefined
  if (typeof output !== "object" || output === null)
    return `the agent has sent ${String(output)}, which is not an event`
  const tag = "_tag" in output ? String(output._tag) : undefined
  if (tag === undefined) return "the agent has sent an object without a _tag"
  return Object.hasOwn(Event.Output.cases, tag)
    ? `the agent has sent an ${tag} whose fields are not those of the event`
    : `the agent has sent ${tag}, which is not an output event`
}

/** Prepares an output for sending. Undefined if nothing is left of it yet. */
export const prepare = (output: Event.Output, trigger: Event.Input, half: Half): Event.Output | undefined => {
  if (output._tag !== "AgentSendText") return respondTo(output, trigger)
  const { text } = output
  const last = text.charCodeAt(text.length - 1)
  if (half.text === "" && !(last >= 0xd800 && last <= 0xdbff) && text.isWellFormed()) return respondTo(output, trigger)
  const joined = half.text + text
  const end = joined.charCodeAt(joined.length - 1)
  const cut = end >= 0xd800 && end <= 0xdbff ? joined.length - 1 : joined.length
  half.text = joined.slice(cut)
  const whole = joined.slice(0, cut).toWellFormed()
  return whole === "" ? undefined : respondTo({ ...output, text: whole }, trigger)
}

const respondTo = (output: Event.Output, trigger: Event.Input): Event.Output =>
  output.respondingTo === undefined ? { ...output, respondingTo: trigger.eventId } : output

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
