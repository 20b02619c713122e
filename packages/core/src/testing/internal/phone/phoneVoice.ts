/**
 * The voice of a simulated phone: speaks the agent's text word by word, reports the words heard, and stops when the
 * caller speaks. Uninterruptible text is spoken to its end.
 *
 * Driven by the world's clock and by its callers, so it needs no fiber.
 */
import type * as Event from "../../../Event.ts"
import * as Script from "../../../Script.ts"
import type { Happening } from "../time/happening.ts"
import type { Cancel, World } from "../time/world.ts"
import type { Word } from "./phone.ts"

export interface Options {
  readonly world: World
  readonly wordMs: number
  /** The delay between the text and its first sound, at the beginning of each utterance. */
  readonly firstSoundMs: number
  /** How a word is reported: its text by default, another text, or not at all. */
  readonly reports: (word: Word) => string | undefined
  readonly report: (report: Event.Report) => void
  readonly note: (happening: Happening) => void
  readonly isOver: (turn: number) => boolean
  /** Called when a word was heard, and when the agent begins to speak. */
  readonly changed: () => void
}

export interface PhoneVoice {
  readonly say: (text: string, turn: number, interruptible: boolean) => void
  /** Runs an action once all earlier text is spoken. If the caller speaks first, interruptible actions are dropped. */
  readonly afterwards: (act: () => void, interruptible: boolean) => void
  /** The caller speaks: drops everything interruptible. */
  readonly interrupt: () => void
  /** The turn that sent the text has ended: an apparent part of a word is complete. */
  readonly turnOver: () => void
  /** Stops speaking. */
  readonly stop: () => void
  readonly speaks: () => boolean
  /** Whether there is nothing to speak. */
  readonly isSilent: () => boolean
}

interface Piece {
  readonly text: string
  readonly turn: number
  readonly interruptible: boolean
  /** An action at this position of the text. */
  readonly act?: () => void
}

/** How long a part of a word waits for the rest. */
const fragmentMs = 100

export const make = (options: Options): PhoneVoice => {
  const { changed, isOver, note, report, reports, wordMs, world } = options
  let pieces: Array<Piece> = []
  let lastSaidAt = 0
  let speaking = false
  let count = 0
  /** The word that is being spoken. */
  let current: Piece | undefined
  /** Cancels the next event: the end of the word, or of the wait for more text. */
  let cancel: Cancel = () => {}

  const wordHeard = (word: Piece, from: number) => () => {
    current = undefined
    const text = word.text.replace(/\s+/gu, "")
    const reported = reports({ text, index: count++ })
    note({ _tag: "Spoken", turn: word.turn, from, text: word.text, reported })
    if (reported !== undefined) report({ _tag: "AgentTextSent", content: reported })
    changed()
    goOn()
  }

  const speak = (word: Piece) => {
    cancel = world.after(wordMs, wordHeard(word, world.now))
  }

  const begin = (word: Piece) => {
    current = word
    if (speaking) return speak(word)
    const sound = () => {
      speaking = true
      report({ _tag: "AgentTurnStarted" })
      changed()
      speak(word)
    }
    if (options.firstSoundMs > 0) cancel = world.after(options.firstSoundMs, sound)
    else sound()
  }

  const end = () => {
    if (!speaking) return
    speaking = false
    report({ _tag: "AgentTurnEnded" })
  }

  const isBlank = (piece: Piece) => piece.act === undefined && piece.text.trim() === ""

  /** Performs the next action, as soon as it is decided. */
  const goOn = () => {
    cancel()
    // White space belongs to the next word, if there is one.
    while (current === undefined && !pieces.every(isBlank)) {
      const { act, turn } = pieces[0]!
      if (act !== undefined) {
        pieces.shift()
        act()
        continue
      }
      const left = lastSaidAt + fragmentMs - world.now
      const length = wordLength(pieces, isOver(turn) ? "Over" : left <= 0 ? "Late" : "Open")
      if (length === 0) {
        if (left > 0) cancel = world.after(left, goOn)
        return
      }
      const word = take(pieces, length)
      if (word.text.trim() !== "") begin(word)
    }
    // More text may arrive at this very moment.
    if (current === undefined && speaking) cancel = world.whenOver(end)
  }

  const drop = (isDropped: (piece: Piece) => boolean) => {
    const dropped = [...(current === undefined ? [] : [current]), ...pieces].filter(isDropped)
    for (const [turn, pieces] of Map.groupBy(dropped, ({ turn }) => turn)) {
      const text = pieces.map((piece) => piece.text).join("")
      if (text.trim() !== "") note({ _tag: "Unspoken", turn, text })
    }
    pieces = pieces.filter((piece) => !isDropped(piece))
    if (current !== undefined && isDropped(current)) current = undefined
  }

  const add = (piece: Piece) => {
    pieces.push(piece)
    if (current === undefined) goOn()
  }

  return {
    say: (text, turn, interruptible) => {
      if (text === "") return
      lastSaidAt = world.now
      add({ text, turn, interruptible })
    },
    afterwards: (act, interruptible) => add({ text: "", turn: 0, interruptible, act }),
    interrupt: () => {
      drop(({ interruptible }) => interruptible)
      if (current === undefined) goOn()
    },
    turnOver: () => {
      if (current === undefined) goOn()
    },
    stop: () => {
      cancel()
      drop(() => true)
      speaking = false
    },
    speaks: () => speaking,
    isSilent: () => !speaking && current === undefined && pieces.every(isBlank)
  }
}

/**
 * Length of the next word with the space around it; 0 while more of it may arrive. A turn that is `Late` has sent
 * nothing for a while, so its text counts as a complete word, unless it ends inside a character.
 */
const wordLength = (pieces: ReadonlyArray<Piece>, turn: "Open" | "Late" | "Over"): number => {
  let text = ""
  for (const piece of pieces) {
    // Words never continue into the next turn.
    if (piece.act !== undefined || piece.turn !== pieces[0]!.turn) return text.length
    text += piece.text
    if (Script.hasUnspaced(text.slice(0, 8))) return leading(text).length
    const found = /^\s*\S+\s+/u.exec(text)
    if (found !== null) return found[0].length
  }
  if (turn === "Over") return text.length
  return turn === "Late" && Script.wholeEnd(text) === text.length ? text.length : 0
}

/** Removes this much text from the pieces. A partly uninterruptible word is uninterruptible as a whole. */
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

/** The first word of a script without spaces, with the unspeakable characters around it. */
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
