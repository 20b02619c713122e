/**
 * Pieces of audio that OpenAI transcribes, in the order in which they were spoken. Their transcripts may come in another
 * order, and some twice.
 */
import type { Event } from "../../../stt/internal/service.ts"

/** A piece that was committed. `final` is its transcript, once it is complete. */
interface Item {
  readonly id: string
  readonly partial: string
  readonly final: string | undefined
}

/** Pieces that were not reported yet, oldest first, the ids of the latest that were, and the last partial. */
export interface Items {
  readonly open: ReadonlyArray<Item>
  readonly done: ReadonlyArray<string>
  readonly partial: string
}

type Told = readonly [Items, ReadonlyArray<Event>]

/** Nothing was committed yet. */
export const empty: Items = { open: [], done: [], partial: "" }

/** Whether every piece was reported. */
export const isEmpty = (items: Items): boolean => items.open.length === 0

/** A piece was committed: it follows those that were committed before it. */
export const committed = (items: Items, id: string): Told => [known(items, id), []]

/** More words of a piece. */
export const delta = (items: Items, id: string, text: string): Told =>
  report(update(known(items, id), id, (item) => ({ ...item, partial: item.partial + text })))

/** All words of a piece. They wait for the pieces before it. */
export const completed = (items: Items, id: string, text: string): Told =>
  report(update(known(items, id), id, (item) => ({ ...item, final: item.final ?? text.trim() })))

/** How many ids of reported pieces are remembered, against answers that come twice. */
const mostDone = 50

const known = (items: Items, id: string): Items =>
  items.done.includes(id) || items.open.some((item) => item.id === id)
    ? items
    : { ...items, open: [...items.open, { id, partial: "", final: undefined }] }

const update = (items: Items, id: string, change: (item: Item) => Item): Items => ({
  ...items,
  open: items.open.map((item) => (item.id === id ? change(item) : item))
})

const report = (items: Items): Told => {
  const first = items.open.findIndex(({ final }) => final === undefined)
  const finished = first === -1 ? items.open : items.open.slice(0, first)
  const open = items.open.slice(finished.length)
  const partial = open
    .map((item) => item.final ?? item.partial.trim())
    .filter((text) => text !== "")
    .join(" ")
  const finals = finished.flatMap(({ final }): ReadonlyArray<Event> =>
    final === undefined || final === "" ? [] : [{ _tag: "Final", text: final }]
  )
  // A final replaces the partial before it.
  const before = finals.length > 0 ? "" : items.partial
  return [
    { open, done: [...items.done, ...finished.map(({ id }) => id)].slice(-mostDone), partial },
    partial === before ? finals : [...finals, { _tag: "Partial", text: partial }]
  ]
}
