/**
 * Rule 9: a failing agent ends its turn, and nothing else: the failure is said, recorded, and over. An interruption
 * without a cause is a failure.
 */
import type * as Event from "../../../Event.ts"
import type * as Played from "../../Played.ts"
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"
import type * as TurnState from "./turnState.ts"

type EntryOf<Tag extends Entry["_tag"]> = Extract<Entry, { readonly _tag: Tag }>
const { unless } = Rule

/** A turn that has failed. */
interface Failure {
  readonly turn: number
  /** Id of the event that it responds to. */
  readonly trigger: string
  readonly at: number
  /** Whether the caller must be told. */
  readonly isOwed: boolean
}

interface Failures {
  readonly failed: ReadonlyArray<Failure>
  /** The outputs that turns sent after they had ended, with counts. */
  readonly apologies: ReadonlyMap<number, number>
}

export const rule = Rule.make<Failures>(9, {
  start: { failed: [], apologies: new Map() },
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
    case "TurnStarted":
      return [
        failures,
        ...unless(!isAgain(failures, before, entry), `turn ${entry.turn} responds to a failure of itself`)
      ]
    case "Sending":
      return [failures, ...unless(!before.failed, `turn ${entry.turn} sent something after the call had failed`)]
    case "Sent":
      return sent(failures, before, entry)
    case "TurnLeft":
      return [left(failures, before, Situation.turn(before, entry.turn))]
    case "CallFailed":
      return [failures, ...unless(!before.failed, "the harness was told twice that the call has failed")]
    default:
      return [failures]
  }
}

/** Whether a turn responds to the failure of a turn that responded to a failure itself. */
const isAgain = ({ failed }: Failures, before: Situation.Situation, { trigger }: EntryOf<"TurnStarted">): boolean => {
  if (trigger._tag !== "TurnFailed") return false
  const failure = failed.find((one) => one.trigger === trigger.respondingTo)
  return failure !== undefined && Situation.turn(before, failure.turn)?.trigger._tag === "TurnFailed"
}

const left = (failures: Failures, before: Situation.Situation, turn: TurnState.TurnState | undefined): Failures => {
  if (turn === undefined || !turn.failing || before.hungUpAt !== undefined) return failures
  // A failure after the turn was stopped is only a failed cleanup, unless it happens in an uninterruptible region.
  if (turn.stoppedAt !== undefined && turn.closedAt !== undefined && !turn.regionFailed) return failures
  const { policies } = before
  const isOwed =
    policies.turnFailure === "recover" &&
    turn.apology.trim() !== "" &&
    !before.failed &&
    // An agent that fails on its own failures is stopped.
    turn.trigger._tag !== "TurnFailed"
  const failure = { turn: turn.id, trigger: turn.trigger.eventId, at: before.at, isOwed }
  return { ...failures, failed: [...failures.failed, failure] }
}

const sent = (
  failures: Failures,
  before: Situation.Situation,
  { output, turn: id }: EntryOf<"Sent">
): Rule.Step<Failures> => {
  const turn = Situation.turn(before, id)
  const what = "text" in output ? `“${output.text}”` : output._tag
  const silenced = unless(!before.failed, `turn ${id} sent ${what} after the call had failed`)
  if (turn === undefined || !turn.left || Situation.isHolding(before, output)) return [failures, ...silenced]
  if (turn.isTentative && !isApologyOf(turn, output)) return [failures, ...silenced]
  const isRight = isApologyOf(turn, output) && before.policies.turnFailure === "recover"
  return [
    { ...failures, apologies: new Map(failures.apologies).set(id, (failures.apologies.get(id) ?? 0) + 1) },
    ...silenced,
    ...unless(isRight, `turn ${id} sent ${what} when it had ended`)
  ]
}

const isApologyOf = ({ apology, failing }: TurnState.TurnState, output: Event.Output): boolean =>
  failing && output._tag === "AgentSendText" && output.text.trim() === apology.trim()

const inTheEnd = (
  { apologies, failed }: Failures,
  { history: { events }, policies }: Played.Played,
  now: Situation.Situation
): ReadonlyArray<string> => {
  const recovers = policies.turnFailure === "recover"
  const recorded = events.flatMap((event) => (event._tag === "TurnFailed" ? [event.respondingTo] : []))
  // A retracted turn leaves nothing behind. The failure of a committed turn follows its held outputs, and the caller
  // may speak before that.
  const counted = failed.filter(({ trigger, turn }) => {
    const state = Situation.turn(now, turn)
    return !now.dropped.has(trigger) && !(state?.isTentative === true && state.stoppedAt !== undefined)
  })
  return [
    ...counted.flatMap(({ isOwed, turn }) => {
      const state = Situation.turn(now, turn)
      // Nothing of a closed turn is heard. A turn whose region failed is closed once its grace period is over.
      const isGone =
        (state?.overAt ?? Infinity) >= (now.hungUpAt ?? Infinity) ||
        (state?.closedAt !== undefined &&
          (!state.regionFailed || (state.overAt ?? Infinity) >= state.closedAt + now.cancelGrace))
      return unless(!isOwed || isGone || apologies.get(turn) === 1, `turn ${turn} failed and nobody said so`)
    }),
    ...[...apologies].flatMap(([id, times]) => unless(times <= 1, `turn ${id} apologised ${times} times`)),
    ...(recovers ? counted : []).flatMap(({ at, trigger }) => {
      const times = recorded.filter((one) => one === trigger).length
      return unless(
        times === 1 || !Situation.isTold(now, at),
        `the history has the failure of the turn that answers ${trigger} ${times} times`
      )
    }),
    ...unless(recovers || recorded.length === 0, "a failure is on the record of a call that closes"),
    ...unless(recovers || counted.length === 0 || now.failed, "the harness was not told of a failure"),
    ...unless(!recovers || !now.failed, "the call failed, although its agent recovers")
  ]
}
