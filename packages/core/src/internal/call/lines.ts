/**
 * The lines of a history as an agent sees them. They can be appended and edited, and are read through immutable views.
 *
 * The text being spoken is always the last event, until something else happens. An edit copies the list of lines, but
 * never the lines, so earlier views do not change.
 */
import * as Result from "effect/Result"
import * as History from "../../History.ts"

/** The lines of one history: a mutable value. */
export interface Lines {
  /** Views share its first lines, so lines that a view has read are never changed in place. */
  shown: Array<History.Entry>
  /** The events among the lines shown. Most agents read nothing else. */
  events: Array<History.HistoryEvent>
  /** The text being spoken. */
  growing: History.Entry | undefined
  /** Lines an application added after the text being spoken. */
  behind: ReadonlyArray<History.Entry>
  /** The caller's tentative turn, which is not recorded yet. */
  draft: ReadonlyArray<History.Entry>
  /** Number of lines of `shown` that views have read. */
  seen: number
  /** How many lines have got a key. */
  keys: number
}

export const make = (): Lines => ({
  shown: [],
  events: [],
  growing: undefined,
  behind: [],
  draft: [],
  seen: 0,
  keys: 0
})

/** A new line, which has no place yet. An output belongs to its turn, and anything else to none. */
export const line = (self: Lines, item: History.Item, turn = 0): History.Entry => ({ key: self.keys++, turn, item })

export const push = (self: Lines, entry: History.Entry): void => {
  self.shown.push(entry)
  if (History.isHistoryEvent(entry.item)) self.events.push(entry.item)
}

/** Moves the text being spoken to its place in the list. */
export const place = (self: Lines, text: History.Entry | undefined): void => {
  if (text !== undefined) push(self, text)
  for (const entry of self.behind) push(self, entry)
  self.growing = undefined
  self.behind = []
}

/** The lines so far, followed by the reader's own lines. */
export const view = (
  self: Lines,
  unheard: ReadonlyArray<History.Stretch>,
  own: ReadonlyArray<History.Entry> = []
): History.History => {
  const { behind, draft, events, growing, shown } = self
  const [lines, happened] = [shown.length, events.length]
  self.seen = lines
  const last = [...(growing === undefined ? [] : [growing]), ...behind, ...draft, ...own]
  return History.make(() => first(shown, lines, last), {
    events: () => first(events, happened, happening(last)),
    unheard
  })
}

const happening = (lines: ReadonlyArray<History.Entry>): ReadonlyArray<History.HistoryEvent> =>
  lines.flatMap(({ item }) => (History.isHistoryEvent(item) ? [item] : []))

/** The first items of a list and some more, in a single copy, because a long call is read at every turn. */
const first = <A>(list: ReadonlyArray<A>, count: number, behind: ReadonlyArray<A>): ReadonlyArray<A> => {
  const shown = count === list.length ? list : list.slice(0, count)
  if (behind.length > 0) return shown.concat(behind)
  return shown === list ? list.slice() : shown
}

/** Number of lines, without those of a draft. */
const length = ({ behind, growing, shown }: Lines): number =>
  shown.length + (growing === undefined ? 0 : 1) + behind.length

const at = ({ behind, growing, shown }: Lines, index: number): History.Entry => {
  if (index < shown.length) return shown[index]!
  const rest = growing === undefined ? behind : [growing, ...behind]
  return rest[index - shown.length]!
}

/** Searches for the line of an anchor from the end, because most edits are about recent lines. */
const indexOf = (self: Lines, anchor: History.Anchor): Result.Result<number, History.AnchorError> => {
  const id = typeof anchor === "string" ? anchor : anchor.eventId
  for (let index = length(self) - 1; index >= 0; index--) {
    const { item } = at(self, index)
    if (item === anchor || ("eventId" in item && sameEvent(item, id))) return Result.succeed(index)
  }
  return Result.fail(new History.AnchorError({ reason: "NotFound", anchor: id }))
}

