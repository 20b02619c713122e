/**
 * What happened on a call, with its times, and a picture of it: the caller on the left, the agent on the right.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { CallError } from "../CallError.ts"
import * as Event from "../Event.ts"
import type * as EventFilter from "../EventFilter.ts"
import type * as History from "../History.ts"
import * as JsonText from "../JsonText.ts"
import type * as Turn from "../Turn.ts"
import * as Caller from "./Caller.ts"

/** Who ended a call. `transfer`: the agent passed it on. `failure`: the agent broke off, and its policy is to close. */
export type HungUpBy = "caller" | "agent" | "transfer" | "failure" | "line"

/** Something that happened on a call, `at` milliseconds after its begin. */
export type Entry = { readonly at: number } & Happening

/** Something that happened on a call. */
export type Happening =
  /** The harness has reported something, and the call takes it. */
  | { readonly _tag: "Reported"; readonly eventId: string; readonly report: Event.Report }
  /** The call has taken the report, and reads on. */
  | { readonly _tag: "Taken"; readonly eventId: string }
  /** A filter takes its time to answer. */
  | { readonly _tag: "Deciding"; readonly event: Event.Input }
  /** The filters have said what an event does. */
  | { readonly _tag: "Decided"; readonly event: Event.Input; readonly decision: EventFilter.Decision }
  | {
      readonly _tag: "TurnStarted"
      readonly turn: number
      readonly trigger: Event.Input
      readonly history: History.History
    }
  /** A turn breaks off. `apology` is what the caller is to hear of it where the call goes on. */
  | { readonly _tag: "TurnFailing"; readonly turn: number; readonly message: string; readonly apology: string }
  /** The agent begins to do something. Only told by agents that want to be watched. */
  | { readonly _tag: "Stepped"; readonly turn: number }
  /** What the turn's scope held is released; what it forked may still be ending. */
  | { readonly _tag: "TurnLeft"; readonly turn: number }
  /** The turn's fiber has ended, and with it all that the turn ran. */
  | { readonly _tag: "TurnOver"; readonly turn: number }
  /** The agent hands outputs to a harness that takes its time. */
  | { readonly _tag: "Sending"; readonly turn: number }
  | { readonly _tag: "Sent"; readonly turn: number; readonly output: Event.Output }
  /** The caller has heard a word that began at `from`. `reported` is what the agent was told of it, if it was. */
  | {
      readonly _tag: "Spoken"
      readonly turn: number
      readonly from: number
      readonly text: string
      readonly reported: string | undefined
    }
  /** Words that nobody heard, because the caller spoke before. */
  | { readonly _tag: "Unspoken"; readonly text: string }
  /** The caller has said something, or some of it, which began at `from`. */
  | { readonly _tag: "Said"; readonly from: number; readonly text: string }
  | { readonly _tag: "RegionEntered"; readonly turn: number }
  /** `Cut`: it was interrupted. */
  | { readonly _tag: "RegionLeft"; readonly turn: number; readonly how: "Whole" | "Failed" | "Cut" }
  /** The agent has changed what it sees of the history. */
  | { readonly _tag: "Edited"; readonly turn: number }
  | {
      readonly _tag: "WorkStarted"
      readonly turn: number
      readonly name: string
      readonly respondingTo: string
      readonly delivery: Turn.Delivery
    }
  | {
      readonly _tag: "WorkEnded"
      readonly name: string
      readonly respondingTo: string
      readonly delivery: Turn.Delivery
      readonly outcome: "Returned" | "Failed" | "Cancelled"
    }
  | { readonly _tag: "CallFailed"; readonly error: CallError }
  | { readonly _tag: "HungUp"; readonly by: HungUpBy; readonly reason: string | undefined }
  /** What the caller was about to do when somebody else hung up. The first of it may have begun. */
  | { readonly _tag: "Unplayed"; readonly steps: ReadonlyArray<Caller.Step> }
  /** The agent has handled the end. `fibers` of the call are left. */
  | { readonly _tag: "Ended"; readonly fibers: number }
  /** The scope of the call has closed. */
  | { readonly _tag: "Closed"; readonly fibers: number }
  /** Something that a test wanted to see among the rest. */
  | { readonly _tag: "Noted"; readonly text: string }

/** Takes down what happens, where a call is being played. */
export const Notes: Context.Reference<((happening: Happening) => void) | undefined> = Context.Reference(
  "@antiphon/core/testing/Timeline/Notes",
  { defaultValue: (): ((happening: Happening) => void) | undefined => undefined }
)

/** Puts a line on the timeline of the call that is being played. Does nothing on any other call. */
export const note = (text: string): Effect.Effect<void> => Effect.map(Notes, (note) => note?.({ _tag: "Noted", text }))

/** Happenings as a picture of the call, two columns wide. */
export const render = (
  entries: ReadonlyArray<Entry>,
  options: { readonly width?: number | undefined } = {}
): string => {
  const width = options.width ?? 100
  const column = Math.floor((width - timeWidth - 3) / 2)
  const lines = [`${" ".repeat(timeWidth)}   ${"caller".padEnd(column)}agent`]
  for (const { at, side, text } of merged(entries)) {
    const indent = side === "agent" ? column : 0
    const room = side === "both" ? column * 2 : column - 1
    for (const [index, part] of wrap(text, room).entries()) {
      const time = index === 0 ? clock(at) : ""
      lines.push(`${time.padStart(timeWidth)}   ${" ".repeat(indent)}${part}`.trimEnd())
    }
  }
  return lines.join("\n")
}

