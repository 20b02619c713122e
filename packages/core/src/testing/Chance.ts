/**
 * Random values from a seed, as plain functions: the same on every machine and in every run.
 *
 * The generator is mulberry32 (public domain, by Tommy Ettinger): small and fast, with a period of 2^32. It is for
 * simulated callers, never for anything that must not be guessable.
 *
 * @since 0.1.0
 */

/** A source of random values. */
export interface Chance {
  readonly seed: number
  /** From 0 up to 1. */
  readonly next: () => number
  /** A whole number, both ends included. */
  readonly int: (from: number, to: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(from: ReadonlyArray<A>) => A
  readonly many: <A>(count: number, make: (index: number) => A) => ReadonlyArray<A>
  /** Makes another source without affecting later draws from this one. The same name gives the same source. */
  readonly split: (name: string) => Chance
}

/** Makes the source of a seed. Only its lowest 32 bits count. */
export const make = (seed: number): Chance => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    seed,
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(0, from.length - 1)]!,
    many: (count, make) => Array.from({ length: count }, (_, index) => make(index)),
    split: (name) => make(hash(`${seed >>> 0} ${name}`))
  }
}

/** FNV-1a, 32 bits. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0
  return value
}
