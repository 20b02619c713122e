/** Rule 10: uninterruptible regions finish, within the limits of the agent and of the end of the call. */
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"

export const rule = Rule.stateless(10, (observation) => {
  if (observation._tag !== "Happened" || observation.entry._tag !== "RegionLeft") return []
  const { before, entry } = observation
  const turn = Situation.turn(before, entry.turn)
  // Only the agent may end its own regions early, for example with a time limit.
  if (turn?.stoppedAt === undefined) return []
  const { at, cutOff, endGrace, failed, hungUpAt, policies, regionLimit } = before
  const isOver =
    cutOff ||
    (hungUpAt !== undefined && at >= hungUpAt + endGrace) ||
    ((failed || hungUpAt !== undefined) && policies.outputAfterEnd === "stop")
  const heldUp = at - turn.stoppedAt
  return [
    ...Rule.unless(
      entry.how !== "Cut" || isOver || heldUp >= regionLimit,
      `a region of turn ${turn.id} was cut ${heldUp} ms after it was stopped`
    )
  ]
})
