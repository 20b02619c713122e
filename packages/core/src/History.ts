/**
 * The record of a call, and views of it: what happened, what was really spoken, and what the agent sent.
 *
 * A view is immutable and lazy: it costs nothing until it is read, and does not change while the call goes on. The record
 * itself is only ever appended to. An application edits what its agent sees of it with `addEntry` and `update`, whose
 * anchors are events; they keep their meaning whatever is spoken later.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Event from "./Event.ts"

/** What a history holds. */
export type Item = Event.Input | Event.Output | Event.CustomHistoryEntry

/** Something that happened on the call, or a line that the application added. */
export type HistoryEvent = Event.Input | Event.CustomHistoryEntry

/** One line of the record. */
export interface Entry {
  /** Name of the line within its call: stays the same while spoken text grows. */
  readonly key: number
  /** Number of the turn that sent it; 0 for what the agent did not send. */
  readonly turn: number
  readonly item: Item
}

/** An edit that was made, in terms of the lines it is anchored on. */
export type Edit =
  | { readonly _tag: "Insert"; readonly after: number | undefined; readonly entries: ReadonlyArray<Entry> }
  | { readonly _tag: "Replace"; readonly from: number; readonly to: number; readonly entries: ReadonlyArray<Entry> }

/** A view of the record of a call. */
export interface History {
  /** Every line in order, what the agent sent among what happened. */
  readonly entries: ReadonlyArray<Entry>
  /** What happened on the call, in order, with what was spoken as the caller heard it. */
  readonly events: ReadonlyArray<HistoryEvent>
}

/** An event of the history, or its id. */
export type Anchor = string | HistoryEvent

/** An edit is anchored on an event that is not in the history, or on two that are the wrong way round. Nothing changed. */
export class AnchorError extends Schema.TaggedError<AnchorError>()("AnchorError", {
  reason: Schema.Literals(["NotFound", "BothAnchors", "Reversed"]),
  anchor: Schema.optional(Schema.String)
}) {
  override get message() {
    if (this.reason === "NotFound") return `no event ${this.anchor} in the history`
    return this.reason === "BothAnchors" ? "give before or after, not both" : "the end lies before the start"
  }
}

/**
 * Makes a view of the first lines of a record, with edits applied in the order they were made. Where the record keeps what
 * happened apart from what was sent, `happened` gives it without going over the lines.
 */
export const make = (
  lines: () => ReadonlyArray<Entry>,
  edits: ReadonlyArray<Edit> = [],
  happened?: () => ReadonlyArray<HistoryEvent>
): History => {
  let entries: ReadonlyArray<Entry> | undefined
  let events: ReadonlyArray<HistoryEvent> | undefined
  return {
    get entries() {
      return (entries ??= edits.reduce(apply, lines()))
    },
    get events() {
      if (events === undefined && happened !== undefined && edits.length === 0) events = happened()
      return (events ??= this.entries.map(({ item }) => item).filter(isHistoryEvent))
    }
  }
}

const outputTags: ReadonlySet<string> = new Set(Object.keys(Event.Output.cases))

/** Whether a line tells what happened, and not what the agent sent. */
export const isHistoryEvent = (item: Item): item is HistoryEvent => !outputTags.has(item._tag)

const apply = (entries: ReadonlyArray<Entry>, edit: Edit): ReadonlyArray<Entry> => {
  const at = (key: number) => entries.findIndex((entry) => entry.key === key)
  if (edit._tag === "Replace") return entries.toSpliced(at(edit.from), at(edit.to) - at(edit.from) + 1, ...edit.entries)
  return entries.toSpliced(edit.after === undefined ? 0 : at(edit.after) + 1, 0, ...edit.entries)
}

/**
 * The edit that puts lines before or after an event. Without an anchor they follow the event that is last now, and stay
 * there when more happens.
 */
export const insert = (
  history: History,
  entries: ReadonlyArray<Entry>,
  anchors: { readonly before?: Anchor | undefined; readonly after?: Anchor | undefined } = {}
): Result.Result<Edit, AnchorError> => {
  const { after, before } = anchors
  if (before !== undefined && after !== undefined) return Result.fail(new AnchorError({ reason: "BothAnchors" }))
  if (before === undefined && after === undefined) {
    return Result.succeed({ _tag: "Insert", after: history.entries.at(-1)?.key, entries })
  }
  return Result.map(indexOf(history, (before ?? after)!), (index) => ({
    _tag: "Insert",
    after: history.entries[before === undefined ? index : index - 1]?.key,
    entries
  }))
}

/**
 * The edit that puts lines in place of a stretch of events, both ends included. An end that is not given is the first
 * event, or the one that is last now. With neither, nothing is replaced: the lines go before everything else.
 */
export const replace = (
  history: History,
  entries: ReadonlyArray<Entry>,
  { end, start }: { readonly start?: Anchor | undefined; readonly end?: Anchor | undefined } = {}
): Result.Result<Edit, AnchorError> => {
  if (start === undefined && end === undefined) return Result.succeed({ _tag: "Insert", after: undefined, entries })
  const from = start === undefined ? Result.succeed(0) : indexOf(history, start)
  const to = end === undefined ? Result.succeed(history.entries.length - 1) : indexOf(history, end)
  return Result.flatMap(from, (from) =>
    Result.flatMap(to, (to): Result.Result<Edit, AnchorError> =>
      to < from
        ? Result.fail(new AnchorError({ reason: "Reversed" }))
        : Result.succeed({
            _tag: "Replace",
            from: history.entries[from]!.key,
            to: history.entries[to]!.key,
            entries
          })
    )
  )
}

const indexOf = (history: History, anchor: Anchor): Result.Result<number, AnchorError> => {
  const id = typeof anchor === "string" ? anchor : anchor.eventId
  const index = history.entries.findIndex(({ item }) => item === anchor || ("eventId" in item && sameEvent(item, id)))
  return index < 0 ? Result.fail(new AnchorError({ reason: "NotFound", anchor: id })) : Result.succeed(index)
}

/**
 * Each report of speech gives the growing text an id of its own. They share all but the last group, so an anchor on an
 * earlier report finds the text that it has become.
 */
const sameEvent = (event: HistoryEvent, id: string): boolean =>
  event.eventId === id ||
  (event._tag === "AgentTextSent" && id.length === 36 && event.eventId.startsWith(id.slice(0, 24)))
