/**
 * Lines of a recording as text. The kinds that come with every word and every turn are put together by hand, at a third of the
 * cost; property tests hold them to what the schema reads.
 */
import * as JsonText from "../JsonText.ts"
import type * as Event from "../Event.ts"
import type * as Recording from "../Recording.ts"

/**
 * Makes the function that gives a line, with its line break. It keeps the text around the words of the reply that it saw
 * last, so each recording has one of its own.
 */
export const maker = (): ((at: number, note: Recording.Note) => string) => {
  let turn = -1
  let respondingTo: string | undefined
  let beforeText = ""
  let afterText = ""
  let id = ""
  let idText = '""'

  const sent = (text: string, inTurn: number, responding: string | undefined): string => {
    if (turn !== inTurn || respondingTo !== responding || afterText === "") {
      turn = inTurn
      respondingTo = responding
      beforeText = `,"_tag":"Sent","turn":${turn},"output":{"_tag":"AgentSendText","text":`
      afterText = responding === undefined ? "}}\n" : `,"respondingTo":${JSON.stringify(responding)}}}\n`
    }
    return beforeText + quote(text) + afterText
  }

  const deltas = (parts: ReadonlyArray<TextDelta>): string => {
    let text = ""
    for (const part of parts) {
      if (part.id !== id) {
        id = part.id
        idText = JSON.stringify(id)
      }
      text += `${text === "" ? "" : ","}{"type":"text-delta","id":${idText},"delta":${quote(part.delta)}}`
    }
    return text
  }

  /** What follows the time, where it comes with every word or turn. */
  const frequent = (note: Recording.Note): string | undefined => {
    switch (note._tag) {
      case "Sent": {
        const { output, turn } = note
        if (output._tag === "LogMetric") return metric(turn, output)
        return output._tag === "AgentSendText" && output.interruptible === undefined
          ? sent(output.text, turn, output.respondingTo)
          : undefined
      }
      case "ModelReplied":
        return note.parts.every(isTextDelta)
          ? `,"_tag":"ModelReplied","request":${note.request},"parts":[${deltas(note.parts)}]}\n`
          : undefined
      case "Reported":
        return reported(note.report, note.eventId)
      case "TurnStarted":
        return `,"_tag":"TurnStarted","turn":${note.turn},"trigger":${JSON.stringify(note.trigger)}}\n`
      case "TurnEnded":
        return `,"_tag":"TurnEnded","turn":${note.turn},"outcome":"${note.outcome}"}\n`
      case "ModelEnded":
        return note.error === undefined
          ? `,"_tag":"ModelEnded","request":${note.request},"outcome":"${note.outcome}"}\n`
          : undefined
      default:
        return undefined
    }
  }

  return (at, note) => `{"at":${timeText(at)}${frequent(note) ?? `,${json(withValue(note)).slice(1)}\n`}`
}

const metric = (turn: number, { name, respondingTo, value }: Event.OutputOf<"LogMetric">): string | undefined =>
  Number.isFinite(value) && respondingTo !== undefined
    ? `,"_tag":"Sent","turn":${turn},"output":{"_tag":"LogMetric","name":${quote(name)},"value":${value as number},"respondingTo":${JSON.stringify(respondingTo)}}}\n`
    : undefined

const reported = (report: Event.Report, eventId: string | undefined): string | undefined => {
  if (report.eventId !== undefined || eventId === undefined) return undefined
  const id = `},"eventId":${JSON.stringify(eventId)}}\n`
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

/** A line on its own, with its line break. */
export const make = maker()

/** Any value as JSON. What is none becomes its text, or null. */
export const json = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? "null"
  } catch {
    return JsonText.stringify(value, "null")
  }
}

interface TextDelta {
  readonly id: string
  readonly delta: string
}

type Part = Recording.LineOf<"ModelReplied">["parts"][number]

const isTextDelta = (part: Part): part is Part & TextDelta => {
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

/** Text as JSON. A word is looked at here, which is cheaper than to ask. */
const quote = (text: string): string => {
  if (text.length > longWord) return JSON.stringify(text)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return JSON.stringify(text)
  }
  return `"${text}"`
}
const longWord = 32

/** A time of whole microseconds, as a clock gives it, is put together from two whole numbers, which print faster. */
const timeText = (at: number): string => {
  const micros = Math.round(at * 1000)
  if (!(micros >= 0 && micros < 2 ** 31 && micros / 1000 === at)) return `${at}`
  const millis = (micros / 1000) | 0
  return `${millis}${fractions[micros - millis * 1000]}`
}

const fractions = Array.from({ length: 1000 }, (_, micros) =>
  micros === 0 ? "" : `.${`${micros}`.padStart(3, "0").replace(/0+$/, "")}`
)
