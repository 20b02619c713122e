/**
 * Rule 5: the history holds as spoken exactly the words that the harness has reported as spoken, in the agent's
 * spelling.
 */
import type * as Event from "../../../Event.ts"
import * as Played from "../../Played.ts"
import * as Rule from "./rule.ts"

export const rule = Rule.stateless(5, (observation) => (observation._tag === "Over" ? broken(observation.call) : []))

/** Letters and digits, which no report omits or inserts. */
const solid = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, "").toLowerCase()

/** Wrong claims of the history about the agent's speech. */
const broken = (call: Played.Played): ReadonlyArray<string> => {
  const { entries } = call
  const spoken = entries.flatMap((entry) => (entry._tag === "Spoken" ? [entry] : []))
  const end = entries.findIndex(({ _tag }) => _tag === "HungUp")
  const reports = entries
    .slice(0, end)
    .flatMap((entry) =>
      entry._tag === "Reported" && entry.report._tag === "AgentTextSent" ? [entry.report.content] : []
    )
  const told = spoken.flatMap(({ reported }) => (reported === undefined ? [] : [reported]))
  // Reports of invented speech, and histories changed by the agent, prove nothing.
  const isEdited = entries.some(({ _tag }) => _tag === "Edited")
  if (isEdited || !reports.every((content, index) => content === told[index])) return []
  const recorded = Played.events(call).flatMap((event) => (event._tag === "AgentTextSent" ? [event.content] : []))
  const wrong = spoken.filter(({ reported, text }) => reported === undefined || solid(reported) !== solid(text)).length
  return wrong === 0 ? exactly(call, reports, recorded) : nearly(reports, recorded, wrong)
}

const exactly = (
  call: Played.Played,
  told: ReadonlyArray<string>,
  recorded: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const found: Array<string> = []
  const said = saidByTurn(call).join(boundary)
  const spoken = spokenOf(call)
  const history = solid(recorded.join(""))
  const reported = solid(told.join(""))
  // Uninterruptible text counts as spoken once it has begun, although the call may end before it was.
  if (!history.startsWith(reported)) {
    found.push(`“${recorded.join(" | ")}” is on the record, and “${told.join(" ")}” was heard`)
  }
  for (const text of recorded) {
    // Text sent, if its rest counts as spoken in advance.
    if (!occurs(spoken, text.trim()) && !occurs(said, text.trim())) found.push(`“${text}” is not as the agent wrote it`)
  }
  return found
}

/** A boundary between the texts of two turns. Any white space is allowed there. */
const boundary = "\u0001"

/** Whether a text is a part of the agent's speech, with any white space at the boundaries of turns. */
const occurs = (said: string, text: string): boolean => {
  const begins = (from: number) => {
    let at = 0
    for (let i = from; at < text.length; i++) {
      if (said[i] === boundary) while (at < text.length && /\s/u.test(text[at]!)) at++
      else if (said[i] === text[at]) at++
      else if (i >= said.length || !/\s/u.test(said[i]!) || said[i + 1] !== boundary) return false
    }
    return true
  }
  for (let from = said.indexOf(text[0]!); from >= 0; from = said.indexOf(text[0]!, from + 1)) {
    if (begins(from)) return true
  }
  return text === ""
}

/**
 * The text spoken, with boundaries at unspoken gaps. Includes text that the end of the call left unspoken, because
 * uninterruptible text counts in full once it has begun.
 */
const spokenOf = ({ entries }: Played.Played): string => {
  let text = ""
  let turn = 0
  let isOver = false
  let isRest = false
  for (const entry of entries) {
    isOver ||= entry._tag === "HungUp"
    if (entry._tag === "Unspoken") {
      // What follows it directly counts along, also where another turn has said it.
      isRest ||= isOver && entry.turn === turn
      text += isRest ? entry.text + boundary : boundary
    }
    if (entry._tag !== "Spoken") continue
    text += entry.turn === turn ? entry.text : boundary + entry.text
    turn = entry.turn
  }
  return text
}

/** The text each turn has handed over, in order. A slow harness may never have spoken it. */
const saidByTurn = ({ entries }: Played.Played): ReadonlyArray<string> => {
  const texts = new Map<number, string>()
  const taken = new Map<number, number>()
  const add = (turn: number, output: Event.Output) => {
    if (output._tag === "AgentSendText") texts.set(turn, (texts.get(turn) ?? "") + output.text)
  }
  for (const entry of entries) {
    if (entry._tag === "Sending") {
      for (const output of entry.outputs) add(entry.turn, output)
      taken.set(entry.turn, (taken.get(entry.turn) ?? 0) + entry.outputs.length)
    } else if (entry._tag === "Sent") {
      const left = taken.get(entry.turn) ?? 0
      if (left > 0) taken.set(entry.turn, left - 1)
      else add(entry.turn, entry.output)
    }
  }
  return [...texts.values()]
}

/** Words next to a lost or differently spoken word may be lost with it. */
const costOfWord = 3

const nearly = (told: ReadonlyArray<string>, recorded: ReadonlyArray<string>, wrong: number): ReadonlyArray<string> => {
  const missing = told.length - inCommon(told.map(solid), solid(recorded.join("")))
  return Rule.unless(
    missing <= wrong * costOfWord,
    `${missing} of ${told.length} words are not on the record, and ${wrong} went wrong on the phone`
  )
}

/** How many of the words a text contains in order: the longest common subsequence. */
const inCommon = (words: ReadonlyArray<string>, text: string): number => {
  // The earliest position at which this many words end.
  const ends = [0]
  for (const word of words) {
    for (let count = ends.length - 1; count >= 0; count--) {
      const place = text.indexOf(word, ends[count])
      if (place >= 0) ends[count + 1] = Math.min(ends[count + 1] ?? Infinity, place + word.length)
    }
  }
  return ends.length - 1
}
