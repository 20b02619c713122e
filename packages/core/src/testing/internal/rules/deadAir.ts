/**
 * Rule 11: no dead air. Every turn of the caller that runs the agent ends in something heard, or in a recorded reason,
 * within the agent's deadline.
 */
import * as Duration from "effect/Duration"
import type * as Event from "../../../Event.ts"
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"

/** The caller's turn that awaits an answer. */
interface Unanswered {
  readonly eventId: string
  readonly since: number
}

export const rule = Rule.make<Unanswered | undefined>(11, {
  start: undefined,
  step: (unanswered, observation) => {
    switch (observation._tag) {
      case "Passes":
        return overdue(unanswered, observation.now, observation.until)
      case "Over":
        return [undefined]
      case "Happened":
        return happened(unanswered, observation.before, observation.entry)
    }
  }
})

const happened = (
  unanswered: Unanswered | undefined,
  before: Situation.Situation,
  entry: Entry
): Rule.Step<Unanswered | undefined> => {
  // Speech before the caller has certainly finished is not an answer.
  const isTentative = unanswered !== undefined && unanswered.eventId === before.draft
  const answered = isTentative ? unanswered : undefined
  const looked = Situation.lookedAt(before, entry)
  if (looked?._tag === "AnswerOverdue") {
    const isRight = looked.respondingTo === unanswered?.eventId && before.at >= dueAt(unanswered, before)
    return [undefined, ...Rule.unless(isRight, "an answer is called overdue, and none was due")]
  }
  if (looked?._tag === "TurnFailed") return [looked.respondingTo === unanswered?.eventId ? answered : unanswered]
  switch (entry._tag) {
    case "Decided": {
      const { decision, event } = entry
      if (event._tag !== "UserTurnEnded" || decision !== "Run" || !Situation.counts(before, entry)) return [unanswered]
      return [{ eventId: event.eventId, since: before.at }]
    }
    // A failure of its own turn is a recorded reason, even if no filter is asked about it. A failure of another turn is
    // not.
    case "TurnLeft": {
      const turn = Situation.turn(before, entry.turn)
      if (turn?.trigger.eventId !== unanswered?.eventId) return [unanswered]
      // The failure of an uncommitted turn waits until the turn is committed.
      const isRecorded =
        turn?.failing === true && !turn.isTentative && (turn.stoppedAt === undefined || turn.regionFailed)
      return [isRecorded ? answered : unanswered]
    }
    case "Sending":
      return [entry.outputs.some(isNoticed) ? answered : unanswered]
    case "Sent":
      return [isNoticed(entry.output) && !before.carrying.has(entry.output) ? answered : unanswered]
    case "Reported": {
      // The caller speaks again, or had not finished after all.
      const { _tag } = entry.report
      // The wait begins once the caller has certainly finished.
      if (isTentative && Situation.commits(before, entry)) {
        return [{ ...unanswered, since: before.at }]
      }
      const goesOn = _tag === "UserTurnStarted" || _tag === "UserTurnWithdrawn" || Situation.takesBack(before, entry)
      return [goesOn ? undefined : unanswered]
    }
    case "CallFailed":
    case "HungUp":
      return [undefined]
    default:
      return [unanswered]
  }
}

const dueAt = ({ since }: Unanswered, { policies }: Situation.Situation): number =>
  since + Duration.toMillis(policies.answerDeadline)

const overdue = (
  unanswered: Unanswered | undefined,
  now: Situation.Situation,
  until: number
): Rule.Step<Unanswered | undefined> => {
  if (unanswered === undefined || unanswered.eventId === now.draft || until <= dueAt(unanswered, now))
    return [unanswered]
  return [undefined, `the answer to ${unanswered.eventId} was due, and nothing was said or recorded`]
}

/** Whether the caller hears or notices an output. */
const isNoticed = (output: Event.Output): boolean => {
  switch (output._tag) {
    case "AgentSendText":
      return output.text.trim() !== ""
    case "AgentSendDtmf":
    case "AgentEndCall":
    case "AgentTransferCall":
    case "AgentSendCustom":
      return true
    case "AgentToolCalled":
    case "AgentToolReturned":
    case "AgentUpdateCall":
    case "LogMetric":
    case "LogMessage":
      return false
    default:
      return output satisfies never
  }
}
