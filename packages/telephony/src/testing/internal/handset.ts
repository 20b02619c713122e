/**
 * Plays audio to someone on the telephone: frames of 20 ms, and marks when they are reached. A clear drops both.
 *
 * Like at a carrier, a frame that has left for the telephone network cannot be taken back.
 */

/** A stretch of played audio, with its time in milliseconds of the call. */
export interface Played {
  readonly at: number
  readonly bytes: Uint8Array
}

/** The result of a clear. */
export interface Clear {
  readonly at: number
  /** Bytes played by then, since the start of the call. */
  readonly playedBytes: number
  readonly droppedBytes: number
}

/** Audio that arrived, and its amount. */
export interface Came {
  readonly at: number
  readonly bytes: number
}

/** A mark that arrived, whether or not it was reached. */
export interface Mark {
  readonly at: number
  readonly name: string
}

type Item = { readonly bytes: Uint8Array } | { readonly mark: string }

export interface Handset {
  readonly played: ReadonlyArray<Played>
  readonly clears: ReadonlyArray<Clear>
  readonly came: ReadonlyArray<Came>
  readonly marks: ReadonlyArray<Mark>
  /** Bytes played since the start of the call. */
  readonly playedBytes: () => number
  readonly push: (item: Item, now: number) => void
  /** Plays the next frame, and returns the marks that were reached. */
  readonly play: (now: number) => ReadonlyArray<string>
  /** Drops unplayed audio, and returns all waiting marks. */
  readonly clear: (now: number) => ReadonlyArray<string>
}

/** Makes a handset. `frameBytes`: 160 for mu-law at 8000 Hz. */
export const make = (frameBytes: number): Handset => {
  const played: Array<Played> = []
  const clears: Array<Clear> = []
  const came: Array<Came> = []
  const marks: Array<Mark> = []
  let items: Array<Item> = []
  let playedBytes = 0
  return {
    played,
    clears,
    came,
    marks,
    playedBytes: () => playedBytes,
    push: (item, now) => {
      if ("bytes" in item) came.push({ at: now, bytes: item.bytes.length })
      else marks.push({ at: now, name: item.mark })
      items.push(item)
    },
    play: (now) => {
      const reached: Array<string> = []
      let left = frameBytes
      for (let item = items[0]; item !== undefined; item = items[0]) {
        if ("mark" in item) {
          reached.push(item.mark)
          items.shift()
          continue
        }
        if (left === 0) break
        const bytes = item.bytes.subarray(0, left)
        played.push({ at: now, bytes })
        playedBytes += bytes.length
        left -= bytes.length
        if (bytes.length < item.bytes.length) items[0] = { bytes: item.bytes.subarray(bytes.length) }
        else items.shift()
      }
      return reached
    },
    clear: (now) => {
      const waiting = items.flatMap((item) => ("mark" in item ? [item.mark] : []))
      const droppedBytes = items.reduce((sum, item) => sum + ("bytes" in item ? item.bytes.length : 0), 0)
      items = []
      clears.push({ at: now, playedBytes, droppedBytes })
      return waiting
    }
  }
}
