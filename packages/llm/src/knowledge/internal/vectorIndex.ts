/**
 * Vectors side by side in memory, searched exactly: all of them, by the cosine.
 *
 * A search runs in steps of bounded work, so a large index never blocks the process for long. Rows are never moved while
 * they may be read: removed rows are marked, and a new table is built once half of the rows are marked.
 */
import * as Effect from "effect/Effect"

/** A row that was found. */
export interface Hit<A> {
  readonly row: A
  /** The cosine, from -1 to 1. */
  readonly score: number
}

interface Table<A> {
  readonly dimensions: number
  /** Rows one after the other, each of length 1. */
  vectors: Float32Array
  readonly rows: Array<A | undefined>
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

/** Makes an empty index. Its first vector sets its dimensions. */
export const make = <A>(): VectorIndex<A> => {
  let table: Table<A> | undefined
  const groups = new Map<string, ReadonlyArray<number>>()

  const grow = (self: Table<A>, rows: number): void => {
    const needed = rows * self.dimensions
    if (self.vectors.length >= needed) return
    const larger = new Float32Array(Math.max(needed, self.vectors.length * 2))
    larger.set(self.vectors)
    self.vectors = larger
  }

  const remove = (group: string): void => {
    const at = groups.get(group)
    if (at === undefined || table === undefined) return
    groups.delete(group)
    for (const row of at) table.rows[row] = undefined
    table.live -= at.length
    if (table.live * 2 < table.rows.length) table = compact(table, groups)
  }

  return {
    get dimensions() {
      return table === undefined || table.live === 0 ? undefined : table.dimensions
    },
    get size() {
      return table?.live ?? 0
    },
    remove,
    put: (group, rows) => {
      remove(group)
      const [first] = rows
      if (first === undefined) return
      // Nothing of another length is left to compare with.
      if (table === undefined || table.live === 0) {
        table = { dimensions: first[1].length, vectors: new Float32Array(0), rows: [], live: 0 }
      }
      const { dimensions } = table
      grow(table, table.rows.length + rows.length)
      const at: Array<number> = []
      for (const [row, vector] of rows) {
        at.push(table.rows.length)
        normalise(vector, table.vectors, table.rows.length * dimensions, dimensions)
        table.rows.push(row)
      }
      table.live += rows.length
      groups.set(group, at)
    },
    search: (vector, options) =>
      Effect.suspend(() => {
        const self = table
        if (self === undefined || options.limit < 1) return Effect.succeed([])
        const query = new Float32Array(self.dimensions)
        normalise(vector, query, 0, self.dimensions)
        const best = new Best<A>(options)
        const rows = self.rows.length
        const step = Math.max(1, Math.floor(stepWork / self.dimensions))
        const from = (start: number): Effect.Effect<ReadonlyArray<Hit<A>>> => {
          const end = Math.min(rows, start + step)
          scan(self, query, start, end, best)
          return end === rows
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

const scan = <A>(self: Table<A>, query: Float32Array, start: number, end: number, best: Best<A>): void => {
  const { dimensions, rows, vectors } = self
  const blocks = dimensions - (dimensions % 4)
  for (let at = start; at < end; at++) {
    const row = rows[at]
    if (row === undefined) continue
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
    best.offer(row, a + b + c + d)
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

const normalise = (vector: ArrayLike<number>, into: Float32Array, at: number, dimensions: number): void => {
  let sum = 0
  for (let i = 0; i < dimensions; i++) sum += (vector[i] ?? 0) ** 2
  const scale = sum === 0 ? 0 : 1 / Math.sqrt(sum)
  for (let i = 0; i < dimensions; i++) into[at + i] = (vector[i] ?? 0) * scale
}

const compact = <A>(self: Table<A>, groups: Map<string, ReadonlyArray<number>>): Table<A> => {
  const { dimensions } = self
  const table: Table<A> = { dimensions, vectors: new Float32Array(self.live * dimensions), rows: [], live: self.live }
  for (const [group, at] of groups) {
    groups.set(
      group,
      at.map((row) => {
        const to = table.rows.length
        table.vectors.set(self.vectors.subarray(row * dimensions, (row + 1) * dimensions), to * dimensions)
        table.rows.push(self.rows[row])
        return to
      })
    )
  }
  return table
}
