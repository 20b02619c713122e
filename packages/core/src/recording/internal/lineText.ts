/**
 * Lines of a recording as text. The kinds that come with every turn are put together by hand, at a third of the cost; property
 * tests hold them to what the schema reads.
 */
import * as JsonText from "../../JsonText.ts"
import type * as Event from "../../Event.ts"
import type * as Recording from "../Recording.ts"
import { successor } from "../../internal/successor.ts"
import * as WordsLine from "./wordsLine.ts"

/** A line on its own, with its line break. */
export const line = (at: number, note: Recording.Note): string =>
  `{"at":${timeText(at)}${frequent(note) ?? `,${json(withValue(note)).slice(1)}\n`}`

/** The text of lines that follow each other. */
export interface LineText {
  /** What goes to the end of the text for one more line. */
  readonly add: (at: number, note: Recording.Note) => string
  /** What ends the text. A text without it can be read. */
  readonly end: () => string
}

/** Starts a text. Words in a row are one line of it, which is open until another line follows. */
export const make = (): LineText => {
  let isOpen = false
  /** Time of the last word, in microseconds. */
  let last = 0
  let turn: number | undefined
  let respondingTo: string | undefined
  let request: number | undefined
  let id: string | undefined
  let spoken: string | undefined
  /** The latest id of what was spoken. */
  let latest: string | undefined

  const end = () => {
    spoken = latest = undefined
    if (!isOpen) return ""
    isOpen = false
    return `${WordsLine.end}\n`
  }

  const word = (at: number, micros: number, said: string): string => {
    const since = micros - last
    last = micros
    if (isOpen) return `,[${since},${said}]`
    isOpen = true
    return `{"at":${timeText(at)},${WordsLine.opening({ turn, respondingTo, request, id, spoken })}[0,${said}]`
  }

  const sent = (at: number, micros: number, inTurn: number, output: Event.OutputOf<"AgentSendText">): string => {
    let ended = ""
    if (turn !== inTurn || respondingTo !== output.respondingTo) {
      ended = end()
      turn = inTurn
      respondingTo = output.respondingTo
    }
    return ended + word(at, micros, quote(output.text))
  }

  const replied = (at: number, micros: number, to: number, deltas: Parts): string => {
    let ended = ""
    if (request !== to || id !== deltas[0]!["id"]) {
      ended = end()
      request = to
      id = deltas[0]!["id"] as string
    }
    const texts = textsOf(deltas)
    return ended + word(at, micros, texts.length === 1 ? `[${quote(texts[0]!)}]` : JSON.stringify(texts))
  }

  const heard = (at: number, micros: number, content: string, eventId: string): string => {
    let ended = ""
    if (latest === undefined || eventId !== successor(latest)) {
      ended = end()
      spoken = eventId
    }
    latest = eventId
    return ended + word(at, micros, `${quote(content)},1`)
  }

  const add = (at: number, note: Recording.Note): string => {
    const micros = microsOf(at)
    if (micros !== undefined) {
      if (note._tag === "Sent" && note.output._tag === "AgentSendText" && note.output.interruptible === undefined) {
        return sent(at, micros, note.turn, note.output)
      }
      if (note._tag === "Reported" && note.report._tag === "AgentTextSent" && note.report.eventId === undefined) {
        if (note.eventId !== undefined) return heard(at, micros, note.report.content, note.eventId)
      }
      if (note._tag === "ModelReplied" && isDeltas(note.parts)) return replied(at, micros, note.request, note.parts)
    }
    // No word of this turn is to stand beside what the last one was about.
    if (note._tag === "TurnStarted") turn = respondingTo = request = id = undefined
    return end() + line(at, note._tag === "ModelReplied" ? { ...note, parts: fold(note.parts) as Parts } : note)
  }

  return { add, end }
}

/** Parts of a reply, some of which are words: deltas in a row are a list of their id and their texts. */
const fold = (parts: Parts): ReadonlyArray<unknown> => {
  const folded: Array<unknown> = []
  for (let from = 0; from < parts.length;) {
    const to = runEnd(parts, from)
    folded.push(to === from ? parts[from] : [parts[from]!["id"], ...textsOf(parts, from, to)])
    from = Math.max(to, from + 1)
  }
  return folded
}

/** Where text deltas of one id end, which begin there. */
const runEnd = (parts: Parts, from: number): number => {
  let to = from
  while (to < parts.length && isTextDelta(parts[to]!) && parts[to]!["id"] === parts[from]!["id"]) to++
  return to
}

const isDeltas = (parts: Parts): boolean => parts.length > 0 && runEnd(parts, 0) === parts.length

