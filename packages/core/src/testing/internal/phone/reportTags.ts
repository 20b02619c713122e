import * as Struct from "effect/Struct"
import * as Event from "../../../Event.ts"

/** The reports a harness can send regardless of the agent's behaviour. */
export const reportTags = Struct.keys(Event.Report.cases)
