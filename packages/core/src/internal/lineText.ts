/**
 * Lines of a recording as text. The two kinds that come with every word of an agent are put together by hand, at a third of
 * the cost; property tests hold them to what the schema reads.
 */
import * as JsonText from "../JsonText.ts"
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
  let request = -1
  let id = ""
  let beforeDelta = ""

  const sent = (text: string, inTurn: number, responding: string | undefined): string => {
    if (turn !== inTurn || respondingTo !== responding || afterText === "") {
      turn = inTurn
      respondingTo = responding
      beforeText = `,"_tag":"Sent","turn":${turn},"output":{"_tag":"AgentSendText","text":`
      afterText = responding === undefined ? "}}\n" : `,"respondingTo":${JSON.stringify(responding)}}}\n`
    }
    return beforeText + JSON.stringify(text) + afterText
  }

  const replied = (delta: string, ofRequest: number, ofBlock: string): string => {
    if (request !== ofRequest || id !== ofBlock || beforeDelta === "") {
      request = ofRequest
      id = ofBlock
      beforeDelta = `,"_tag":"ModelReplied","request":${request},"parts":[{"type":"text-delta","id":${JSON.stringify(id)},"delta":`
    }
    return `${beforeDelta}${JSON.stringify(delta)}}]}\n`
  }

  /** All that follows the time. */
  const rest = (note: Recording.Note): string => {
    if (note._tag === "Sent") {
      const { output } = note
      if (output._tag === "AgentSendText" && output.interruptible === undefined) {
        return sent(output.text, note.turn, output.respondingTo)
      }
    } else if (note._tag === "ModelReplied") {
      const [part] = note.parts
      if (note.parts.length === 1 && isTextDelta(part)) return replied(part.delta, note.request, part.id)
    }
    return `,${json(withValue(note)).slice(1)}\n`
  }

  return (at, note) => `{"at":${timeText(at)}${rest(note)}`
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

const isTextDelta = (part: object | undefined): part is { readonly id: string; readonly delta: string } =>
  part !== undefined &&
  "type" in part &&
  part.type === "text-delta" &&
  "id" in part &&
  typeof part.id === "string" &&
  "delta" in part &&
  typeof part.delta === "string" &&
  Object.keys(part).length === 3

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
