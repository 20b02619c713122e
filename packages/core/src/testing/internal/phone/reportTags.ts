import * as Struct from "effect/Struct"
import * as Event from "../../../Event.ts"

/** What a harness can report, whatever the agent of its call does. */
export const reportTags = Struct.keys(Event.Report.cases)
