/**
 * Orders the pieces of audio that OpenAI transcribes as they were spoken. Their transcripts may arrive in another
 * order, and some twice.
 */
import type { Event } from "../../../stt/internal/service.ts"

/** A committed piece. `final` is its transcript, once it is complete. */
interface Item {
  readonly id: string
  readonly partial: string
  readonly final: string | undefined
}

/** Unreported pieces, oldest first, the ids of the latest reported ones, and the last partial. */
export interface Items {
  readonly open: ReadonlyArray<Item>
  readonly done: ReadonlyArray<string>
  readonly partial: string
}

type Told = readonly [Items, ReadonlyArray<Event>]

/** The initial state. */
export const empty: Items = { open: [], done: [], partial: "" }

/** Whether every piece was reported. */
export const isEmpty = (items: Items): boolean => items.open.length === 0

/** Adds a committed piece, after those committed before it. */
export const committed = (items: Items, id: string): Told => [known(items, id), []]

/** Adds words to a piece. */
export const delta = (items: Items, id: string, text: string): Told =>
  report(update(known(items, id), id, (item) => ({ ...item, partial: item.partial + text })))

/** Completes a piece. Its words wait for the pieces before it. */
export const completed = (items: Items, id: string, text: string): Told =>
  report(update(known(items, id), id, (item) => ({ ...item, final: item.final ?? text.trim() })))

/** Number of reported pieces to remember, to recognise repeated answers. */
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
