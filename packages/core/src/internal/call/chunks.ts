/**
 * The list of a history's lines, in chunks: it can be read as it was at any time, and an edit copies a chunk instead of
 * the list. So an edit costs the same wherever it is, however long the call.
 */
import * as History from "../../History.ts"

/** The size of a chunk. Larger ones make old lines cheaper to find, and smaller ones cheaper to edit. */
const size = 256

interface Chunk {
  readonly lines: Array<History.Entry>
  /** The events among the lines. Most agents read nothing else. */
  readonly events: Array<History.HistoryEvent>
  /** The ids of its events, and some that it had before an edit. Made when an old anchor is first looked for. */
  ids: Set<unknown> | undefined
}

/** A list: a mutable value. Chunks only grow at their end, and are replaced by an edit. */
export interface Chunks {
  list: Array<Chunk>
  /** Whether a snapshot has the same list, so that no chunk of it may be replaced. */
  isShared: boolean
  length: number
  /** Number of events among the lines. */
  events: number
  /** What was read of the list, for the next reader. Made when the whole is first read. */
  readLines: Read<History.Entry> | undefined
  readEvents: Read<History.HistoryEvent> | undefined
}

/** The beginning of a list in one piece: copying it costs far less than joining the chunks anew. */
interface Read<A> {
  readonly all: Array<A>
  /** Where it ends: a chunk, and how much of the chunk was read. */
  chunk: number
  within: number
}

/** A list as it was. */
export interface Snapshot {
  readonly of: Chunks
  readonly list: ReadonlyArray<Chunk>
  readonly chunks: number
  /** Numbers of lines and events. */
  readonly lines: number
  readonly events: number
  /** Number of events in the last chunk. */
  readonly inLast: number
}

export const make = (): Chunks => ({
  list: [],
  isShared: false,
  length: 0,
  events: 0,
  readLines: undefined,
  readEvents: undefined
})

/** The events among lines. */
export const happening = (lines: ReadonlyArray<History.Entry>): Array<History.HistoryEvent> => {
  const events: Array<History.HistoryEvent> = []
  for (const { item } of lines) if (History.isHistoryEvent(item)) events.push(item)
  return events
}

export const push = (self: Chunks, line: History.Entry): void => {
  let last = self.list.at(-1)
  if (last === undefined || last.lines.length >= size) {
    last = { lines: [], events: [], ids: undefined }
    // A snapshot knows how many chunks it has.
    self.list.push(last)
  }
  last.lines.push(line)
  if (History.isHistoryEvent(line.item)) {
    last.events.push(line.item)
    self.events++
  }
  if (last.ids !== undefined) addIds(last.ids, line)
  self.length++
}

/** The lines from an index on. */
export const from = ({ length, list }: Chunks, index: number): ReadonlyArray<History.Entry> => {
  const parts: Array<ReadonlyArray<History.Entry>> = []
  let begin = length
  for (let chunk = list.length - 1; chunk >= 0 && begin > index; chunk--) {
    const { lines } = list[chunk]!
    begin -= lines.length
    parts.unshift(lines.slice(Math.max(0, index - begin)))
  }
  return parts.flat()
}

/** Each report of speech gives the growing text a new id. These ids share all but their last group. */
const group = 24
const isGrown = (id: unknown): id is string => typeof id === "string" && id.length === 36

/** Whether an id names an event, or the text that has grown out of it. */
export const isNamed = (event: History.HistoryEvent, id: unknown): boolean =>
  event.eventId === id ||
  (event._tag === "AgentTextSent" && isGrown(id) && event.eventId.startsWith(id.slice(0, group)))

const addIds = (ids: Set<unknown>, { item }: History.Entry): void => {
  if (!("eventId" in item)) return
  ids.add(item.eventId)
  if (item._tag === "AgentTextSent") ids.add(item.eventId.slice(0, group))
}

/** Number of chunks at the end that are searched line by line. */
const linear = 2

