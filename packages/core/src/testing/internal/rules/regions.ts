/** Rule 10: uninterruptible regions finish, within the limits of the call. */
import * as Rule from "./rule.ts"

export const rule = Rule.stateless(10, (observation) => {
  if (observation._tag !== "Happened" || observation.entry._tag !== "RegionLeft") return []
  const { before, entry } = observation
  const turn = before.turns.get(entry.turn)
  if (turn === undefined || entry.how !== "Cut") return []
  const { cutOff, endGrace, failed, hungUpAt, policies } = before
  const isOver =
    cutOff ||
    (hungUpAt !== undefined && before.at >= hungUpAt + endGrace) ||
    ((failed || hungUpAt !== undefined) && policies.outputAfterEnd === "stop")
  // An agent may end a region of its own by itself, for example with a time limit; nothing else may.
  return Rule.unless(isOver || !turn.stopping, `a region of turn ${turn.id} was cut`)
})
