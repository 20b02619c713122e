/**
 * A call as a listener would describe it: who said what, how much of it was heard, tool calls, key presses and
 * silences.
 *
 * Judges read it; a model that answers on the call reads a `Transcript` instead.
 *
 * @since 0.1.0
 */
import type * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import * as JsonText from "@antiphon/core/JsonText"
import * as Played from "@antiphon/core/testing/Played"
import type * as Timeline from "@antiphon/core/testing/Timeline"
import * as Schema from "effect/Schema"
import * as Heard from "./internal/heard.ts"

/** Milliseconds since the call began, if known. */
const at = { atMs: Schema.optionalKey(Schema.Finite) }

/** Schema for one thing that happened. */
export const Line = Schema.TaggedUnion({
  CallerSaid: { ...at, text: Schema.String },
  CallerPressed: { ...at, buttons: Schema.String },
  /** What the caller heard of it, and what the agent said beyond that. */
  AgentSaid: { ...at, heard: Schema.String, unheard: Schema.String },
  AgentPressed: { ...at, buttons: Schema.String },
  /** `result` is null if the call ended before there was one. */
  ToolCalled: { ...at, name: Schema.String, args: Schema.Unknown, result: Schema.NullOr(Schema.String) },
  /** Nobody spoke for this long. */
  Silence: { ...at, ms: Schema.Finite },
  /** What the caller thinks of the call once it is over. */
  CallerConcluded: { ...at, goalReached: Schema.Boolean, reason: Schema.String },
  /** Anything else, in words. */
  Noted: { ...at, text: Schema.String }
})
export type Line = typeof Line.Type

/** One kind of line by its tag. */
export type LineOf<Tag extends Line["_tag"]> = Extract<Line, { readonly _tag: Tag }>

/** A call, in order. */
export type Conversation = ReadonlyArray<Line>

/**
 * Makes the conversation of a history. `assumeHeard` counts everything the agent said as heard, for harnesses that
 * report no speech; without it, only reported speech counts as heard.
 */
export const fromHistory = (
  history: History.History,
  options: { readonly assumeHeard?: boolean | undefined } = {}
): Conversation => {
  const teller = makeTeller()
  for (const { item, turn } of history.entries) {
    if (item._tag === "AgentSendText") {
      teller.agentSays(turn, item.text)
      if (options.assumeHeard === true) teller.agentHeard(item.text)
    } else if (item._tag === "AgentTextSent") {
      if (options.assumeHeard !== true) teller.agentHeard(item.content)
    } else tellItem(teller, item)
  }
  return teller.lines
}

/**
 * Makes the conversation of a played call, with its times, what was heard word by word, and the silences of at least
 * `silenceMs`, 2000 by default.
 */
export const fromPlayed = (
  played: Played.Played,
  options: { readonly silenceMs?: number | undefined } = {}
): Conversation => {
  const { teller, unspoken } = tellEntries(played.entries)
  // What was still unspoken when the call ended.
  if (unspoken.trim() !== "") teller.agentUnheard(unspoken, Played.outcome(played).at)
  // The outcome of a tool is recorded, even if it was too late to be sent.
  for (const { item } of played.history.entries) {
    if (item._tag === "AgentToolReturned") teller.toolCalled(item).result = resultText(item.result)
  }
  const silences = Played.silences(played)
    .filter(({ from, to }) => to - from >= (options.silenceMs ?? 2000))
    .map(({ from, to }): Line => ({ _tag: "Silence", atMs: from, ms: to - from }))
  return inOrder([...teller.lines, ...silences])
}

/**
 * Makes the conversation as the caller of a call in progress knows it: what was heard, and the keys that were pressed.
 */
export const fromCallersSide = (entries: ReadonlyArray<Timeline.Entry>): Conversation =>
  inOrder(tellEntries(entries).teller.lines).flatMap((line): Conversation => {
    if (line._tag === "AgentSaid") return line.heard === "" ? [] : [{ ...line, unheard: "" }]
    return line._tag === "CallerSaid" || line._tag === "CallerPressed" || line._tag === "AgentPressed" ? [line] : []
  })

