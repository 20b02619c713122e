/**
 * The record of a call, and views of it: what happened, what was really heard, and what the agent sent.
 *
 * A view is immutable and lazy: it costs nothing until it is read, and does not change while the call goes on.
 * Applications edit what their agent sees with `Turn.addEntry` and `Turn.updateHistory`, at events that serve as
 * anchors. An edit covers only lines that exist when it is made.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Event from "./Event.ts"

/** What a history holds. */
export type Item = Event.Input | Event.Output | Event.CustomHistoryEntry

/** Something that happened on the call, or a line that the application added. */
export type HistoryEvent = Event.Input | Event.CustomHistoryEntry

/** What an application can put into a history: events, lines of its own, and tool calls with their outcomes. */
export type GivenEvent = HistoryEvent | Event.OutputOf<"AgentToolCalled" | "AgentToolReturned">

/** One line of the record. */
export interface Entry {
  /** Identifies the line within its call. Stays the same while heard text grows. */
  readonly key: number
  /** Number of the turn that sent it; 0 if the agent did not send it. */
  readonly turn: number
  readonly item: Item
  /** For sent text: where it begins in everything its turn has said, in UTF-16 units. */
  readonly from?: number | undefined
  /** For heard text: its place in what was said. */
  readonly heard?: Heard | undefined
}

/** A stretch of what a turn has said: offsets in UTF-16 units into the concatenated texts of the turn. */
export interface Stretch {
  readonly turn: number
  readonly from: number
  readonly to: number
}

/**
 * A stretch that was heard, and how much of the heard text belongs to it. Words that were read out differently have the
 * place of the words they replace.
 */
export interface Span extends Stretch {
  /** Length of the heard text for this stretch, in UTF-16 units. */
  readonly length: number
}

/** Where a heard text belongs, and how that is known. */
export interface Heard {
  /** Its stretches, in order. Their lengths add up to the length of the text. */
  readonly spans: ReadonlyArray<Span>
  /** The harness has estimated it from the time that has passed. */
  readonly estimated?: true | undefined
}

/** A view of the record of a call. */
export interface History {
  /** Every line in order: what happened and what the agent sent. */
  readonly entries: ReadonlyArray<Entry>
  /** What happened on the call, in order, with what was spoken as the caller heard it. */
  readonly events: ReadonlyArray<HistoryEvent>
  /** What was said, was not cancelled, and has not been reported as heard yet. */
  readonly unheard: ReadonlyArray<Stretch>
}

/** An event of the history, or its id. */
export type Anchor = string | HistoryEvent

/** An anchor of an edit is not in the history, or two anchors are in the wrong order. Nothing was changed. */
export class AnchorError extends Schema.TaggedError<AnchorError>()("AnchorError", {
  reason: Schema.Literals(["NotFound", "BothAnchors", "Reversed"]),
  anchor: Schema.optional(Schema.String)
}) {
  override get message() {
    if (this.reason === "NotFound") return `no event ${this.anchor} in the history`
    return this.reason === "BothAnchors" ? "give before or after, not both" : "the end lies before the start"
  }
}

/** Makes a view of lines. `lines` is called when the view is first read. */
export const make = (
  lines: () => ReadonlyArray<Entry>,
  options: {
    /** The events, if they are known without going over the lines. */
    readonly events?: (() => ReadonlyArray<HistoryEvent>) | undefined
    /** The last events, if they are known without going over all of them. */
    readonly latest?: Latest | undefined
    /** The lines behind a number of lines that an earlier view has as well, if that is known without going over them. */
    readonly since?: Since | undefined
    readonly unheard?: ReadonlyArray<Stretch> | undefined
  } = {}
): History => {
  let entries: ReadonlyArray<Entry> | undefined
  let events: ReadonlyArray<HistoryEvent> | undefined
  const history: History = {
    get entries() {
      return (entries ??= lines())
    },
    get events() {
      return (events ??= options.events?.() ?? this.entries.map(({ item }) => item).filter(isHistoryEvent))
    },
    unheard: options.unheard ?? []
  }
  // Not enumerable: a history that somebody makes from this one, with other events, has other last events.
  if (options.latest !== undefined) Object.defineProperty(history, lastOf, { value: options.latest })
  if (options.since !== undefined) Object.defineProperty(history, sinceOf, { value: options.since })
  return history
}

const lastOf = Symbol("@antiphon/core/History/latest")
const sinceOf = Symbol("@antiphon/core/History/since")

/**
 * Returns the last events, at most this many, oldest first. Costs no more in a long call than in a short one, whereas
 * `events` is a copy of them all.
 *
 * ```ts
 * const [before, last] = History.latest(turn.history, 2)
 * ```
 */
export const latest = (
  history: History & { readonly [lastOf]?: Latest | undefined },
  count: number
): ReadonlyArray<HistoryEvent> => {
  if (!(count >= 1)) return []
  return history[lastOf]?.(Math.floor(count)) ?? history.events.slice(-Math.floor(count))
}

type Latest = (count: number) => ReadonlyArray<HistoryEvent>

/**
 * Returns the lines behind the first `count`, if the first ones are those of an earlier view of the same call. Costs what it
 * returns, however long the call. Undefined if the first lines have been edited, or may have been: also for histories that
 * an application has made.
 */
export const since = (
  history: History & { readonly [sinceOf]?: Since | undefined },
  earlier: History,
  count: number
): ReadonlyArray<Entry> | undefined => history[sinceOf]?.(earlier, count)

type Since = (earlier: History, count: number) => ReadonlyArray<Entry> | undefined

const outputTags: ReadonlySet<string> = new Set(Object.keys(Event.Output.cases))

/** Whether a line is an event, as opposed to something the agent sent. */
export const isHistoryEvent = (item: Item): item is HistoryEvent => !outputTags.has(item._tag)
