/**
 * The voice of a simulated line: speaks what the agent sends, word by word, reports what was heard, and stops where the
 * caller speaks. Text that may not be interrupted is spoken to its end.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import type * as Event from "../Event.ts"
import type { Happening } from "../testing/Timeline.ts"
import * as VirtualTime from "../testing/VirtualTime.ts"

/** A word on its way to the caller. `index` counts the words of the call from 0. */
export interface Word {
  readonly text: string
  readonly index: number
}

export interface Options {
  readonly wordMs: number
  /** Between the text and its first sound, at the begin of each utterance. */
  readonly firstSoundMs: number
  /** What is reported of a word: its text by default, another one, or nothing. */
  readonly reports: (word: Word) => string | undefined
  readonly report: (report: Event.Report) => void
  readonly note: (happening: Happening) => void
  readonly now: () => number
  readonly isOver: (turn: number) => boolean
  /** Told when a word was heard, when the agent begins to speak, and when it has spoken all. */
  readonly changed: () => void
}

export interface Voice {
  readonly say: (text: string, turn: number, interruptible: boolean) => void
  /** The caller speaks: drops what may be interrupted. */
  readonly interrupt: () => void
  /** The turn that sent a text has ended: what looked like a part of a word was one. */
  readonly turnOver: () => void
  readonly speaks: () => boolean
  /** Whether there is nothing to be spoken. */
  readonly isSilent: () => boolean
  /** Speaks, for ever. */
  readonly run: Effect.Effect<never>
}

interface Piece {
  readonly text: string
  readonly turn: number
  readonly interruptible: boolean
}

/** How long a piece of a word waits for the rest of it. */
const fragmentMs = 100

export const make = (options: Options): Voice => {
  const { changed, isOver, note, now, report, reports, wordMs } = options
  const woken = Latch.makeUnsafe(false)
  let pieces: Array<Piece> = []
  let lastSaidAt = 0
  let speaking = false
  let count = 0
  let utterance: Fiber.Fiber<unknown> | undefined
  /** The word that is being spoken. */
  let current: Piece | undefined

  /** Length of the next word, if it is whole by now. */
  const next = () =>
    pieces.length === 0 ? 0 : wordLength(pieces, isOver(pieces[0]!.turn) || now() - lastSaidAt >= fragmentMs)

  const speak = (word: Piece) =>
    Effect.gen(function* () {
      const from = now()
      yield* Effect.sleep(wordMs)
      current = undefined
      const text = word.text.replace(/\s+/gu, "")
      const reported = text === "" ? undefined : reports({ text, index: count++ })
      note({ _tag: "Spoken", turn: word.turn, from, text: word.text, reported })
      if (reported !== undefined) report({ _tag: "AgentTextSent", content: reported })
      changed()
    })

  const loop = Effect.gen(function* () {
    while (true) {
      const length = next()
      if (length > 0) {
        const word = take(pieces, length)
        if (word.text.trim() === "") continue
        current = word
        if (!speaking) {
          speaking = true
          if (options.firstSoundMs > 0) yield* Effect.sleep(options.firstSoundMs)
          report({ _tag: "AgentTurnStarted" })
          changed()
        }
        yield* speak(word)
        continue
      }
      // More may come at this very moment.
      yield* VirtualTime.settled
      if (next() > 0) continue
      if (pieces.length === 0 && speaking) {
        speaking = false
        report({ _tag: "AgentTurnEnded" })
        changed()
      }
      woken.closeUnsafe()
      yield* pieces.length === 0 ? woken.await : Effect.timeoutOption(woken.await, fragmentMs)
    }
  })

  const stopped = () => {
    const dropped = [...(current === undefined ? [] : [current]), ...pieces].filter((piece) => piece.interruptible)
    pieces = pieces.filter((piece) => !piece.interruptible)
    const text = dropped.map((piece) => piece.text).join("")
    if (text.trim() !== "") note({ _tag: "Unspoken", text })
  }

  return {
    say: (text, turn, interruptible) => {
      if (text === "") return
      pieces.push({ text, turn, interruptible })
      lastSaidAt = now()
      woken.openUnsafe()
    },
    interrupt: () => {
      stopped()
      if (current !== undefined && current.interruptible) {
        current = undefined
        utterance?.interruptUnsafe()
      }
      woken.openUnsafe()
    },
    turnOver: () => void woken.openUnsafe(),
    speaks: () => speaking,
    isSilent: () => !speaking && pieces.every((piece) => piece.text.trim() === ""),
    // Each utterance in a fiber of its own, so that it can be cut off in the middle of a word.
    run: Effect.forever(
      Effect.suspend(() =>
        Effect.flatMap(Effect.forkChild(loop, { startImmediately: true }), (fiber) => {
          utterance = fiber
          return Fiber.await(fiber)
        })
      )
    )
  }
}

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u

/** Length of the next word with the space around it; 0 while more of it may come. */
const wordLength = (pieces: ReadonlyArray<Piece>, ended: boolean): number => {
  let text = ""
  for (const piece of pieces) {
    // No word belongs to two turns.
    if (piece.turn !== pieces[0]!.turn) return text.length
    text += piece.text
    if (unspaced.test(text.slice(0, 8))) return leading(text).length
    const found = /^\s*\S+\s+/u.exec(text)
    if (found !== null) return found[0].length
  }
  return ended || text.trim() === "" ? text.length : 0
}

/** Takes so much text out of the pieces. A word that is partly uninterruptible is so as a whole. */
const take = (pieces: Array<Piece>, length: number): Piece => {
  const { turn } = pieces[0]!
  let text = ""
  let interruptible = true
  while (text.length < length) {
    const piece = pieces[0]!
    const part = piece.text.slice(0, length - text.length)
    text += part
    interruptible &&= piece.interruptible
    if (part.length === piece.text.length) pieces.shift()
    else pieces[0] = { ...piece, text: piece.text.slice(part.length) }
  }
  return { text, turn, interruptible }
}

const segmenter = new Intl.Segmenter("und", { granularity: "word" })

/** The first word of a script without spaces, with what cannot be spoken around it. */
const leading = (text: string): string => {
  let taken = ""
  let hasWord = false
  for (const { isWordLike, segment } of segmenter.segment(text)) {
    if (hasWord && isWordLike === true) break
    taken += segment
    hasWord ||= isWordLike === true
  }
  return taken
}
