/** Rule 3: every tool call ends in exactly one recorded outcome. */
import type * as Played from "../../Played.ts"
import * as Rule from "./rule.ts"

export const rule = Rule.stateless(3, (observation) => (observation._tag === "Over" ? broken(observation.call) : []))

/** What the record of a call says of its tools and must not. */
const broken = ({ history }: Played.Played): ReadonlyArray<string> => {
  const found: Array<string> = []
  const breach = (what: string) => found.push(what)
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
