/** A played call as a picture: the caller on the left, the agent on the right, a line for what belongs together. */
import type * as Event from "../../../Event.ts"
import * as JsonText from "../../../JsonText.ts"
import * as Printable from "../../../Printable.ts"
import * as Script from "../../../Script.ts"
import type { Entry } from "./happening.ts"
import * as Step from "./step.ts"

type Side = "caller" | "agent" | "both"
interface Line {
  readonly at: number
  readonly side: Side
  readonly text: string
  /** Order of happenings at the same moment. */
  readonly order?: "first" | "last"
}

const timeWidth = 9
/** Silence long enough to be shown, in milliseconds. */
const longSilence = 2000
/** Outputs and key presses no farther apart than this are shown together. */
const together = 1000
/** Longer texts are shortened. The words that the caller hears are shown anyway. */
const longText = 240

export const draw = (entries: ReadonlyArray<Entry>, width: number): string => {
  const column = Math.floor((width - timeWidth - 3) / 2)
  const drawn = [`${" ".repeat(timeWidth)}   ${"caller".padEnd(column)}agent`]
  let lastTime = ""
  for (const { at, side, text: told } of linesOf(entries)) {
    const text = Printable.block(told)
    const indent = side === "agent" ? column : 0
    const time = clock(at)
    for (const [index, part] of wrap(text, side === "both" ? column * 2 : column - 1).entries()) {
      const shown = index === 0 && time !== lastTime ? time : ""
      drawn.push(`${shown.padStart(timeWidth)}   ${" ".repeat(indent)}${part}`.trimEnd())
    }
    lastTime = time
  }
  return drawn.join("\n")
}

/** Minutes, seconds and milliseconds: `1:02.345`. */
const clock = (ms: number): string => {
  const whole = Math.round(ms)
  const minutes = Math.floor(whole / 60_000)
  return `${minutes}:${((whole % 60_000) / 1000).toFixed(3).padStart(6, "0")}`
}

/** A line of the picture under construction. */
interface Growing {
  readonly kind: string
  readonly at: number
  until: number
  text: string
}

const linesOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<Line> => {
  const lines: Array<Line> = [...silencesOf(entries)]
  const goesOn = backgroundOf(entries)
  const isToldBySaying = saidOf(entries)
  let spoken: Growing | undefined
  let other: Growing | undefined
  const endSpoken = () => {
    if (spoken !== undefined) lines.push({ at: spoken.at, side: "agent", text: `♪ ${spoken.text.trim()}` })
    spoken = undefined
  }
  const endOther = () => {
    if (other !== undefined) lines.push(grown(other))
    other = undefined
  }
  const end = () => {
    endSpoken()
    endOther()
  }
  const grow = (kind: string, at: number, text: string, joint: string) => {
    if (other?.kind !== kind || at - other.until > together) endOther()
    other ??= { kind, at, until: at, text: "" }
    other.text += other.text === "" ? text : joint + text
    other.until = at
  }
  for (const entry of entries) {
    switch (entry._tag) {
      case "Spoken": {
        const kind = `${entry.turn}`
        if (spoken?.kind !== kind || entry.from > spoken.until) endSpoken()
        spoken ??= { kind, at: entry.from, until: entry.at, text: "" }
        spoken.text += entry.text
        spoken.until = entry.at
        const told = toldOf(entry)
        if (told !== undefined) lines.push({ at: entry.at, side: "agent", text: told })
        break
      }
      case "Sent":
        if (entry.output._tag === "AgentSendText") grow(`sends ${entry.turn}`, entry.at, entry.output.text, "")
        else if (entry.output._tag === "LogMetric") grow("measures", entry.at, outputText(entry.output), " · ")
        else {
          endOther()
          lines.push({ at: entry.at, side: "agent", text: outputText(entry.output) })
        }
        break
      case "Reported":
        if (isToldBySaying(entry.at) && entry.report._tag !== "UserTurnEnded" && entry.report._tag !== "UserDtmfSent") {
          if (entry.report._tag === "UserTurnStarted") end()
        } else if (entry.report._tag === "UserDtmfSent") {
          endSpoken()
          grow("presses", entry.at, entry.report.button, "")
        } else {
          const text = reportText(entry.report)
          if (text === undefined) break
          end()
          lines.push({ at: entry.at, side: "caller", text })
        }
        break
      default: {
        const line = lineOf(entry)
        if (line !== undefined) {
          if (line.side !== "agent" || entry._tag === "Unspoken") endSpoken()
          endOther()
          lines.push(line)
        }
        const names = goesOn(entry)
        if (names.length > 0) endOther()
        for (const name of names) {
          lines.push({ at: entry.at, side: "agent", text: `${name} goes on in the background` })
        }
      }
    }
  }
  end()
  // A word is known when it was heard to its end, and shown where it began.
  return lines.toSorted((a, b) => a.at - b.at || rank(a) - rank(b))
}