/** Searches for the line of an event from the end, because most edits are about recent lines. */
export const find = ({ length, list }: Chunks, item: unknown, id: unknown): number | undefined => {
  const grown = isGrown(id) ? id.slice(0, group) : undefined
  let begin = length
  for (let index = list.length - 1; index >= 0; index--) {
    const chunk = list[index]!
    const { lines } = chunk
    begin -= lines.length
    if (index < list.length - linear) {
      if (chunk.ids === undefined) {
        chunk.ids = new Set()
        for (const line of lines) addIds(chunk.ids, line)
      }
      if (!chunk.ids.has(id) && !(grown !== undefined && chunk.ids.has(grown))) continue
    }
    const found = lines.findLastIndex(
      (line) => line.item === item || ("eventId" in line.item && isNamed(line.item, id))
    )
    if (found >= 0) return begin + found
  }
  return undefined
}

/** Replaces lines with others. */
export const splice = (self: Chunks, index: number, count: number, lines: ReadonlyArray<History.Entry>): void => {
  if (index === self.length) {
    for (const line of lines) push(self, line)
    return
  }
  const to = index + count
  // The chunks from `first` to `last` are edited. `begin` and `end` are the places of the first and the last of them.
  let last = self.list.length - 1
  let end = self.length - self.list[last]!.lines.length
  while (end > index && end >= to) end -= self.list[--last]!.lines.length
  let [first, begin] = [last, end]
  while (begin > index) begin -= self.list[--first]!.lines.length
  const { lines: before } = self.list[first]!
  const chunks =
    first === last
      ? edited(self.list[first]!, index - begin, to - begin, lines)
      : [
          ...edited(self.list[first]!, index - begin, before.length, lines),
          ...edited(self.list[last]!, 0, to - end, [])
        ]
  const replaced = last - first + 1
  forget(self, first)
  self.events += eventsOf(chunks) - eventsOf(self.list.slice(first, last + 1))
  if (self.isShared) {
    self.list = self.list.toSpliced(first, replaced, ...chunks)
    self.isShared = false
  } else self.list.splice(first, replaced, ...chunks)
  self.length += lines.length - count
}

/** A chunk in which lines are replaced, or several if it grows too large. Goes over the edited lines and those behind them. */
const edited = (
  { events, ids, lines }: Chunk,
  from: number,
  to: number,
  added: ReadonlyArray<History.Entry>
): ReadonlyArray<Chunk> => {
  if (ids !== undefined) for (const line of added) addIds(ids, line)
  const all = replaced(lines, from, to, added)
  if (all.length > 2 * size) return halves(all).map((part) => ({ lines: part, events: happening(part), ids }))
  if (all.length === 0) return []
  const first = from === 0 ? 0 : events.length - eventsIn(lines, from, lines.length)
  const left = replaced(events, first, first + eventsIn(lines, from, to), happening(added))
  return [{ lines: all, events: left, ids }]
}

const eventsOf = (chunks: ReadonlyArray<Chunk>): number => chunks.reduce((sum, { events }) => sum + events.length, 0)

const replaced = <A>(list: ReadonlyArray<A>, from: number, to: number, added: ReadonlyArray<A>): Array<A> =>
  ([] as Array<A>).concat(list.slice(0, from), added, list.slice(to))

const eventsIn = (lines: ReadonlyArray<History.Entry>, from: number, to: number): number => {
  let count = 0
  for (let index = from; index < to; index++) if (History.isHistoryEvent(lines[index]!.item)) count++
  return count
}

/** Cuts lines into chunks, none of them much larger than others. */
const halves = (lines: ReadonlyArray<History.Entry>): ReadonlyArray<Array<History.Entry>> => {
  if (lines.length === 0) return []
  const count = Math.ceil(lines.length / (2 * size))
  const each = Math.ceil(lines.length / count)
  return Array.from({ length: count }, (_, part) => lines.slice(part * each, (part + 1) * each))
}

/** The list as it is now. Costs the same however long it is. */
export const snapshot = (self: Chunks): Snapshot => {
  self.isShared = true
  const last = self.list.at(-1)
  return {
    of: self,
    list: self.list,
    chunks: self.list.length,
    lines: self.length,
    events: self.events,
    inLast: last?.events.length ?? 0
  }
}

