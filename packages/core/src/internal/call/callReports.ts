/**
 * Handles the harness's reports: they are recorded and decided on. A turn of the caller may be tentative: it becomes a
 * draft, which is committed or taken back later.
 */
import type * as Event from "../../Event.ts"
import type * as Harness from "../../Harness.ts"
import * as CallState from "./callState.ts"
import * as Floor from "./floor.ts"
import * as Out from "./out.ts"

/** Whether a report shows that the caller has not finished after all. */
const takesBack: Readonly<Record<Event.Report["_tag"], boolean>> = {
  UserTurnStarted: true,
  UserTextSent: true,
  UserDtmfSent: true,
  UserTurnEnded: true,
  UserTurnCommitted: false,
  UserTurnResumed: true,
  UserTurnAbandoned: true,
  UserTurnRevised: true,
  UserTurnWithdrawn: true,
  UserSilent: false,
  UserCustomSent: false,
  AgentTurnStarted: false,
  AgentTextSent: false,
  AgentDtmfSent: false,
  AgentTurnEnded: false
}

const kept = CallState.receiptOf("Keep")

/** Takes a report. */
export const take = <R>(self: CallState.CallState<R>, report: Event.Report): Harness.Receipt => {
  if (CallState.isOver(self)) return kept
  if (isCommit(self, report)) {
    self.recorder?.note({ _tag: "Reported", report })
    return commit(self)
  }
  const { background, late, watch, writer } = self
  if (takesBack[report._tag]) resume(self)
  const event = writer.report(report)
  if (event === undefined) {
    if (report._tag === "UserTurnWithdrawn") {
      CallState.takeBack(self)
      late.stop()
      self.floor = { ...self.floor, user: false }
    }
    background.flush()
    return kept
  }
  if (report._tag === "UserTurnEnded" && report.tentative === true) return open(self, event as Event.UserTurnEnded)
  self.floor = Floor.step(self.floor, event)
  if (event._tag === "UserTurnStarted") watch.answered()
  const decided = CallState.decide(self, [event])
  late.happened(event, decided)
  background.flush()
  return CallState.receiptOf(decided)
}

/** Drops the tentative turn. */
export const drop = <R>(self: CallState.CallState<R>): void => {
  if (self.draft === undefined) return
  self.draft.state = "Dropped"
  self.draft = undefined
  self.writer.drop()
}

/** The caller goes on: the tentative turn leaves no trace. */
const resume = <R>(self: CallState.CallState<R>): void => {
  if (self.draft === undefined) return
  drop(self)
  CallState.takeBack(self)
}

const open = <R>(self: CallState.CallState<R>, event: Event.UserTurnEnded): Harness.Receipt => {
  // The caller has spoken again, so no answer is awaited.
  self.watch.answered()
  self.draft = Out.draft(event)
  self.writer.open(event)
  return CallState.receiptOf(CallState.decide(self, [event]))
}

const isCommit = <R>({ draft }: CallState.CallState<R>, report: Event.Report): boolean =>
  report._tag === "UserTurnCommitted" ||
  (report._tag === "UserTurnEnded" &&
    report.tentative !== true &&
    draft !== undefined &&
    (report.eventId === undefined || report.eventId === draft.event.eventId))

const commit = <R>(self: CallState.CallState<R>): Harness.Receipt => {
  if (self.draft === undefined) return kept
  const { committed, event, turn, waiting } = self.draft
  self.draft.state = "Committed"
  self.draft = undefined
  self.floor = Floor.step(self.floor, event)
  self.writer.commit()
  self.late.happened(event, "Keep")
  if (turn !== "None") self.watch.begin(event)
  for (const act of waiting) act()
  committed.openUnsafe()
  // Meanwhile another event had replaced its answer.
  return turn === "Replaced" && CallState.isOpen(self) ? CallState.receiptOf(self.deciding.decide([event])) : kept
}