const rank = ({ order }: Line): number => (order === "first" ? 0 : order === "last" ? 2 : 1)

const grown = ({ at, kind, text }: Growing): Line => {
  if (kind === "presses") return { at, side: "caller", text: `presses ${text}` }
  return { at, side: "agent", text: kind === "measures" ? text : `sends “${cut(text)}”` }
}

const cut = (text: string): string => (text.length <= longText ? text : `${text.slice(0, longText).trimEnd()} …`)

/** Whether a report at this time belongs to what the caller says then. */
const saidOf = (entries: ReadonlyArray<Entry>): ((at: number) => boolean) => {
  const said = entries.flatMap((entry) => (entry._tag === "Said" ? [entry] : []))
  return (at) => said.some((one) => one.from <= at && at <= one.at)
}

/** The stretches of silence on both sides, from the first speech on. */
const silencesOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<Line> => {
  const speech = entries
    .flatMap((entry) => (entry._tag === "Spoken" || entry._tag === "Said" ? [{ from: entry.from, to: entry.at }] : []))
    .toSorted((a, b) => a.from - b.from)
  const hungUp = entries.find(({ _tag }) => _tag === "HungUp")?.at ?? entries.at(-1)?.at ?? 0
  const found: Array<Line> = []
  let last = 0
  for (const { from, to } of [...speech, { from: hungUp, to: hungUp }]) {
    const seconds = ((from - last) / 1000).toFixed(1)
    if (from - last >= longSilence)
      found.push({ at: last, side: "both", text: `… ${seconds} s of silence …`, order: "last" })
    last = Math.max(last, to)
  }
  return found
}

/**
 * What goes on in the background from an entry on: work that starts, and the tools that a turn has called and leaves without
 * an outcome. Some agents run a tool by themselves and only announce its result as work that ends when it starts: that is
 * no beginning.
 */
const backgroundOf = (entries: ReadonlyArray<Entry>): ((entry: Entry) => ReadonlyArray<string>) => {
  const beginnings = new Map<Entry, Array<string>>()
  const calls = new Map<string, { readonly turn: number; readonly name: string }>()
  const begun = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    switch (entry._tag) {
      case "Sent":
      case "Kept":
        if (entry.output._tag === "AgentToolCalled")
          calls.set(entry.output.toolCallId, { turn: entry.turn, name: entry.output.toolName })
        if (entry.output._tag === "AgentToolReturned") calls.delete(entry.output.toolCallId)
        break
      case "TurnOver": {
        const left = [...calls.values()].filter(
          ({ name, turn }) => turn === entry.turn && !begun.has(`${turn} ${name}`)
        )
        for (const { name, turn } of left) begun.add(`${turn} ${name}`)
        beginnings.set(
          entry,
          left.map(({ name }) => name)
        )
        break
      }
      case "WorkStarted": {
        const next = entries[index + 1]
        const isAnnouncement = next?._tag === "WorkEnded" && next.name === entry.name && next.at === entry.at
        const key = `${entry.turn} ${entry.name}`
        if (!isAnnouncement || !begun.has(key)) beginnings.set(entry, [entry.name])
        begun.add(key)
        break
      }
    }
  }
  return (entry) => beginnings.get(entry) ?? []
}

