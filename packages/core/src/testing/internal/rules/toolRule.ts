/** Rule 3: every tool call ends in exactly one recorded outcome. */
import type * as Played from "../../Played.ts"
import type { Breach } from "./ruleModel.ts"

/** What the record of a call says of its tools that it must not. */
export const breaches = ({ entries, history }: Played.Played): ReadonlyArray<Breach> => {
  const at = entries.at(-1)?.at ?? 0
  const found: Array<Breach> = []
  const breach = (what: string) => found.push({ rule: 3, at, what })
  const called = new Set<string>()
  const returned = new Set<string>()
  for (const { item } of history.entries) {
    if (item._tag === "AgentToolCalled") {
      if (called.has(item.toolCallId)) breach(`${item.toolName} (${item.toolCallId}) was called twice`)
      called.add(item.toolCallId)
    } else if (item._tag === "AgentToolReturned") {
      const name = `${item.toolName} (${item.toolCallId})`
      if (!called.has(item.toolCallId)) breach(`${name} has an outcome before it was called`)
      if (returned.has(item.toolCallId)) breach(`${name} has two outcomes`)
      returned.add(item.toolCallId)
    }
  }
  for (const id of called) if (!returned.has(id)) breach(`${id} was called and has no outcome`)
  return found
}
