/**
 * The lines of a history as an agent sees them. They can be appended and edited, and are read through immutable views.
 *
 * The text being spoken is always the last event, until something else happens. Earlier views do not
 * change.
 */
import * as Result from "effect/Result"
import * as History from "../../History.ts"
import * as Chunks from "./chunks.ts"

/** The lines of one history: a mutable value. */
export interface Lines {
  readonly shown: Chunks.Chunks
  /** The text being spoken. */
  growing: History.Entry | undefined
  /** Lines an application added after the text being spoken. */
  behind: ReadonlyArray<History.Entry>
  /** The caller's tentative turn, which is not recorded yet. */
  draft: ReadonlyArray<History.Entry>
  /** How many lines have got a key. */
  keys: number
}

export const make = (): Lines => ({
  shown: Chunks.make(),
  growing: undefined,
  behind: [],
  draft: [],
  keys: 0
})

/** A new line, which has no place yet. An output belongs to its turn, and anything else to none. */
export const line = <I extends History.Item>(
  self: Lines,
  item: I,
  turn = 0,
  from?: number
): History.Entry & { readonly item: I } =>
  from === undefined ? { key: self.keys++, turn, item } : { key: self.keys++, turn, item, from }

export const push = (self: Lines, entry: History.Entry): void => Chunks.push(self.shown, entry)

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
  const shown = Chunks.snapshot(self.shown)
  const last = [...unplaced(self), ...self.draft, ...own]
  const history = History.make(() => Chunks.lines(shown, last), {
    events: () => Chunks.events(shown, Chunks.happening(last)),
    latest: (count) => Chunks.latest(shown, Chunks.happening(last), count),
    since: (earlier, count) => {
      const before = snapshots.get(earlier)
      const isKnown = before !== undefined && count <= Chunks.shared(shown, before)
      return isKnown ? Chunks.rest(shown, count, last) : undefined
    },
    unheard
  })
  snapshots.set(history, shown)
  return history
}

/** The lines in their place that a view was made of. */
const snapshots = new WeakMap<History.History, Chunks.Snapshot>()

/** Number of lines, without those of a draft. */
const length = ({ behind, growing, shown }: Lines): number =>
  shown.length + (growing === undefined ? 0 : 1) + behind.length

/** The lines behind those in their place. */
const unplaced = ({ behind, growing }: Lines): ReadonlyArray<History.Entry> =>
  growing === undefined ? behind : [growing, ...behind]

const indexOf = (self: Lines, anchor: History.Anchor): Result.Result<number, History.AnchorError> => {
  const id = typeof anchor === "string" ? anchor : anchor.eventId
  const last = unplaced(self).findLastIndex(
    ({ item }) => item === anchor || ("eventId" in item && Chunks.isNamed(item, id))
  )
  const index = last >= 0 ? self.shown.length + last : Chunks.find(self.shown, anchor, id)
  return index === undefined
    ? Result.fail(new History.AnchorError({ reason: "NotFound", anchor: id }))
    : Result.succeed(index)
}

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
    } else splice(self, index, 0, [entry])
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
export const splice = (self: Lines, index: number, count: number, entries: ReadonlyArray<History.Entry>): void =>
  Chunks.splice(self.shown, index, count, entries)

/** Removes the lines of these events, which are among the last, and accepted lines behind the first of them. */
export const remove = (
  self: Lines,
  events: ReadonlySet<History.Item>,
  goesAlong: (entry: History.Entry) => boolean
): void => {
  const { shown } = self
  const found = [...events].flatMap((event) =>
    "eventId" in event ? (Chunks.find(shown, event, event.eventId) ?? []) : []
  )
  if (found.length === 0) return
  const first = Math.min(...found)
  const behind = Chunks.from(shown, first)
  splice(
    self,
    first,
    behind.length,
    behind.filter((entry) => !events.has(entry.item) && !goesAlong(entry))
  )
}
