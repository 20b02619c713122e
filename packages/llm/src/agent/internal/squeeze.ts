/**
 * Makes the lines of one prompt fit: removes whole exchanges first, then shortens the contents of the rest, and at last removes the
 * oldest tool calls of the current exchange.
 */
import * as ResultText from "../../internal/resultText.ts"
import type * as Transcript from "../../internal/transcript.ts"
import { wholeAt } from "../../internal/wholeText.ts"
import * as PromptSize from "./promptSize.ts"

type Line = Transcript.Line
type Lines = ReadonlyArray<Line>

/** The note that replaces what was left out. */
export const leftOut: Line = {
  role: "system",
  text: "The beginning of the conversation is left out here, because it has become too long."
}

/** The start of the exchange to answer, from which on no line is left out. */
const currentExchange = (lines: Lines): number => {
  const user = lines.findLastIndex(({ role }) => role === "user")
  return user < 0 ? Math.max(0, lines.length - 1) : user
}

/**
 * Returns the lines within the available tokens, if possible. A call and its result are one line, so they are never
 * separated. The first `head` lines stay.
 */
export const fit = (lines: Lines, room: number, head = 0): Lines => {
  let size = PromptSize.ofLines(lines)
  if (size <= room) return lines
  const current = currentExchange(lines)
  let from = head
  while (from < current && (size > room || lines[from]!.role !== "user")) size -= PromptSize.ofLine(lines[from++]!)
  if (from === head) return squeezed(lines, room)
  const open = lines.slice(head, from).filter(isOpen)
  return squeezed([...lines.slice(0, head), leftOut, ...open, ...lines.slice(from)], room)
}

const squeezed = (lines: Lines, room: number): Lines =>
  shortened(thinned(shortened(lines, room, lengths), room), room, shortest)

/** A call that has no outcome yet. It stays, because the model waits for it. */
const isOpen = (line: Line): boolean => line.role === "tool" && line.call.result === "pending"

/** Removes tool calls of the current exchange, the oldest first. The last one stays, and so do open ones. */
const thinned = (lines: Lines, room: number): Lines => {
  let size = PromptSize.ofLines(lines)
  if (size <= room) return lines
  const current = currentExchange(lines)
  const last = lines.findLastIndex(({ role }) => role === "tool")
  return lines.filter((line, at) => {
    if (size <= room || at < current || at >= last || line.role !== "tool" || isOpen(line)) return true
    size -= PromptSize.ofLine(line)
    return false
  })
}

/** Maximum lengths for results and texts, tried one after another. */
const lengths = [4000, 1000, 250]
/** The maximum length if the oldest tool calls have been removed, too. */
const shortest = [100]

const shortened = (lines: Lines, room: number, lengths: ReadonlyArray<number>): Lines => {
  let fitting = lines
  for (const length of lengths) {
    let size = PromptSize.ofLines(fitting)
    if (size <= room) return fitting
    fitting = fitting.map((line) => {
      if (size <= room) return line
      const short = shorten(line, length)
      size += PromptSize.ofLine(short) - PromptSize.ofLine(line)
      return short
    })
  }
  return fitting
}

const shorten = (line: Line, length: number): Line => {
  if (line.role === "tool") {
    const { args, result } = line.call
    const isLong = ResultText.of(args).length > length
    if (!isLong && result.length <= length) return line
    const short = {
      args: isLong ? ResultText.partOf(args, length) : args,
      result: result.length <= length ? result : cutText(result, length)
    }
    return { role: "tool", call: { ...line.call, ...short } }
  }
  return line.text.length <= length ? line : { role: line.role, text: cutText(line.text, length) }
}

/** A text of at most so many estimated tokens: what is longer loses its middle. */
export const cutTo = (text: string, tokens: number): string => {
  const size = PromptSize.ofText(text)
  return size <= tokens ? text : cutText(text, Math.floor((text.length * tokens) / size))
}

/** The beginning and end of a text that is too long. */
const cutText = (text: string, length: number): string => {
  const kept = Math.max(0, length - noteLength)
  const start = wholeAt(text, Math.ceil(kept * 0.75))
  const end = wholeAt(text, text.length - (kept - start))
  return `${text.slice(0, start)} (${end - start} characters are left out here) ${text.slice(end)}`
}

/** Characters of the note in the middle. */
const noteLength = 45