const inOrder = (lines: Conversation): Conversation => lines.toSorted((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0))

const tellEntries = (entries: ReadonlyArray<Timeline.Entry>) => {
  const teller = makeTeller()
  const wasSaid = entries.some(({ _tag }) => _tag === "Said")
  let unspoken = ""
  for (const entry of entries) {
    if (entry._tag === "Sent" && entry.output._tag === "AgentSendText") unspoken += entry.output.text
    else if (entry._tag === "Spoken" || entry._tag === "Unspoken") unspoken = without(unspoken, entry.text)
    tellEntry(teller, entry, wasSaid)
  }
  return { teller, unspoken }
}

/** Writes the call as text, one line for each thing that happened. Speech is in quotes, as in JSON. */
export const toText = (conversation: Conversation): string => conversation.map(lineText).join("\n")

/** Whether words occur on the call, ignoring case and spacing. */
export const mentions = (conversation: Conversation, words: string): boolean =>
  conversation.some((line) => plain(quotable(line)).includes(plain(words)))

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Pending = { readonly turn: number; line: Mutable<LineOf<"AgentSaid">>; rest: string }

/** Sorts the entries of a call, and joins those that belong together. */
const makeTeller = () => {
  const lines: Array<Mutable<Line>> = []
  const calls = new Map<string, Mutable<LineOf<"ToolCalled">>>()
  let speaker: number | undefined

  const add = <L extends Line>(line: L, atMs: number | undefined): L => {
    const timed = atMs === undefined ? line : { ...line, atMs }
    lines.push(timed)
    return timed
  }
  const says = (heard: string, unheard: string, atMs?: number) =>
    add<Mutable<LineOf<"AgentSaid">>>({ _tag: "AgentSaid", heard, unheard }, atMs)
  const callerSpokeSince = (line: Line) => lines.slice(lines.indexOf(line)).some(({ _tag }) => _tag === "CallerSaid")
  /** The agent's last words, if the caller has said nothing since. */
  const open = () => {
    const line = lines.findLast((line) => line._tag === "AgentSaid" || line._tag === "CallerSaid")
    return line?._tag === "AgentSaid" ? line : undefined
  }
  const lastIs = <Tag extends Line["_tag"]>(tag: Tag): Mutable<LineOf<Tag>> | undefined => {
    const last = lines.at(-1)
    return last?._tag === tag ? (last as Mutable<LineOf<Tag>>) : undefined
  }

  return {
    lines: lines as Conversation,
    ...makeAlignment(says, callerSpokeSince),
    /** A word of a turn was heard, as it was sent. */
    agentSpoke: (turn: number, text: string, atMs: number): void => {
      const line = speaker === turn ? open() : undefined
      if (line === undefined || line.unheard !== "") says(text, "", atMs)
      else line.heard += text
      speaker = turn
    },
    /** Words that nobody heard. */
    agentUnheard: (text: string, atMs: number): void => {
      const line = open()
      if (line === undefined) says("", text, atMs)
      else line.unheard += text
    },
    callerSaid: (text: string, atMs?: number): void => {
      const last = atMs === undefined ? lastIs("CallerSaid") : undefined
      if (last === undefined) add({ _tag: "CallerSaid", text }, atMs)
      else last.text = join(last.text, text)
    },
    pressed: (_tag: "CallerPressed" | "AgentPressed", button: string, atMs?: number): void => {
      const last = lastIs(_tag)
      if (last === undefined) add({ _tag, buttons: button }, atMs)
      else last.buttons += button
    },
    toolCalled: (
      { toolArgs, toolCallId, toolName }: Event.OutputOf<"AgentToolCalled" | "AgentToolReturned">,
      atMs?: number
    ): Mutable<LineOf<"ToolCalled">> => {
      const known = calls.get(toolCallId)
      if (known !== undefined) return known
      const call = add<Mutable<LineOf<"ToolCalled">>>(
        { _tag: "ToolCalled", name: toolName, args: toolArgs, result: null },
        atMs
      )
      calls.set(toolCallId, call)
      return call
    },
    noted: (text: string, atMs?: number): void => void add({ _tag: "Noted", text }, atMs)
  }
}

