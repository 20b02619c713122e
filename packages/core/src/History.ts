/**
 * The record of a call, and views of it: what happened, what was really spoken, and what the agent sent.
 *
 * A view is immutable and lazy: it costs nothing until it is read, and does not change while the call goes on. An
 * application edits what its agent sees with `Turn.addEntry` and `Turn.updateHistory`. Their anchors are events, and an edit
 * covers the lines that are there when it is made: nothing that happens later falls into it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Event from "./Event.ts"

/** What a history holds. */
export type Item = Event.Input | Event.Output | Event.CustomHistoryEntry

/** Something that happened on the call, or a line that the application added. */
export type HistoryEvent = Event.Input | Event.CustomHistoryEntry

/** What an application can put into a history: what happened, lines of its own, and tool calls with their outcomes. */
export type GivenEvent = HistoryEvent | Event.OutputOf<"AgentToolCalled" | "AgentToolReturned">

/** One line of the record. */
export interface Entry {
  /** Name of the line within its call: stays the same while spoken text grows. */
  readonly key: number
  /** Number of the turn that sent it; 0 for what the agent did not send. */
  readonly turn: number
  readonly item: Item
  /** Where a text that was sent begins in all that its turn has said, in UTF-16 units; only on such lines. */
  readonly from?: number | undefined
  /** Where heard text stands in what was said; only on lines that tell of heard text. */
  readonly heard?: Heard | undefined
}

/** A stretch of what a turn has said, as offsets in UTF-16 units in the texts of the turn put together. */
export interface Stretch {
  readonly turn: number
  readonly from: number
  readonly to: number
}

/**
 * A stretch that was heard, and how much of the heard text is put down to it. Words that were read out differently stand
 * where the words they replace stand.
 */
export interface Span extends Stretch {
  /** Length of the heard text that stands here, in UTF-16 units. */
  readonly length: number
}

/** How a heard text is known. */
export interface Heard {
  /** Where it stands, in order. The lengths add up to the length of the text. */
  readonly spans: ReadonlyArray<Span>
  /** The harness has guessed it, from the time that passed. */
  readonly estimated?: true | undefined
}

/** A view of the record of a call. */
export interface History {
  /** Every line in order, what the agent sent among what happened. */
  readonly entries: ReadonlyArray<Entry>
  /** What happened on the call, in order, with what was spoken as the caller heard it. */
  readonly events: ReadonlyArray<HistoryEvent>
  /** What was said, was not cancelled, and may still be heard: the caller has not reported it yet. */
  readonly unheard: ReadonlyArray<Stretch>
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

/** Makes a view of lines, which are asked for when the view is first read. */
export const make = (
  lines: () => ReadonlyArray<Entry>,
  options: {
    /** What happened, where that is known without going over the lines. */
    readonly events?: (() => ReadonlyArray<HistoryEvent>) | undefined
    readonly unheard?: ReadonlyArray<Stretch> | undefined
  } = {}
): History => {
  let entries: ReadonlyArray<Entry> | undefined
  let events: ReadonlyArray<HistoryEvent> | undefined
  return {
    get entries() {
      return (entries ??= lines())
    },
    get events() {
      return (events ??= options.events?.() ?? this.entries.map(({ item }) => item).filter(isHistoryEvent))
    },
    unheard: options.unheard ?? []
  }
}

const outputTags: ReadonlySet<string> = new Set(Object.keys(Event.Output.cases))

/** Whether a line tells what happened, and not what the agent sent. */
export const isHistoryEvent = (item: Item): item is HistoryEvent => !outputTags.has(item._tag)
