/**
 * A call that was played, and questions about it.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { Policies } from "../Agent.ts"
import type { CallRequest } from "../CallRequest.ts"
import type * as Event from "../Event.ts"
import type * as History from "../History.ts"
import * as Words from "./internal/phone/words.ts"
import * as Recording from "../recording/Recording.ts"
import type * as Caller from "./Caller.ts"
import type * as Timeline from "./Timeline.ts"

/** A call that was played to its end. */
export interface Played {
  /** What happened, in order. */
  readonly entries: ReadonlyArray<Timeline.Entry>
  /** The record of the call, as its agent would see it after the end. */
  readonly history: History.History
  /** The call as a recording, with the requests to models. */
  readonly recording: Recording.Recording
  /** The policies of the agent that was called. */
  readonly policies: Policies
  readonly request: CallRequest
}

type EntryOf<Tag extends Timeline.Entry["_tag"]> = Extract<Timeline.Entry, { readonly _tag: Tag }>

const of = <const Tag extends Timeline.Entry["_tag"]>({ entries }: Played, tag: Tag): ReadonlyArray<EntryOf<Tag>> =>
  entries.filter((entry): entry is EntryOf<Tag> => entry._tag === tag)

const spoken = (self: Played): ReadonlyArray<Words.Piece> =>
  of(self, "Spoken").map(({ from, text, turn }) => ({ at: from, text, turn }))

const sent = (self: Played): ReadonlyArray<Words.Piece> =>
  of(self, "Sent").flatMap(({ at, output, turn }) =>
    output._tag === "AgentSendText" ? [{ at, turn, text: output.text }] : []
  )

/** What the caller heard of the agent, with the spacing the agent wrote. */
export const heard = (self: Played): string => Words.all(spoken(self)).trim()

/** The times at which the caller began to hear these words. */
export const heardAt = (self: Played, words: string | RegExp): ReadonlyArray<number> => Words.times(spoken(self), words)

/** What the agent sent to be spoken, heard or not. */
export const said = (self: Played): string => Words.all(sent(self))

/** The times at which the agent sent these words, or the begin of them. */
export const saidAt = (self: Played, words: string | RegExp): ReadonlyArray<number> => Words.times(sent(self), words)

/** What the agent sent, in order. */
export const outputs = (self: Played): ReadonlyArray<Event.Output> => of(self, "Sent").map(({ output }) => output)

/** What happened on the call, in order, as agents see it. */
export const events = (self: Played): ReadonlyArray<History.HistoryEvent> => self.history.events

/**
 * Finds when an event happened. For text that grew with several reports, this is the time of the last one. Undefined if
 * it was not seen, for example because the agent put it into the history.
 */
export const timeOf = ({ entries }: Played, eventId: string): number | undefined =>
  entries.find(
    (entry) =>
      (entry._tag === "Reported" && entry.eventId === eventId) ||
      (entry._tag === "Decided" && entry.event.eventId === eventId)
  )?.at

/** The steps of the script that were skipped or cut short because somebody else hung up. */
export const unplayed = (self: Played): ReadonlyArray<Caller.Step> => of(self, "Unplayed").flatMap(({ steps }) => steps)

/** A line of the conversation. */
export interface Utterance {
  readonly at: number
  readonly who: "caller" | "agent"
  readonly text: string
}

/** Who said what, in order; for the agent, only what was heard. */
export const transcript = (self: Played): ReadonlyArray<Utterance> => {
  const lines: Array<{ at: number; who: Utterance["who"]; text: string }> = []
  let turn = 0
  for (const entry of self.entries) {
    if (entry._tag === "Said") lines.push({ at: entry.from, who: "caller", text: entry.text })
    if (entry._tag !== "Spoken") continue
    const last = lines.at(-1)
    if (last?.who === "agent" && turn === entry.turn) last.text += entry.text
    else lines.push({ at: entry.from, who: "agent", text: entry.text })
    turn = entry.turn
  }
  return lines.map((line) => ({ ...line, text: line.text.trim() })).toSorted((a, b) => a.at - b.at)
}

/** A tool call and its outcome. */
export interface ToolCall {
  readonly at: number
  readonly id: string
  readonly name: string
  readonly args: { readonly [key: string]: unknown }
  /** Undefined if no outcome was recorded. */
  readonly returned: { readonly at: number | undefined; readonly result: unknown } | undefined
}

/** The tool calls, in order, with their recorded outcomes. */
export const tools = (self: Played): ReadonlyArray<ToolCall> => {
  const times = new Map<Event.Output, number>()
  for (const { at, output } of of(self, "Sent")) times.set(output, at)
  const items = self.history.entries.map(({ item }) => item)
  return items.flatMap((item) => {
    if (item._tag !== "AgentToolCalled") return []
    const { toolArgs: args, toolCallId: id, toolName: name } = item
    const outcome = items.find(
      (other): other is Event.OutputOf<"AgentToolReturned"> =>
        other._tag === "AgentToolReturned" && other.toolCallId === id
    )
    const returned = outcome && { at: times.get(outcome), result: outcome.result }
    return [{ at: times.get(item) ?? 0, id, name, args, returned }]
  })
}

/** The requests to models, in order, with their replies. */
export const prompts = ({ recording }: Played): ReadonlyArray<Recording.ModelRequest> =>
  Result.getOrThrow(Recording.modelRequests(recording))

/** How the call ended. */
export interface Outcome {
  readonly by: Timeline.HungUpBy
  readonly at: number
  readonly reason: string | undefined
}

/** How the call ended. */
export const outcome = (self: Played): Outcome => {
  const { at, by, reason } = of(self, "HungUp")[0]!
  return { at, by, reason }
}

/** A stretch in which nobody spoke, in milliseconds of the call. */
export interface Silence {
  readonly from: number
  readonly to: number
  /** Who spoke before it; `nobody` at the beginning of the call. */
  readonly after: "caller" | "agent" | "nobody"
  /** Who spoke after it; `nobody` at the end of the call. */
  readonly before: "caller" | "agent" | "nobody"
}

/** The stretches in which nobody spoke, except those shorter than a millisecond. */
export const silences = (self: Played): ReadonlyArray<Silence> => {
  const spoken = self.entries
    .flatMap((entry): ReadonlyArray<{ from: number; to: number; who: "caller" | "agent" }> => {
      if (entry._tag === "Spoken") return [{ from: entry.from, to: entry.at, who: "agent" }]
      return entry._tag === "Said" ? [{ from: entry.from, to: entry.at, who: "caller" }] : []
    })
    .toSorted((a, b) => a.from - b.from)
  const found: Array<Silence> = []
  let last: { readonly to: number; readonly who: Silence["after"] } = { to: 0, who: "nobody" }
  for (const { from, to, who } of [...spoken, { from: outcome(self).at, to: Infinity, who: "nobody" as const }]) {
    if (from - last.to >= 1) found.push({ from: last.to, to: from, after: last.who, before: who })
    if (to > last.to) last = { to, who }
  }
  return found
}

/**
 * The longest time the caller waited for the agent, in milliseconds: from the caller's last word, or the beginning of
 * the call, to the agent's first word, or between two words of the agent.
 */
export const longestWait = (self: Played): number =>
  Math.max(
    0,
    ...silences(self).flatMap(({ after, before, from, to }) => {
      const isWait = before === "agent" || (before === "nobody" && after === "caller")
      return isWait ? [to - from] : []
    })
  )

/** How many fibers of the call were left after its scope closed. */
export const fibersLeft = (self: Played): number => of(self, "Closed")[0]?.fibers ?? 0