/** Finds reported speech in what was sent. */
const makeAlignment = (
  says: (heard: string, unheard: string) => Mutable<LineOf<"AgentSaid">>,
  callerSpokeSince: (line: Line) => boolean
) => {
  // Turns of which something was sent that was not heard yet.
  let pending: Array<Pending> = []
  return {
    agentSays: (turn: number, text: string): void => {
      const last = pending.at(-1)
      if (last?.turn === turn) {
        last.rest += text
        last.line.unheard = last.rest
      } else if (text !== "") pending.push({ turn, line: says("", text), rest: text })
    },
    agentHeard: (report: string): void => {
      let left = report
      while (left.trim() !== "") {
        const [index, taken] = firstTaken(pending, left)
        if (taken === undefined) return void says(left, "")
        // Text before the heard position, which will no longer be heard.
        pending = pending.slice(index)
        const current = pending[0]!
        current.rest = taken.rest
        left = taken.left
        if (current.line.heard !== "" && callerSpokeSince(current.line)) {
          current.line.unheard = ""
          current.line = says(taken.heard, taken.rest)
        } else {
          current.line.heard = join(current.line.heard, taken.heard)
          current.line.unheard = taken.rest
        }
        if (left !== "") pending = pending.slice(1)
      }
    }
  }
}

type Teller = ReturnType<typeof makeTeller>

/** Tells anything but the words of the agent. */
const tellItem = (teller: Teller, item: History.Item, atMs?: number): void => {
  switch (item._tag) {
    case "UserTextSent":
      return teller.callerSaid(item.content, atMs)
    case "UserDtmfSent":
      return teller.pressed("CallerPressed", item.button, atMs)
    case "AgentSendDtmf":
      return teller.pressed("AgentPressed", item.button, atMs)
    case "AgentToolCalled":
      return void teller.toolCalled(item, atMs)
    case "AgentToolReturned":
      teller.toolCalled(item, atMs).result = resultText(item.result)
      return
    default: {
      const words = noteOf(item)
      if (words !== undefined) teller.noted(words, atMs)
    }
  }
}

/** Describes what happened on a played call. `wasSaid`: the caller's words are recorded as speech, not only as reports. */
const tellEntry = (teller: Teller, entry: Timeline.Entry, wasSaid: boolean): void => {
  switch (entry._tag) {
    case "Said":
      return teller.callerSaid(entry.text, entry.from)
    case "Spoken":
      return teller.agentSpoke(entry.turn, entry.text, entry.from)
    case "Unspoken":
      return teller.agentUnheard(entry.text, entry.at)
    case "Sent":
      return entry.output._tag === "AgentSendText" ? undefined : tellItem(teller, entry.output, entry.at)
    case "Decided": {
      const { _tag } = entry.event
      if (_tag === "CallEnded" || (_tag === "UserTextSent" && wasSaid)) return
      return tellItem(teller, entry.event, entry.at)
    }
    case "CallFailed":
      return teller.noted(`the agent breaks off: ${entry.error.message}`, entry.at)
    case "HungUp":
      return teller.noted(hungUp[entry.by], entry.at)
    case "Noted":
      return teller.noted(entry.text, entry.at)
    default:
      return
  }
}

const hungUp: { readonly [By in Timeline.HungUpBy]: string } = {
  caller: "the caller hangs up",
  agent: "the agent has hung up",
  transfer: "the call is transferred",
  failure: "the call is broken off",
  connection: "the connection is lost"
}

/** A text without a part of it. Spoken text keeps the agent's spacing. */
const without = (text: string, part: string): string => {
  const index = text.indexOf(part)
  return index < 0 ? text : text.slice(0, index) + text.slice(index + part.length)
}

const resultText = (result: unknown): string => (typeof result === "string" ? result : JsonText.legible(result))

