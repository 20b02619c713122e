/** Rule 3: every tool call ends in exactly one recorded outcome. */
import type * as Played from "../../Played.ts"
import * as Rule from "./rule.ts"

export const rule = Rule.stateless(3, (observation) => (observation._tag === "Over" ? broken(observation.call) : []))

/** Wrong claims of the record about tools. */
const broken = ({ entries, history }: Played.Played): ReadonlyArray<string> => {
  // A changed history may contain a tool call without its outcome.
  const edited = entries.findLastIndex(({ _tag }) => _tag === "Edited")
  const before = new Set(
    entries.slice(0, edited + 1).flatMap((entry) => {
      const output = entry._tag === "Sent" || entry._tag === "Kept" ? entry.output : undefined
      return output?._tag === "AgentToolCalled" ? [output.toolCallId] : []
    })
  )
  const found: Array<string> = []
  const breach = (what: string) => found.push(what)
  const called = new Map<string, string>()
  const returned = new Set<string>()
  /**
   * For background tools whose result reached no turn because the call was cut off, the event of the work is the
   * outcome.
   */
  const cutOff: Array<string> = []
  for (const { item } of history.entries) {
    if ("toolCallId" in item && before.has(item.toolCallId)) continue
    if (item._tag === "AgentToolCalled") {
      if (called.has(item.toolCallId)) breach(`${item.toolName} (${item.toolCallId}) was called twice`)
      called.set(item.toolCallId, item.toolName)
    } else if (item._tag === "BackgroundReturned") cutOff.push(item.name)
    else if (item._tag === "AgentToolReturned") {
      const name = `${item.toolName} (${item.toolCallId})`
      if (!called.has(item.toolCallId)) breach(`${name} has an outcome before it was called`)
      if (returned.has(item.toolCallId)) breach(`${name} has two outcomes`)
      returned.add(item.toolCallId)
    }
  }
  for (const [id, name] of called) {
    if (returned.has(id)) continue
    const at = cutOff.lastIndexOf(name)
    if (at < 0) breach(`${id} was called and has no outcome`)
    else cutOff.splice(at, 1)
  }
  return found
}
