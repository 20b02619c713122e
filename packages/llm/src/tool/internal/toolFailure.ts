/** Describes how a tool failed, for a model. */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import * as ResultText from "../../internal/resultText.ts"

/** A tool has failed. */
export class ToolFailure extends Data.TaggedError("ToolFailure")<{ readonly description: string }> {
  override get message() {
    return this.description
  }
}

/** Longest description of a failure. */
const limit = 1000

/** Fields that are described first. Those that begin with `~` are Effect's own marks. */
const named: ReadonlySet<string> = new Set(["_tag", "name", "message"])

/** The failure a tool ended with. A tool that interrupts itself while its turn continues has failed, too. */
export const fromCause = (cause: Cause.Cause<unknown>): ToolFailure =>
  new ToolFailure({
    description: Cause.hasInterruptsOnly(cause) ? "the tool was interrupted" : describe(Cause.squash(cause))
  })

const describe = (error: unknown): string => {
  if (typeof error === "string") return cut(error)
  if (typeof error === "function" || error === undefined || error === null) return "unknown error"
  if (typeof error !== "object") return String(error)
  const { message } = error as { readonly message?: unknown }
  if (typeof message === "string" && message !== "") return cut(message)
  const name = Predicate.hasProperty(error, "_tag") ? String(error._tag) : error instanceof Error ? error.name : ""
  const fields = Object.entries(error).filter(([key]) => !key.startsWith("~") && !named.has(key))
  const told = fields.length === 0 ? "" : ResultText.bounded(Object.fromEntries(fields), limit).text
  return [name, told].filter((part) => part !== "").join(" ") || "unknown error"
}

const cut = (text: string): string => (text.length <= limit ? text : `${text.slice(0, limit)}…`)