/** Describes anything but speech, keys and tools. Undefined if a listener would not notice it. */
const noteOf = (item: History.Item): string | undefined => {
  switch (item._tag) {
    case "CallEnded":
      return "the call has ended"
    case "AgentEndCall":
      return item.reason === undefined ? "the agent asks to hang up" : `the agent asks to hang up: ${item.reason}`
    case "AgentTransferCall":
      return `the agent asks to transfer the call to ${item.targetPhoneNumber}`
    case "AgentHandedOff":
      return "another agent has taken over"
    case "AgentSendCustom":
      return `the agent sends data: ${JsonText.legible(item.metadata)}`
    case "UserCustomSent":
      return `the caller's side sends data: ${JsonText.legible(item.metadata)}`
    case "BackgroundReturned":
      return `background work ${item.name} has ended (${item.outcome}): ${resultText(item.result)}`
    case "TurnFailed":
      return `a turn of the agent has failed: ${item.message}`
    case "UserSilent":
      return `nobody has spoken for ${item.seconds} s`
    case "AnswerOverdue":
      return `the caller has waited ${item.seconds} s for an answer`
    case "CustomHistoryEntry":
      return `the application adds (${item.role}): ${item.content}`
    case "CallStarted":
    case "UserTurnStarted":
    case "UserTurnEnded":
    case "UserTurnAbandoned":
    case "AgentTurnStarted":
    case "AgentTurnEnded":
    case "AgentUpdateCall":
    case "LogMetric":
    case "LogMessage":
      return undefined
    // Described in another line.
    case "UserTextSent":
    case "UserDtmfSent":
    case "AgentTextSent":
    case "AgentDtmfSent":
    case "AgentSendText":
    case "AgentSendDtmf":
    case "AgentToolCalled":
    case "AgentToolReturned":
      return undefined
    default:
      item satisfies never
      return undefined
  }
}

const firstTaken = (pending: ReadonlyArray<Pending>, report: string): readonly [number, Heard.Taken | undefined] => {
  for (const [index, { rest }] of pending.entries()) {
    const taken = Heard.take(rest, report)
    if (taken !== undefined) return [index, taken]
  }
  return [0, undefined]
}

const join = (a: string, b: string): string => (a === "" || /\s$/.test(a) || /^\s/.test(b) ? a + b : `${a} ${b}`)

const lineText = (line: Line): string => {
  const time = line.atMs === undefined ? "" : `${clock(line.atMs)} `
  return time + bodyText(line)
}

const bodyText = (line: Line): string => {
  switch (line._tag) {
    case "CallerSaid":
      return `caller says ${quote(line.text)}`
    case "CallerPressed":
      return `caller presses ${quote(line.buttons)}`
    case "AgentSaid": {
      if (line.heard === "") return `agent says ${quote(line.unheard)}, of which the caller hears nothing`
      const rest = line.unheard === "" ? "" : `; the caller does not hear the rest: ${quote(line.unheard)}`
      return `agent says ${quote(line.heard)}${rest}`
    }
    case "AgentPressed":
      return `agent presses ${quote(line.buttons)}`
    case "ToolCalled": {
      const outcome = line.result === null ? "without a result" : `result ${quote(line.result)}`
      return `tool ${quote(line.name)} is called with ${JsonText.legible(line.args)}, ${outcome}`
    }
    case "Silence":
      return `silence of ${(line.ms / 1000).toFixed(1)} s`
    case "CallerConcluded":
      return `caller concludes that the goal was ${line.goalReached ? "" : "not "}reached: ${quote(line.reason)}`
    case "Noted":
      return `note ${quote(line.text)}`
  }
}

const clock = (ms: number): string => {
  const tenths = Math.round(ms / 100)
  return `${Math.floor(tenths / 600)}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`
}

const quote = (text: string): string => JSON.stringify(text.trim())

/** The part of a line that can be quoted. */
const quotable = (line: Line): string => {
  switch (line._tag) {
    case "AgentSaid":
      return join(line.heard, line.unheard)
    case "ToolCalled":
      return `${line.name} ${JsonText.legible(line.args)} ${line.result ?? ""}`
    case "CallerSaid":
    case "Noted":
      return line.text
    case "CallerPressed":
    case "AgentPressed":
      return line.buttons
    case "CallerConcluded":
      return line.reason
    case "Silence":
      return bodyText(line)
  }
}

/** Letters and digits of a text, so that a quotation may differ in case, spacing and punctuation. */
const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "")
