/**
 * The caller of a recorded call: repeats the recorded reports at their times, and hangs up when the recorded call
 * ended.
 */
import * as Effect from "effect/Effect"
import type * as Recording from "../../../recording/Recording.ts"
import * as Caller from "../../Caller.ts"
import type { Pace } from "./pace.ts"
import type * as Timeline from "../../Timeline.ts"

export interface Options {
  /** Gives events their recorded ids, including events named by the call. */
  readonly names?: boolean | undefined
  /** The position of the line at which another caller takes over, and that caller. */
  readonly until?: { readonly place: number; readonly then: Caller.Caller<unknown, unknown> } | undefined
}

export const make = (lines: ReadonlyArray<Recording.Line>, pace: Pace, options: Options = {}): Caller.Caller => {
  const { until } = options
  const ending = endOf(lines)
  const own = lines.filter((line, place) => line._tag === "Reported" && (until === undefined || place < until.place))
  let next = 0
  let isLeft = false
  const repeat = (line: Recording.Line): Caller.Step | undefined => {
    if (line._tag !== "Reported") return ending.step
    const { eventId, report } = line
    const id = report.eventId ?? eventId
    if (options.names !== true || id === undefined) return { _tag: "Repeats", report, eventId: id }
    return { _tag: "Reports", report: { ...report, eventId: id } }
  }
  return {
    next: (view) =>
      Effect.suspend(() => {
        const line = own[next++]
        if (line !== undefined) return Effect.map(pace.exactly(line), () => repeat(line))
        if (until === undefined) return Effect.as(ending.line ? pace.exactly(ending.line) : Effect.void, ending.step)
        const then = until.then.next(view) as Effect.Effect<Caller.Step | undefined>
        if (isLeft) return then
        isLeft = true
        return Effect.andThen(pace.exactly(lines[until.place]!), then)
      })
  }
}

/** How the call ended, and the line that shows it. */
const endOf = (
  lines: ReadonlyArray<Recording.Line>
): { readonly line: Recording.Line | undefined; readonly step: Caller.Step } => {
  const ended = lines.find((line) => line._tag === "Happened" && line.event._tag === "CallEnded")
  if (ended !== undefined) return { line: ended, step: Caller.hangsUp }
  const closed = lines.at(-1)
  if (closed?._tag !== "CallClosed") return { line: closed, step: Caller.hangsUp }
  // The interrupted turn has ended before the call closed.
  const reported = lines.findLastIndex(({ _tag }) => _tag === "Reported")
  const cut = lines.find(
    (line, place) => place > reported && line._tag === "TurnEnded" && line.outcome === "Interrupted"
  )
  return { line: cut ?? closed, step: Caller.losesConnection }
}

/** Adds the speech on both sides to the entries of a repeated call, because its phone has not spoken it. */
export const spoken = (
  entries: ReadonlyArray<Timeline.Entry>,
  isRepeated: (turn: number) => boolean
): ReadonlyArray<Timeline.Entry> => {
  const all: Array<Timeline.Entry> = []
  let turn = 0
  let sent = ""
  let said: { readonly from: number; readonly texts: Array<string> } | undefined
  let heardUntil = 0
  for (const entry of entries) {
    all.push(entry)
    if (entry._tag === "TurnStarted") turn = entry.turn
    if (!isRepeated(turn)) continue
    const { at } = entry
    if (entry._tag === "Sent" && entry.output._tag === "AgentSendText") sent += entry.output.text
    if (entry._tag !== "Reported") continue
    const { report } = entry
    switch (report._tag) {
      case "UserTurnStarted":
        said = { from: at, texts: [] }
        break
      case "UserTextSent":
        said?.texts.push(report.content)
        break
      case "UserTurnEnded":
        if (said !== undefined) all.push({ _tag: "Said", at, from: said.from, text: joined(said.texts) })
        said = undefined
        break
      case "AgentTurnStarted":
        heardUntil = at
        break
      case "AgentTextSent": {
        const [text, rest] = takeHeard(sent, report.content)
        sent = rest
        all.push({ _tag: "Spoken", at, turn, from: Math.min(at, heardUntil), text, reported: report.content })
        heardUntil = at
        break
      }
      case "UserTurnCommitted":
      case "UserTurnResumed":
      case "UserTurnAbandoned":
      case "UserTurnRevised":
      case "UserTurnWithdrawn":
      case "UserSilent":
      case "UserDtmfSent":
      case "UserCustomSent":
      case "AgentDtmfSent":
      case "AgentTurnEnded":
        break
      default:
        report satisfies never
    }
  }
  return all
}

/** Merges the transcripts of one turn: the last one if each extends the previous one, otherwise all of them. */
export const joined = (texts: ReadonlyArray<string>): string => {
  const whole: Array<string> = []
  for (const text of texts) {
    const last = whole.at(-1)
    if (last !== undefined && text.startsWith(last)) whole[whole.length - 1] = text
    else whole.push(text)
  }
  return whole.map((text) => text.trim()).join(" ")
}

/** The heard text as the agent wrote it, with the white space after it, and the rest of its text. */
export const takeHeard = (sent: string, heard: string): readonly [text: string, rest: string] => {
  const words = heard.trim()
  const at = sent.indexOf(words)
  if (words === "" || at < 0) return [`${words} `, sent]
  const end = at + words.length + (/^\s*/.exec(sent.slice(at + words.length))?.[0].length ?? 0)
  return [sent.slice(at, end), sent.slice(end)]
}
