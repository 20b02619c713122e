/** Tells apart what a tool gives: an output goes to the caller, anything else to the model. */
import * as Event from "@antiphon/core/Event"
import * as Schema from "effect/Schema"

/** Whether a value that a tool gave goes to the caller. */
export const isOutput: (value: unknown) => value is Event.Output = Schema.is(Event.Output)