/**
 * Each report of speech gives the growing text a new id. These ids share all but their last group, so an anchor on an
 * earlier report finds the text it has become.
 */
const sameEvent = (event: History.HistoryEvent, id: string): boolean =>
  event.eventId === id ||
  (event._tag === "AgentTextSent" && id.length === 36 && event.eventId.startsWith(id.slice(0, 24)))

/** Where an added line goes. */
export interface Place {
  readonly before?: History.Anchor | undefined
  readonly after?: History.Anchor | undefined
}

/** Both ends of a range of events. */
export interface Ends {
  readonly start?: History.Anchor | undefined
  readonly end?: History.Anchor | undefined
}

/** Adds a line before or after an event. Without an anchor, it goes after the current last event, and stays there. */
export const insert = (
  self: Lines,
  entry: History.Entry,
  { after, before }: Place
): Result.Result<void, History.AnchorError> => {
  if (before !== undefined && after !== undefined) {
    return Result.fail(new History.AnchorError({ reason: "BothAnchors" }))
  }
  const index =
    before !== undefined
      ? indexOf(self, before)
      : after !== undefined
        ? Result.map(indexOf(self, after), (index) => index + 1)
        : Result.succeed(length(self))
  return Result.map(index, (index) => {
    const spoken = self.growing === undefined ? undefined : self.shown.length
    if (spoken !== undefined && index > spoken) {
      self.behind = self.behind.toSpliced(index - spoken - 1, 0, entry)
    } else if (index === self.shown.length) push(self, entry)
    else splice(self, index, 0, [entry])
  })
}

/**
 * The lines a replacement covers, including both ends. A missing end means the first line or the current last one.
 * Undefined if both are missing: nothing is replaced, and the new lines go first.
 */
export const covered = (
  self: Lines,
  { end, start }: Ends
): Result.Result<{ readonly from: number; readonly to: number } | undefined, History.AnchorError> => {
  if (start === undefined && end === undefined) return Result.succeed(undefined)
  const from = start === undefined ? Result.succeed(0) : indexOf(self, start)
  const to = end === undefined ? Result.succeed(length(self) - 1) : indexOf(self, end)
  return Result.flatMap(from, (from) =>
    Result.flatMap(to, (to) =>
      to < from ? Result.fail(new History.AnchorError({ reason: "Reversed" })) : Result.succeed({ from, to })
    )
  )
}

/** Whether a line has not been moved to its place yet. */
export const isUnplaced = (self: Lines, index: number): boolean => index >= self.shown.length

/** Replaces lines with others. */
export const splice = (self: Lines, index: number, count: number, entries: ReadonlyArray<History.Entry>): void => {
  const { events, shown } = self
  const removed = shown.slice(index, index + count)
  let first = index
  while (first < shown.length && !History.isHistoryEvent(shown[first]!.item)) first++
  const begin = first === shown.length ? events.length : events.lastIndexOf(shown[first]!.item as History.HistoryEvent)
  if (index >= self.seen) {
    shown.splice(index, count, ...entries)
    events.splice(begin, happening(removed).length, ...happening(entries))
    return
  }
  self.shown = shown.toSpliced(index, count, ...entries)
  self.events = events.toSpliced(begin, happening(removed).length, ...happening(entries))
  self.seen = 0
}

/** Removes the lines of these events, which are among the last, and accepted lines behind the first of them. */
export const remove = (
  self: Lines,
  events: ReadonlySet<History.Item>,
  goesAlong: (entry: History.Entry) => boolean
): void => {
  if (events.size === 0) return
  let first = self.shown.length
  for (let left = events.size; left > 0 && first > 0;) {
    first--
    if (events.has(self.shown[first]!.item)) left--
  }
  const kept = self.shown.slice(first).filter((entry) => !events.has(entry.item) && !goesAlong(entry))
  splice(self, first, self.shown.length - first, kept)
}
