/**
 * Lines of a recording as text. The two kinds that come with every word of an agent are put together by hand, which is a
 * third of the cost; a property test holds them to what the schema reads.
 */
import * as JsonText from "../JsonText.ts"
import type * as Recording from "../Recording.ts"

/** A line, with its line break. */
export const make = (at: number, note: Recording.Note): string => `{"at":${timeText(at)},${fields(note)}\n`

/** Any value as JSON. What is none becomes its text, or null. */
export const json = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? "null"
  } catch {
    return JsonText.stringify(value, "null")
  }
}

/** All that follows the time, with the closing brace. */
const fields = (note: Recording.Note): string => {
  switch (note._tag) {
    case "Sent": {
      const { output, turn } = note
      if (output._tag !== "AgentSendText") break
      const interruptible = output.interruptible === undefined ? "" : `,"interruptible":${output.interruptible}`
      const respondingTo = output.respondingTo === undefined ? "" : `,"respondingTo":${idText(output.respondingTo)}`
      return `"_tag":"Sent","turn":${turn},"output":{"_tag":"AgentSendText","text":${JSON.stringify(output.text)}${interruptible}${respondingTo}}}`
    }
    case "ModelReplied": {
      const [part] = note.parts
      if (note.parts.length !== 1 || !isTextDelta(part)) break
      return `"_tag":"ModelReplied","request":${note.request},"parts":[{"type":"text-delta","id":${idText(part.id)},"delta":${JSON.stringify(part.delta)}}]}`
    }
  }
  return json(withValue(note)).slice(1)
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

// The same few ids come back with every word.
const idText = (id: string): string => {
  if (id !== lastId) {
    lastId = id
    lastIdText = JSON.stringify(id)
  }
  return lastIdText
}
let lastId = ""
let lastIdText = '""'
