/**
 * Vectors side by side in memory, searched exactly: all of them, by the cosine.
 *
 * A search runs in steps of bounded work, so a large index never blocks the process for long. Nor does a change: rows are kept
 * in small pages, and only the rows of a page that has become sparse are moved.
 */
import * as Effect from "effect/Effect"

/** A row that was found. */
export interface Hit<A> {
  readonly row: A
  /** The cosine, from -1 to 1. */
  readonly score: number
}

/** Where a row is. */
interface Place<A> {
  readonly row: A
  page: Page<A>
  at: number
}

interface Page<A> {
  /** Rows one after the other, each of length 1. */
  readonly vectors: Float32Array
  /** Removed rows are undefined. Rows that were moved stay, for searches that have begun. */
  readonly places: Array<Place<A> | undefined>
  live: number
}

/** Rows with their vectors, in groups that are replaced together. */
export interface VectorIndex<A> {
  readonly dimensions: number | undefined
  readonly size: number
  /** Replaces the rows of a group. Each vector must have the dimensions of the index. */
  readonly put: (group: string, rows: ReadonlyArray<readonly [A, ArrayLike<number>]>) => void
  readonly remove: (group: string) => void
  readonly search: (vector: ArrayLike<number>, options: Search<A>) => Effect.Effect<ReadonlyArray<Hit<A>>>
}

/** What to search for. */
export interface Search<A> {
  readonly limit: number
  /** The least score. */
  readonly atLeast: number
  readonly where?: ((row: A) => boolean) | undefined
}

/** Multiplications per step: about 2 ms on a slow core. */
const stepWork = 2_000_000

/** Rows of a page. */
const pageRows = 64

/** Makes an empty index. Its first vector sets its dimensions. */
export const make = <A>(): VectorIndex<A> => {
  let dimensions = 0
  let size = 0
  let last: Page<A> | undefined
  const pages = new Set<Page<A>>()
  const groups = new Map<string, ReadonlyArray<Place<A>>>()

  const open = (): Page<A> => {
    if (last !== undefined && last.places.length < pageRows) return last
    const full = last
    last = { vectors: new Float32Array(pageRows * dimensions), places: [], live: 0 }
    pages.add(last)
    if (full !== undefined) tidy(full)
    return last
  }

  const append = (place: Place<A>): void => {
    place.page = open()
    place.at = place.page.places.push(place) - 1
    place.page.live++
  }

  /** Moves the rows of a page that is less than half full. */
  const tidy = (page: Page<A>): void => {
    if (page === last || page.live * 2 >= page.places.length) return
    pages.delete(page)
    for (const [at, place] of page.places.entries()) {
      if (place === undefined) continue
      append(place)
      const vector = page.vectors.subarray(at * dimensions, (at + 1) * dimensions)
      place.page.vectors.set(vector, place.at * dimensions)
    }
  }

  const remove = (group: string): void => {
    const places = groups.get(group)
    if (places === undefined) return
    groups.delete(group)
    for (const { at, page } of places) {
      page.places[at] = undefined
      page.live--
    }
    size -= places.length
    for (const page of new Set(places.map(({ page }) => page))) tidy(page)
  }

  return {
    get dimensions() {
      return size === 0 ? undefined : dimensions
    },
    get size() {
      return size
    },
    remove,
    put: (group, rows) => {
      remove(group)
      const [first] = rows
      if (first === undefined) return
      // Nothing of another length is left to compare with.
      if (size === 0) {
        pages.clear()
        last = undefined
        dimensions = first[1].length
      }
      const places = rows.map(([row, vector]) => {
        const place = { row, page: open(), at: 0 }
        append(place)
        normalise(vector, place.page.vectors, place.at * dimensions, dimensions)
        return place
      })
      size += rows.length
      groups.set(group, places)
    },
    search: (vector, options) =>
      Effect.suspend(() => {
        if (size === 0 || !(options.limit >= 1)) return Effect.succeed([])
        const query = new Float32Array(dimensions)
        normalise(vector, query, 0, dimensions)
        const best = new Best<A>(options)
        // Only the last page can grow. Rows that are added from now on are not searched.
        const parts = Array.from(pages, (page): Part<A> => ({ page, rows: page.places.length }))
        const step = Math.max(1, Math.floor(stepWork / (pageRows * dimensions)))
        const from = (start: number): Effect.Effect<ReadonlyArray<Hit<A>>> => {
          const end = start + step
          for (const part of parts.slice(start, end)) scan(part, query, best)
          return end >= parts.length
            ? Effect.succeed(best.hits)
            : Effect.andThen(
                Effect.yieldNow,
                Effect.suspend(() => from(end))
              )
        }
        return from(0)
      })
  }
}

/** A page as it is when a search begins. */
interface Part<A> {
  readonly page: Page<A>
  readonly rows: number
}

/** Whether a vector has a direction: otherwise it is similar to nothing. */
export const hasDirection = (vector: ArrayLike<number>): boolean => {
  const length = squared(vector)
  return length > 0 && Number.isFinite(length)
}

const scan = <A>({ page, rows }: Part<A>, query: Float32Array, best: Best<A>): void => {
  const { places, vectors } = page
  const dimensions = query.length
  const blocks = dimensions - (dimensions % 4)
  for (let at = 0; at < rows; at++) {
    const place = places[at]
    if (place === undefined) continue
    const base = at * dimensions
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    let i = 0
    // Four sums that do not wait for each other.
    for (; i < blocks; i += 4) {
      a += vectors[base + i]! * query[i]!
      b += vectors[base + i + 1]! * query[i + 1]!
      c += vectors[base + i + 2]! * query[i + 2]!
      d += vectors[base + i + 3]! * query[i + 3]!
    }
    for (; i < dimensions; i++) a += vectors[base + i]! * query[i]!
    best.offer(place.row, a + b + c + d)
  }
}

/** The best rows, best first. */
class Best<A> {
  readonly hits: Array<Hit<A>> = []
  readonly #search: Search<A>

  constructor(search: Search<A>) {
    this.#search = search
  }

  offer(row: A, score: number): void {
    const { atLeast, limit, where } = this.#search
    const { hits } = this
    if (!(score >= atLeast) || (hits.length === limit && score <= hits[limit - 1]!.score)) return
    if (where !== undefined && !where(row)) return
    let at = hits.length
    while (at > 0 && hits[at - 1]!.score < score) at--
    hits.splice(at, 0, { row, score })
    if (hits.length > limit) hits.pop()
  }
}

const squared = (vector: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < vector.length; i++) sum += vector[i]! ** 2
  return sum
}

const normalise = (vector: ArrayLike<number>, into: Float32Array, at: number, dimensions: number): void => {
  const sum = squared(vector)
  const scale = sum === 0 ? 0 : 1 / Math.sqrt(sum)
  for (let i = 0; i < dimensions; i++) into[at + i] = (vector[i] ?? 0) * scale
}
