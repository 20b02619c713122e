/** What is played to somebody on the telephone: audio in order at its own pace, marks when they are reached, all dropped by a clear. */

/** A stretch that was played, and when it began, in milliseconds of the call. */
export interface Played {
  readonly at: number
  readonly bytes: Uint8Array
}

type Item =
  | { readonly _tag: "Audio"; readonly bytes: Uint8Array; readonly cameAt: number }
  | { readonly _tag: "Mark"; readonly name: string; readonly cameAt: number }

/** What a clear has found. */
export interface Clear {
  readonly at: number
  /** Bytes that had been played by then, since the beginning of the call. */
  readonly playedBytes: number
  readonly droppedBytes: number
}

/** Audio that came, and how much of it. */
export interface Came {
  readonly at: number
  readonly bytes: number
}

export interface Handset {
  readonly played: ReadonlyArray<Played>
  readonly clears: ReadonlyArray<Clear>
  readonly came: ReadonlyArray<Came>
  readonly push: (item: { readonly bytes: Uint8Array } | { readonly mark: string }, now: number) => void
  /** Plays what is due, and returns the marks that were reached. */
  readonly play: (now: number) => ReadonlyArray<string>
  /** Drops what was not played, and returns all marks that wait. */
  readonly clear: (now: number) => ReadonlyArray<string>
  readonly playedBytes: () => number
  readonly isIdle: () => boolean
}

/** Makes a handset. `bytesPerMs`: 8 for mu-law at 8000 Hz. */
export const make = (bytesPerMs: number): Handset => {
  const played: Array<Played> = []
  const clears: Array<Clear> = []
  const came: Array<Came> = []
  let items: Array<Item> = []
  let cursor = 0
  let playedBytes = 0
  const play = (now: number): ReadonlyArray<string> => {
    const marks: Array<string> = []
    for (let item = items[0]; item !== undefined; item = items[0]) {
      cursor = Math.max(cursor, item.cameAt)
      if (item._tag === "Mark") {
        if (cursor > now) break
        marks.push(item.name)
        items.shift()
        continue
      }
      const due = Math.min(item.bytes.length, Math.floor((now - cursor) * bytesPerMs + 1e-6))
      if (due <= 0) break
      played.push({ at: cursor, bytes: item.bytes.subarray(0, due) })
      playedBytes += due
      cursor += due / bytesPerMs
      if (due < item.bytes.length) {
        items[0] = { ...item, bytes: item.bytes.subarray(due) }
        break
      }
      items.shift()
    }
    return marks
  }
  return {
    played,
    clears,
    came,
    play,
    push: (item, now) => {
      if ("mark" in item) items.push({ _tag: "Mark", name: item.mark, cameAt: now })
      else {
        came.push({ at: now, bytes: item.bytes.length })
        items.push({ _tag: "Audio", bytes: item.bytes, cameAt: now })
      }
    },
    clear: (now) => {
      const marks = [...play(now)]
      let droppedBytes = 0
      for (const item of items) {
        if (item._tag === "Mark") marks.push(item.name)
        else droppedBytes += item.bytes.length
      }
      items = []
      cursor = now
      clears.push({ at: now, playedBytes, droppedBytes })
      return marks
    },
    playedBytes: () => playedBytes,
    isIdle: () => items.length === 0
  }
}
