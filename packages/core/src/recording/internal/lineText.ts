/**
 * Encodes lines of a recording as text. The kinds that occur in every turn are encoded by hand, at a third of the cost
 * of `JSON.stringify`; property tests check that the schema reads them back.
 */
import type * as Schema from "effect/Schema"
import * as JsonText from "../../JsonText.ts"
import * as Event from "../../Event.ts"
import { successor } from "../../internal/successor.ts"
import type * as RecordedLine from "./recordedLine.ts"
import * as WordsLine from "./wordsLine.ts"

/**
 * An event or a line encoded by hand. Becomes `never` when the schema gains a field, so that the encoder does not
 * compile until it writes the new field.
 */
type Only<T, Written extends PropertyKey> = T extends unknown
  ? [Exclude<keyof T, Written>] extends [never]
    ? T
    : never
  : never

type Sent = Only<RecordedLine.NoteOf<"Sent">, "_tag" | "turn" | "output">
type Reported = Only<RecordedLine.NoteOf<"Reported">, "_tag" | "report" | "eventId">
type Replied = Only<RecordedLine.NoteOf<"ModelReplied">, "_tag" | "request" | "parts">
type TextReport = Only<Event.ReportOf<"UserTextSent">, "_tag" | "content" | "eventId"> | PlainText
type TurnReport =
  | Only<Event.ReportOf<"UserTurnStarted" | "AgentTurnStarted" | "AgentTurnEnded">, "_tag" | "eventId">
  | PlainEnd

/** A report of heard words, or of the end of the caller's turn, without other fields. */
type PlainText = Only<Event.ReportOf<"AgentTextSent">, "_tag" | "content" | "eventId" | "at" | "estimated" | "own"> & {
  readonly [K in "at" | "estimated" | "own"]?: undefined
}
type PlainEnd = Only<Event.ReportOf<"UserTurnEnded">, "_tag" | "eventId" | "content" | "tentative"> & {
  readonly content?: undefined
  readonly tentative?: undefined
}
const isPlain = (report: Event.ReportOf<"AgentTextSent">): report is PlainText =>
  report.at === undefined && report.estimated === undefined && report.own === undefined
const isPlainEnd = (report: Event.ReportOf<"UserTurnEnded">): report is PlainEnd =>
  report.tentative === undefined && report.content === undefined

/** One line, with its line break. */
export const line = (at: number, note: RecordedLine.Note): string =>
  `{"at":${timeText(at)}${frequent(note) ?? `,${json(withValue(note)).slice(1)}\n`}`

/** The text of lines that follow each other. */
export interface LineText {
  /** Returns the text to append for one more line. */
  readonly add: (at: number, note: RecordedLine.Note) => string
  /** Returns the end of the text. A text without it can be read, too. */
  readonly end: () => string
}

