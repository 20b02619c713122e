/** The tool calls of one agent's model, as data: the request of each, and its owner. */
import type * as History from "@antiphon/core/History"
import type { Json } from "@antiphon/core/JsonText"
import * as Predicate from "effect/Predicate"
import * as BadArguments from "../../internal/badArguments.ts"

/** A call as the model made it. */
export interface Call {
  readonly id: string
  readonly name: string
  readonly args: unknown
}

/** The ids of the calls of one agent. */
export interface OwnCalls {
  /** The model's ids, made unique within the call. */
  readonly claimed: Set<string>
  /** The ids used in events. */
  readonly told: Set<string>
}

/** An agent that has called nothing yet. */
export const none = (): OwnCalls => ({ claimed: new Set(), told: new Set() })

/** An id for a call: the model's own, if no call before has had it. Some models count from 0 in each reply. */
export const claimId = ({ claimed }: OwnCalls, id: string, { entries }: History.History): string => {
  // The history also has the calls of other agents.
  const isTaken = (id: string) =>
    claimed.has(id) ||
    entries.some(
      ({ item }) => item._tag === "AgentToolCalled" && (item.toolCallId === id || item.toolCallId.startsWith(`${id}-`))
    )
  let free = id
  for (let i = 2; isTaken(free); i++) free = `${id}_${i}`
  claimed.add(free)
  return free
}

/** The arguments in the form used in events. Arguments that are not JSON stay as the model wrote them. */
export const argsOf = (args: unknown): Json => {
  const raw = BadArguments.rawOf(args)
  if (raw !== undefined) return { invalid_json: raw }
  return Predicate.isReadonlyObject(args) ? args : {}
}