const timeWidth = 9

type Side = "caller" | "agent" | "both"
interface Line {
  readonly at: number
  readonly side: Side
  readonly text: string
}

/** Minutes, seconds and milliseconds: `1:02.345`. */
const clock = (ms: number): string => {
  const whole = Math.round(ms)
  const minutes = Math.floor(whole / 60_000)
  return `${minutes}:${((whole % 60_000) / 1000).toFixed(3).padStart(6, "0")}`
}

/** Words that were spoken one after the other, and text that was sent in pieces, become one line each. */
const merged = (entries: ReadonlyArray<Entry>): ReadonlyArray<Line> => {
  const lines: Array<Line> = []
  let running: { readonly kind: string; readonly at: number; text: string } | undefined
  const flush = () => {
    if (running === undefined) return
    const { at, kind, text } = running
    running = undefined
    lines.push({ at, side: "agent", text: kind === "spoken" ? `♪ ${text.trim()}` : `sends “${text}”` })
  }
  const add = (kind: string, at: number, text: string) => {
    if (running?.kind !== kind) flush()
    running ??= { kind, at, text: "" }
    running.text += text
  }
  const turns = new Set<number>()
  for (const entry of entries) {
    if (entry._tag === "TurnStarted") turns.add(entry.turn)
    if (entry._tag === "TurnOver") turns.delete(entry.turn)
    if (entry._tag === "Decided" && turns.size === 0) continue
    if (entry._tag === "Spoken") add("spoken", entry.from, entry.text)
    else if (entry._tag === "Sent" && entry.output._tag === "AgentSendText") {
      if (running?.kind === "spoken") flush()
      add(`sent by ${entry.turn}`, entry.at, entry.output.text)
    } else {
      const line = lineOf(entry)
      if (line === undefined) continue
      flush()
      lines.push({ at: entry.at, ...line })
    }
  }
  flush()
  // A word is known when it was heard to its end, and shown where it began.
  return lines.toSorted((a, b) => a.at - b.at)
}

const lineOf = (entry: Entry): Omit<Line, "at"> | undefined => {
  const agent = (text: string) => ({ side: "agent" as const, text })
  const both = (text: string) => ({ side: "both" as const, text })
  switch (entry._tag) {
    case "Reported":
      return reportLine(entry.report)
    case "Decided":
      return entry.decision === "Cancel" ? agent(`${entry.event._tag} cancels`) : undefined
    case "TurnStarted":
      return agent(`turn ${entry.turn}, on ${entry.trigger._tag}`)
    case "TurnFailing":
      return agent(`turn ${entry.turn} fails: ${entry.message}`)
    case "TurnOver":
      return agent(`turn ${entry.turn} is over`)
    case "Sent":
      return agent(outputLine(entry.output))
    case "Unspoken":
      return agent(`not spoken: “${entry.text.trim()}”`)
    case "WorkStarted":
      return agent(`${entry.name} goes on in the background`)
    case "WorkEnded":
      return agent(`${entry.name} has ended: ${entry.outcome}`)
    case "CallFailed":
      return agent(`the call fails: ${entry.error.message}`)
    case "HungUp":
      return both(`── hung up by ${entry.by}${entry.reason === undefined ? "" : ` (${entry.reason})`} ──`)
    case "Ended":
      return both("── the call has ended ──")
    case "Closed":
      return entry.fibers === 0 ? undefined : both(`── ${entry.fibers} fibers are left ──`)
    case "Noted":
      return both(entry.text)
    default:
      return undefined
  }
}

const reportLine = (report: Event.Report): Omit<Line, "at"> | undefined => {
  const caller = (text: string) => ({ side: "caller" as const, text })
  switch (report._tag) {
    case "UserTurnStarted":
      return caller("begins to speak")
    case "UserTextSent":
      return caller(`“${report.content}”`)
    case "UserTurnEnded":
      return caller("has spoken")
    case "UserDtmfSent":
      return caller(`presses ${report.button}`)
    case "UserCustomSent":
      return caller(`custom ${JsonText.stringify(report.metadata)}`)
    default:
      return undefined
  }
}

const outputLine = (output: Event.Output): string => {
  switch (output._tag) {
    case "AgentToolCalled":
      return `calls ${output.toolName}(${JsonText.stringify(output.toolArgs)})`
    case "AgentToolReturned":
      return `${output.toolName} → ${JsonText.stringify(output.result)}`
    case "AgentSendDtmf":
      return `presses ${output.button}`
    case "AgentEndCall":
      return "wants to hang up"
    case "AgentTransferCall":
      return `wants to transfer to ${output.targetPhoneNumber}`
    case "LogMetric":
      return `${output.name} = ${JsonText.stringify(output.value)}`
    case "LogMessage":
      return `${output.level}: ${output.message}`
    case "AgentSendCustom":
      return `custom ${JsonText.stringify(output.metadata)}`
    case "AgentUpdateCall":
      return "changes the voice"
    case "AgentSendText":
      return `sends “${output.text}”`
  }
}

const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const paragraph of text.split("\n")) {
    let line = ""
    for (const word of paragraph.split(" ")) {
      for (let rest = word; ;) {
        const joined = line === "" ? rest : `${line} ${rest}`
        if (joined.length <= width) {
          line = joined
          break
        }
        if (line !== "") lines.push(line)
        line = ""
        if (rest.length <= width) continue
        lines.push(rest.slice(0, width))
        rest = rest.slice(width)
      }
    }
    lines.push(line)
  }
  return lines
}