/** Starts a text. Consecutive words share one line, which stays open until another line follows. */
export const make = (): LineText => {
  let isOpen = false
  /** Time of the last word, in microseconds. */
  let last = 0
  let turn: number | undefined
  let respondingTo: string | undefined
  let request: number | undefined
  let id: string | undefined
  let spoken: string | undefined
  /** The latest id of words that were heard. */
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

  const sent = (
    at: number,
    micros: number,
    note: Sent,
    output: Only<Event.AgentSendText, "_tag" | "text" | "respondingTo" | "interruptible">
  ): string => {
    let ended = ""
    if (turn !== note.turn || respondingTo !== output.respondingTo) {
      ended = end()
      turn = note.turn
      respondingTo = output.respondingTo
    }
    return ended + word(at, micros, quote(output.text))
  }

  const replied = (at: number, micros: number, { parts, request: to }: Replied): string => {
    let ended = ""
    if (request !== to || id !== parts[0]!["id"]) {
      ended = end()
      request = to
      id = parts[0]!["id"] as string
    }
    const texts = textsOf(parts)
    return ended + word(at, micros, texts.length === 1 ? `[${quote(texts[0]!)}]` : JSON.stringify(texts))
  }

  const heard = (at: number, micros: number, { content }: TextReport, eventId: string): string => {
    let ended = ""
    if (latest === undefined || eventId !== successor(latest)) {
      ended = end()
      spoken = eventId
    }
    latest = eventId
    return ended + word(at, micros, `${quote(content)},1`)
  }

  /** Adds the line to the open line of words, if it is only a word. */
  const addWord = (at: number, micros: number, note: RecordedLine.Note): string | undefined => {
    switch (note._tag) {
      case "Sent":
        return note.output._tag === "AgentSendText" && note.output.interruptible === undefined
          ? sent(at, micros, note, note.output)
          : undefined
      case "Reported":
        return isSpoken(note) ? heard(at, micros, note.report, note.eventId) : undefined
      case "ModelReplied":
        return isDeltas(note.parts) ? replied(at, micros, note) : undefined
      case "Happened":
      case "TurnStarted":
      case "TurnEnded":
      case "Kept":
      case "CallFailed":
      case "ModelRequested":
      case "ModelEnded":
      case "CallClosed":
      case "Floor":
      case "Lost":
        return undefined
      default:
        note satisfies never
        return undefined
    }
  }

  const add = (at: number, note: RecordedLine.Note): string => {
    const micros = microsOf(at)
    const added = micros === undefined ? undefined : addWord(at, micros, note)
    if (added !== undefined) return added
    // A word of this turn must not join a line of the last turn.
    if (note._tag === "TurnStarted") turn = respondingTo = request = id = undefined
    return end() + line(at, note._tag === "ModelReplied" ? { ...note, parts: fold(note.parts) as Parts } : note)
  }

  return { add, end }
}

/** Parts of a reply, with consecutive deltas as a list: their id, then their texts. */
const fold = (parts: Parts): ReadonlyArray<unknown> => {
  const folded: Array<unknown> = []
  for (let from = 0; from < parts.length;) {
    const to = runEnd(parts, from)
    folded.push(to === from ? parts[from] : [parts[from]!["id"], ...textsOf(parts, from, to)])
    from = Math.max(to, from + 1)
  }
  return folded
}

/** Index after the run of text deltas with the same id that begins at `from`. */
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

/** The text after the time of a line, if it is a kind encoded by hand. */
const frequent = (note: RecordedLine.Note): string | undefined => {
  switch (note._tag) {
    case "Sent":
      return note.output._tag === "LogMetric" ? metric(note, note.output) : undefined
    case "Reported":
      return reported(note)
    case "TurnStarted":
      return turnStarted(note)
    case "TurnEnded":
      return turnEnded(note)
    case "ModelReplied":
      return modelReplied(note)
    case "ModelEnded":
      return modelEnded(note)
    case "Happened":
    case "Kept":
    case "CallFailed":
    case "ModelRequested":
    case "CallClosed":
    case "Floor":
    case "Lost":
      return undefined
    default:
      note satisfies never
      return undefined
  }
}

const turnStarted = ({
  trigger,
  turn
}: Only<RecordedLine.NoteOf<"TurnStarted">, "_tag" | "turn" | "trigger">): string =>
  `,"_tag":"TurnStarted","turn":${turn},"trigger":${quote(trigger)}}\n`

const turnEnded = ({ outcome, turn }: Only<RecordedLine.NoteOf<"TurnEnded">, "_tag" | "turn" | "outcome">): string =>
  `,"_tag":"TurnEnded","turn":${turn},"outcome":"${outcome}"}\n`

const modelReplied = ({ parts, request }: Replied): string =>
  `,"_tag":"ModelReplied","request":${request},"parts":${json(parts)}}\n`

const modelEnded = ({
  error,
  outcome,
  request
}: Only<RecordedLine.NoteOf<"ModelEnded">, "_tag" | "request" | "outcome" | "error">): string | undefined =>
  error === undefined ? `,"_tag":"ModelEnded","request":${request},"outcome":"${outcome}"}\n` : undefined

