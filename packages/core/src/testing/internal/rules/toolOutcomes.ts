/** Rule 3: every tool call ends in exactly one recorded outcome. */
import type * as Played from "../../Played.ts"
import * as Rule from "./rule.ts"

export const rule = Rule.stateless(3, (observation) => (observation._tag === "Over" ? broken(observation.call) : []))

/** What the record of a call says of its tools and must not. */
const broken = ({ entries, history }: Played.Played): ReadonlyArray<string> => {
  // What an agent has changed of its history may have covered a call and not its outcome.
  const edited = entries.findLastIndex(({ _tag }) => _tag === "Edited")
  const before = new Set(
    entries.slice(0, edited + 1).flatMap((entry) => {
      const output = entry._tag === "Sent" || entry._tag === "Kept" ? entry.output : undefined
      return output?._tag === "AgentToolCalled" ? [output.toolCallId] : []
    })
  )
  const found: Array<string> = []
  const breach = (what: string) => found.push(what)
  const called = new Set<string>()
  const returned = new Set<string>()
  for (const { item } of history.entries) {
    if ("toolCallId" in item && before.has(item.toolCallId)) continue
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
