/** Checks what an agent puts into its history. */
import * as Schema from "effect/Schema"
import * as Event from "../../Event.ts"

const { AgentToolCalled, AgentToolReturned } = Event.Output.cases
const known = { ...Event.Input.cases, CustomHistoryEntry: Event.CustomHistoryEntry, AgentToolCalled, AgentToolReturned }
const isGiven = Schema.is(Schema.Union(Object.values(known)))

/** Describes what is wrong with an event for the history, without quoting it. Undefined if it is valid. */
export const fault = (event: unknown): string | undefined => {
  if (typeof event !== "object" || event === null)
    return `the history was given ${String(event)}, which is not an event`
  // An id is only needed to name the event in a later edit.
  if (isGiven(event) || isGiven({ eventId: "", ...event })) return undefined
  const tag = "_tag" in event ? String(event._tag) : undefined
  if (tag === undefined) return "the history was given an object without a _tag"
  return Object.hasOwn(known, tag)
    ? `the history was given a ${tag} whose fields are not those of the event`
    : `the history was given a ${tag}, which is not an event of the history`
}

/** The same for the text of an added line. */
export const textFault = (text: unknown): string | undefined =>
  typeof text === "string" ? undefined : `the history was given ${typeof text} as the text of a line`