const metric = (
  { turn }: Sent,
  { name, respondingTo, value }: Only<Event.LogMetric, "_tag" | "name" | "respondingTo" | "value">
): string | undefined =>
  Number.isFinite(value) && respondingTo !== undefined
    ? `,"_tag":"Sent","turn":${turn},"output":{"_tag":"LogMetric","name":${quote(name)},"value":${value as number},"respondingTo":${quote(respondingTo)}}}\n`
    : undefined

const reported = ({ eventId, report }: Reported): string | undefined => {
  if (report.eventId !== undefined || eventId === undefined) return undefined
  const begin = `,"_tag":"Reported","report":{"_tag":"${report._tag}"`
  const end = `},"eventId":${quote(eventId)}}\n`
  switch (report._tag) {
    case "UserTurnStarted":
    case "AgentTurnStarted":
    case "AgentTurnEnded":
      return begin + turnFields(report) + end
    case "UserTurnEnded":
      return isPlainEnd(report) ? begin + turnFields(report) + end : undefined
    case "UserTextSent":
      return begin + textFields(report) + end
    case "AgentTextSent":
      return isPlain(report) ? begin + textFields(report) + end : undefined
    case "UserTurnCommitted":
    case "UserTurnResumed":
    case "UserTurnAbandoned":
    case "UserTurnRevised":
    case "UserTurnWithdrawn":
    case "UserSilent":
    case "UserDtmfSent":
    case "UserCustomSent":
    case "AgentDtmfSent":
      return undefined
    default:
      report satisfies never
      return undefined
  }
}

const textFields = ({ content }: TextReport): string => `,"content":${quote(content)}`

const turnFields: (report: TurnReport) => string = () => ""

/** Whether the line reports heard words with an id given by the call. */
const isSpoken = (note: Reported): note is Reported & { readonly report: PlainText; readonly eventId: string } =>
  note.report._tag === "AgentTextSent" &&
  note.report.eventId === undefined &&
  note.eventId !== undefined &&
  isPlain(note.report)

/** Any value as JSON. A value that is not JSON becomes its string form, or null. */
export const json = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? "null"
  } catch {
    return JsonText.stringify(value, "null")
  }
}

type Parts = RecordedLine.LineOf<"ModelReplied">["parts"]

/** Whether a part is a text delta with only its text. */
const isTextDelta = (part: Parts[number]): boolean => {
  if (part["type"] !== "text-delta" || typeof part["id"] !== "string" || typeof part["delta"] !== "string") return false
  let members = 0
  for (const _ in part) members++
  return members === 3
}

/** JSON omits fields that it cannot represent. Writes null instead, because readers expect the field. */
const withValue = (note: RecordedLine.Note): RecordedLine.Note => {
  if (note._tag === "Happened") return { ...note, event: withFields(note.event) }
  return note._tag === "Sent" || note._tag === "Kept" ? { ...note, output: withFields(note.output) } : note
}

const withFields = <E extends Event.Input | Event.Output>(event: E): E => {
  for (const field of anyValue[event._tag] ?? []) {
    if (isLeftOut(Reflect.get(event, field))) return { ...event, [field]: null }
  }
  return event
}

/** Required fields with arbitrary values, by the tag of the event. */
const anyValue: { readonly [tag: string]: ReadonlyArray<string> } = Object.fromEntries(
  Object.entries({ ...Event.Input.cases, ...Event.Output.cases }).map(([tag, { fields }]) => [
    tag,
    Object.entries<Schema.Constraint>(fields).flatMap(([name, { ast }]) => (ast._tag === "Unknown" ? [name] : []))
  ])
)

const isLeftOut = (value: unknown): boolean => leftOut.has(typeof value)
const leftOut: ReadonlySet<string> = new Set(["undefined", "function", "symbol"])

/** Encodes text as JSON. Scanning a short text here is cheaper than `JSON.stringify`. */
const quote = (text: string): string => {
  if (text.length > short) return JSON.stringify(text)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return JSON.stringify(text)
  }
  return `"${text}"`
}
const short = 40

/** A time in microseconds, if it is a whole number of them, like all times of a clock. */
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
  micros === 0 ? "" : `.${`${micros}`.padStart(3, "0").replace(/(?<!0)0+$/, "")}`
)