/** The reported form of a word, if it differs from the spoken one. */
const toldOf = ({ reported, text }: Extract<Entry, { readonly _tag: "Spoken" }>): string | undefined => {
  const word = text.trim()
  if (reported === undefined) return `(“${word}” was not reported)`
  return reported === text.replace(/\s+/gu, "") ? undefined : `(“${word}” was reported as “${reported}”)`
}

const lineOf = (entry: Entry): Line | undefined => {
  const { at } = entry
  const agent = (text: string): Line => ({ at, side: "agent", text })
  const both = (text: string): Line => ({ at, side: "both", text })
  switch (entry._tag) {
    case "Said":
      return {
        at: entry.from,
        side: "caller",
        order: "first",
        text: entry.text === "" ? "makes a sound" : `“${entry.text}”`
      }
    case "TurnStarted":
      return agent(`turn ${entry.turn}, on ${entry.trigger._tag}`)
    case "TurnFailing":
      return agent(`turn ${entry.turn} fails: ${cut(entry.message)}`)
    case "TurnOver":
      return agent(`turn ${entry.turn} is over`)
    case "Unspoken":
      return agent(`not spoken: “${cut(entry.text.trim())}”`)
    case "RegionLeft":
      return entry.how === "Whole" ? undefined : agent(`what must be heard was left: ${entry.how}`)
    case "Kept":
      return entry.output._tag === "AgentToolReturned" ? agent(outputText(entry.output)) : undefined
    case "WorkEnded":
      return agent(`${entry.name} has ended: ${entry.outcome}`)
    case "Edited":
      return agent("changes the history")
    case "CallFailed":
      return agent(`the call fails: ${cut(entry.error.message)}`)
    case "HungUp":
      return both(`── hung up by ${entry.by}${entry.reason === undefined ? "" : ` (${entry.reason})`} ──`)
    case "Unplayed":
      return both(`not played: ${entry.steps.map(Step.describe).join("; ")}`)
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

const reportText = (report: Event.Report): string | undefined => {
  switch (report._tag) {
    case "UserTurnStarted":
      return "begins to speak"
    case "UserTextSent":
      return `“${report.content}”`
    case "UserTurnEnded":
      return report.tentative === true ? "has probably spoken" : "has spoken"
    case "UserTurnCommitted":
      return "has spoken indeed"
    case "UserTurnResumed":
      return "goes on"
    case "UserTurnAbandoned":
      return "has said nothing after all"
    case "UserTurnRevised":
      return `has said “${report.content}” instead`
    case "UserTurnWithdrawn":
      return "has not spoken after all"
    case "UserSilent":
      return `silent for ${report.seconds} s`
    case "UserCustomSent":
      return `custom ${cut(JsonText.legible(report.metadata))}`
    // The picture shows them through the agent's outputs and the heard words.
    case "UserDtmfSent":
    case "AgentTurnStarted":
    case "AgentTextSent":
    case "AgentDtmfSent":
    case "AgentTurnEnded":
      return undefined
    default:
      report satisfies never
      return undefined
  }
}

const outputText = (output: Event.Output): string => {
  switch (output._tag) {
    case "AgentToolCalled":
      return `calls ${output.toolName}(${cut(JsonText.legible(output.toolArgs))})`
    case "AgentToolReturned":
      return `${output.toolName} → ${cut(JsonText.legible(output.result))}`
    case "AgentSendDtmf":
      return `presses ${output.button}`
    case "AgentEndCall":
      return `wants to hang up${output.reason === undefined ? "" : ` (${output.reason})`}`
    case "AgentTransferCall":
      return `wants to transfer to ${output.targetPhoneNumber}`
    case "LogMetric":
      return `${output.name} = ${JsonText.legible(output.value)}`
    case "LogMessage":
      return `${output.level}: ${cut(output.message)}`
    case "AgentSendCustom":
      return `custom ${cut(JsonText.legible(output.metadata))}`
    case "AgentUpdateCall":
      return "changes the voice"
    case "AgentSendText":
      return `sends “${cut(output.text)}”`
    default:
      output satisfies never
      return ""
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
        const end = Script.wholeEnd(rest, width)
        lines.push(rest.slice(0, end))
        rest = rest.slice(end)
      }
    }
    lines.push(line)
  }
  return lines
}
