/** Rule 9: a failing agent ends its turn, and nothing else: the failure is said, recorded, and over. */
import type * as Played from "../../Played.ts"
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import type * as Situation from "./situation.ts"

const { unless } = Rule

interface Failures {
  /** The events whose turns have failed, by the turn. */
  readonly triggers: ReadonlyMap<number, string>
  /** The turns whose failure the caller must hear of. */
  readonly owed: ReadonlySet<number>
  /** What turns have sent once they had ended, and how often. */
  readonly apologies: ReadonlyMap<number, number>
}

export const rule = Rule.make<Failures>(9, {
  start: { triggers: new Map(), owed: new Set(), apologies: new Map() },
  step: (failures, observation) => {
    switch (observation._tag) {
      case "Passes":
        return [failures]
      case "Over":
        return [failures, ...inTheEnd(failures, observation.call, observation.now)]
      case "Happened":
        return happened(failures, observation.before, observation.entry)
    }
  }
})

const happened = (failures: Failures, before: Situation.Situation, entry: Entry): Rule.Step<Failures> => {
  switch (entry._tag) {
    case "Sending":
      return [failures, ...unless(!before.failed, `turn ${entry.turn} sent something after the call had failed`)]
    case "Sent":
      return sent(failures, before, entry)
    case "TurnLeft": {
      const turn = before.turns.get(entry.turn)
      if (turn === undefined || !turn.failing || turn.closedAt !== undefined || before.hungUpAt !== undefined)
        return [failures]
      const isOwed = before.policies.turnFailure === "recover" && turn.apology !== "" && !before.failed
      return [
        {
          ...failures,
          triggers: new Map(failures.triggers).set(turn.id, turn.trigger.eventId),
          owed: isOwed ? new Set(failures.owed).add(turn.id) : failures.owed
        }
      ]
    }
    case "CallFailed":
      return [failures, ...unless(!before.failed, "the harness was told twice that the call has failed")]
    default:
      return [failures]
  }
}

const sent = (
  failures: Failures,
  before: Situation.Situation,
  { output, turn: id }: Extract<Entry, { readonly _tag: "Sent" }>
): Rule.Step<Failures> => {
  const turn = before.turns.get(id)
  const what = "text" in output ? `“${output.text}”` : output._tag
  const silenced = unless(!before.failed, `turn ${id} sent ${what} after the call had failed`)
  if (turn === undefined || !turn.left) return [failures, ...silenced]
  const isApology = turn.failing && output._tag === "AgentSendText" && output.text === turn.apology
  return [
    { ...failures, apologies: new Map(failures.apologies).set(id, (failures.apologies.get(id) ?? 0) + 1) },
    ...silenced,
    ...unless(isApology && before.policies.turnFailure === "recover", `turn ${id} sent ${what} when it had ended`)
  ]
}

const inTheEnd = (
  { apologies, owed, triggers }: Failures,
  { history: { events }, policies }: Played.Played,
  now: Situation.Situation
): ReadonlyArray<string> => {
  const recovers = policies.turnFailure === "recover"
  const recorded = events.flatMap((event) => (event._tag === "TurnFailed" ? [event.respondingTo] : []))
  const expected = recovers ? [...triggers.values()] : []
  return [
    ...[...owed].flatMap((id) =>
      unless(
        apologies.get(id) === 1 || now.turns.get(id)?.closedAt !== undefined,
        `turn ${id} failed and nobody said so`
      )
    ),
    ...[...apologies].flatMap(([id, times]) => unless(times <= 1, `turn ${id} apologised ${times} times`)),
    ...(now.edited ? [] : expected).flatMap((id) => {
      const times = recorded.filter((one) => one === id).length
      return unless(times === 1, `the history has the failure of the turn that answers ${id} ${times} times`)
    }),
    ...unless(now.edited || recovers || recorded.length === 0, "a failure is on the record of a call that closes"),
    ...unless(recovers || triggers.size === 0 || now.failed, "the harness was not told of a failure"),
    ...unless(!recovers || !now.failed, "the call failed, although its agent recovers")
  ]
}