/** The number of lines in the chunks that two snapshots have in common. The same lines may also stand in different chunks. */
export const shared = (self: Snapshot, that: Snapshot): number => {
  const most = Math.min(self.lines, that.lines)
  let count = 0
  for (let index = 0; count < most && self.list[index] === that.list[index]; index++) {
    count += self.list[index]!.lines.length
  }
  return Math.min(count, most)
}

/** The lines of a snapshot from an index on, followed by others. Goes over the chunks, but only over these lines. */
export const rest = (
  self: Snapshot,
  from: number,
  behind: ReadonlyArray<History.Entry>
): ReadonlyArray<History.Entry> => {
  const parts: Array<ReadonlyArray<History.Entry>> = []
  let begin = 0
  for (let index = 0; begin < self.lines; index++) {
    const { lines } = self.list[index]!
    if (begin + lines.length > from) parts.push(lines.slice(Math.max(0, from - begin), self.lines - begin))
    begin += lines.length
  }
  return [...parts, behind].flat()
}

/** All lines of a snapshot, followed by others, in a single copy. */
export const lines = (self: Snapshot, behind: ReadonlyArray<History.Entry>): ReadonlyArray<History.Entry> => {
  const read = self.of.list === self.list ? (self.of.readLines ??= unread()) : unread<History.Entry>()
  return joined(read, self.list, linesOf, self.lines, behind)
}

/** The same for events. */
export const events = (
  self: Snapshot,
  behind: ReadonlyArray<History.HistoryEvent>
): ReadonlyArray<History.HistoryEvent> => {
  const read = self.of.list === self.list ? (self.of.readEvents ??= unread()) : unread<History.HistoryEvent>()
  return joined(read, self.list, happeningIn, self.events, behind)
}

const linesOf = ({ lines }: Chunk) => lines
const happeningIn = ({ events }: Chunk) => events

const unread = <A>(): Read<A> => ({ all: [], chunk: 0, within: 0 })

/** Reads on to a number of elements. Returns those and the ones behind them. */
const joined = <A>(
  read: Read<A>,
  list: ReadonlyArray<Chunk>,
  partOf: (chunk: Chunk) => ReadonlyArray<A>,
  count: number,
  behind: ReadonlyArray<A>
): ReadonlyArray<A> => {
  const { all } = read
  while (all.length < count) {
    const part = partOf(list[read.chunk]!)
    while (read.within < part.length && all.length < count) all.push(part[read.within++]!)
    if (all.length === count) break
    read.chunk++
    read.within = 0
  }
  const shown = all.length === count && behind.length > 0 ? all : all.slice(0, count)
  return behind.length > 0 ? shown.concat(behind) : shown
}

/** Drops what was read of the chunks from this one on. */
const forget = ({ list, readEvents, readLines }: Chunks, first: number): void => {
  const before = list.slice(0, first)
  if (readLines !== undefined)
    shorten(
      readLines,
      first,
      before.reduce((sum, { lines }) => sum + lines.length, 0)
    )
  if (readEvents !== undefined) shorten(readEvents, first, eventsOf(before))
}

const shorten = <A>(read: Read<A>, chunk: number, length: number): void => {
  if (read.chunk < chunk) return
  read.all.length = length
  read.chunk = chunk
  read.within = 0
}

/** The latest events of a snapshot and those behind it, oldest first. Costs their own number, however long the list is. */
export const latest = (
  { chunks, inLast, list }: Snapshot,
  behind: ReadonlyArray<History.HistoryEvent>,
  count: number
): ReadonlyArray<History.HistoryEvent> => {
  const parts = [behind]
  let found = behind.length
  for (let index = chunks - 1; index >= 0 && found < count; index--) {
    const all = list[index]!.events
    const end = index === chunks - 1 ? inLast : all.length
    const part = all.slice(Math.max(0, end - (count - found)), end)
    parts.unshift(part)
    found += part.length
  }
  return parts.flat().slice(-count)
}
