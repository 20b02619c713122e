/** Joins pieces of audio into one new array. */

/** Joins bytes. */
export const bytes = (parts: ReadonlyArray<Uint8Array>): Uint8Array => fill(new Uint8Array(lengthOf(parts)), parts)

/** Joins samples. */
export const samples = (parts: ReadonlyArray<Int16Array>): Int16Array => fill(new Int16Array(lengthOf(parts)), parts)

const lengthOf = (parts: ReadonlyArray<{ readonly length: number }>): number =>
  parts.reduce((sum, { length }) => sum + length, 0)

const fill = <A extends Uint8Array | Int16Array>(all: A, parts: ReadonlyArray<A>): A => {
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
