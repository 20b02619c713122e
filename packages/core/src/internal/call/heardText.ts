/**
 * The text that the caller is hearing: reports of heard words grow one line of the history, until something else happens.
 * A mutable value that only the call's own fibers touch.
 */
import type * as Event from "../../Event.ts"
import type { EventId } from "../../EventId.ts"
import type * as History from "../../History.ts"
import type { Heard } from "../spoken/Heard.ts"
import * as Spoken from "../spoken/Spoken.ts"
import { successor } from "../successor.ts"
import * as Lines from "./lines.ts"

export interface HeardText {
  readonly lines: Lines.Lines
  readonly spoken: Spoken.Spoken
  readonly nextId: EventId
  /** Whether the growing text was estimated from the time it took. */
  isEstimated: boolean
  /** Whether the growing text was said by an older turn. */
  isLate: boolean
  /** The number of other outputs so far, which parts the words before and after one. */
  part: number
}

export const make = (lines: Lines.Lines, nextId: EventId): HeardText => ({
  lines,
  spoken: Spoken.make(),
  nextId,
  isEstimated: false,
  isLate: false,
  part: 0
})

/** Notes that an output was handed over: a text may be heard from now on. */
export const handedOver = (self: HeardText, { from, item, turn }: History.Entry, taken: boolean): void => {
  if (item._tag !== "AgentSendText") {
    self.part++
    return
  }
  const interruptible = item.interruptible !== false
  Spoken.said(self.spoken, item.text, { interruptible, taken, turn, part: self.part, start: from })
}

/** Notes that the harness has taken a text, which can no longer be interrupted. */
export const taken = ({ spoken }: HeardText, { from, item, turn }: History.Entry): void => {
  if (from !== undefined && item._tag === "AgentSendText" && item.interruptible === false) {
    Spoken.taken(spoken, turn, from)
  }
}

/**
 * Adds a report of heard words by `turn`, if the report tells which. Returns undefined if the caller has heard nothing
 * new.
 */
export const report = (
  self: HeardText,
  report: Event.AgentTextSentReport,
  turn: number | undefined
): Event.AgentTextSent | undefined => {
  const { lines, nextId, spoken } = self
  const isEstimated = report.estimated === true
  // Estimated and exact reports do not grow into one text.
  if (lines.growing !== undefined && self.isEstimated !== isEstimated) settle(self)
  if (report.own === true) {
    settle(self)
    const event = agentText(report.eventId ?? nextId(), report.content)
    Lines.push(lines, { ...Lines.line(lines, event), heard: { spans: [] } })
    return event
  }
  // Late reports about an older turn get their own line.
  const isLate = turn !== undefined && Spoken.isHeardLater(spoken, turn)
  if (isLate || self.isLate) settle(self)
  self.isLate = isLate
  self.isEstimated = isEstimated
  const heard = align(spoken, report, turn)
  if (heard === undefined) return undefined
  const before = lines.growing?.item as Event.AgentTextSent | undefined
  const event = agentText(before === undefined ? nextId() : successor(before.eventId), heard.text)
  lines.growing = entry(self, event, heard)
  return event
}

/** Gives the growing text its place. Finally, words that fitted nowhere get a line as well. */
export const settle = (self: HeardText, isFinal = false): void => {
  const { lines } = self
  const [text, rest] = Spoken.settle(self.spoken, { final: isFinal })
  Lines.place(lines, text && entry(self, settled(self, text), text))
  if (rest !== undefined) Lines.push(lines, entry(self, settled(self, rest), rest))
  self.isEstimated = false
}

const align = (
  spoken: Spoken.Spoken,
  { at, content }: Event.AgentTextSentReport,
  turn: number | undefined
): Heard | undefined => {
  if (at === undefined) return Spoken.heard(spoken, content)
  return turn === undefined ? undefined : Spoken.heardTo(spoken, turn, at.offset, at.from)
}

/** The event of a text that has its final words. It is the growing event, if that has the same words. */
const settled = ({ lines, nextId }: HeardText, { text }: Heard): Event.AgentTextSent => {
  const growing = lines.growing?.item as Event.AgentTextSent | undefined
  return growing?.content === text ? growing : agentText(growing?.eventId ?? nextId(), text)
}

/** The growing line with its new text, or a new line. */
const entry = ({ isEstimated, lines }: HeardText, item: Event.AgentTextSent, { spans }: Heard): History.Entry => ({
  key: lines.growing?.key ?? lines.keys++,
  turn: 0,
  item,
  heard: isEstimated ? { spans, estimated: true } : { spans }
})

const agentText = (eventId: string, content: string): Event.AgentTextSent => ({
  _tag: "AgentTextSent",
  eventId,
  content
})