const textsOf = (deltas: Parts, from = 0, to = deltas.length): ReadonlyArray<string> => {
  const texts: Array<string> = []
  for (let i = from; i < to; i++) texts.push(deltas[i]!["delta"] as string)
  return texts
}

/** What follows the time, where a line comes with every turn. */
const frequent = (note: Recording.Note): string | undefined => {
  switch (note._tag) {
    case "Sent":
      return note.output._tag === "LogMetric" ? metric(note.turn, note.output) : undefined
    case "Reported":
      return reported(note.report, note.eventId)
    case "TurnStarted":
      return `,"_tag":"TurnStarted","turn":${note.turn},"trigger":${quote(note.trigger)}}\n`
    case "TurnEnded":
      return `,"_tag":"TurnEnded","turn":${note.turn},"outcome":"${note.outcome}"}\n`
    case "ModelReplied":
      return `,"_tag":"ModelReplied","request":${note.request},"parts":${json(note.parts)}}\n`
    case "ModelEnded":
      return note.error === undefined
        ? `,"_tag":"ModelEnded","request":${note.request},"outcome":"${note.outcome}"}\n`
        : undefined
    default:
      return undefined
  }
}

const metric = (turn: number, { name, respondingTo, value }: Event.OutputOf<"LogMetric">): string | undefined =>
  Number.isFinite(value) && respondingTo !== undefined
    ? `,"_tag":"Sent","turn":${turn},"output":{"_tag":"LogMetric","name":${quote(name)},"value":${value as number},"respondingTo":${quote(respondingTo)}}}\n`
    : undefined

const reported = (report: Event.Report, eventId: string | undefined): string | undefined => {
  if (report.eventId !== undefined || eventId === undefined) return undefined
  const id = `},"eventId":${quote(eventId)}}\n`
  switch (report._tag) {
    case "UserTurnStarted":
    case "UserTurnEnded":
    case "AgentTurnStarted":
    case "AgentTurnEnded":
      return `,"_tag":"Reported","report":{"_tag":"${report._tag}"${id}`
    case "UserTextSent":
    case "AgentTextSent":
      return `,"_tag":"Reported","report":{"_tag":"${report._tag}","content":${quote(report.content)}${id}`
    default:
      return undefined
  }
}

/** Any value as JSON. What is none becomes its text, or null. */
export const json = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? "null"
  } catch {
    return JsonText.stringify(value, "null")
  }
}

type Parts = Recording.LineOf<"ModelReplied">["parts"]

/** Whether a part is its words and nothing more. */
const isTextDelta = (part: Parts[number]): boolean => {
  if (part["type"] !== "text-delta" || typeof part["id"] !== "string" || typeof part["delta"] !== "string") return false
  let members = 0
  for (const _ in part) members++
  return members === 3
}

/** JSON leaves out what it has no form for, and a reader would miss it. */
const withValue = (note: Recording.Note): Recording.Note => {
  if (note._tag === "Happened" && note.event._tag === "BackgroundReturned" && isLeftOut(note.event.result)) {
    return { ...note, event: { ...note.event, result: null } }
  }
  if (note._tag !== "Sent" && note._tag !== "Kept") return note
  const { output } = note
  if (output._tag === "LogMetric" && isLeftOut(output.value)) return { ...note, output: { ...output, value: null } }
  if (output._tag === "AgentToolReturned" && isLeftOut(output.result)) {
    return { ...note, output: { ...output, result: null } }
  }
  return note
}

const isLeftOut = (value: unknown): boolean => leftOut.has(typeof value)
const leftOut: ReadonlySet<string> = new Set(["undefined", "function", "symbol"])

/** Text as JSON. A word or an id is looked at here, which is cheaper than to ask. */
const quote = (text: string): string => {
  if (text.length > short) return JSON.stringify(text)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return JSON.stringify(text)
  }
  return `"${text}"`
}
const short = 40

/** A time of whole microseconds, as a clock gives it, as these. */
const microsOf = (at: number): number | undefined => {
  const micros = Math.round(at * 1000)
  return micros >= 0 && micros < 2 ** 31 && micros / 1000 === at ? micros : undefined
}

/** Two whole numbers print faster than one with a fraction. */
const timeText = (at: number): string => {
  const micros = microsOf(at)
  if (micros === undefined) return `${at}`
  const millis = (micros / 1000) | 0
  return `${millis}${fractions[micros - millis * 1000]}`
}

const fractions = Array.from({ length: 1000 }, (_, micros) =>
  micros === 0 ? "" : `.${`${micros}`.padStart(3, "0").replace(/0+$/, "")}`
)
