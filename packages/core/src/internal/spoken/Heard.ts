/** A heard text under construction: its words, and the position of each stretch in the text sent. */
import { flatText } from "../flatText.ts"
import type { Span } from "../../History.ts"
import * as Pieces from "./pieces.ts"

/** A heard text and its positions. The lengths of the spans add up to the length of the text. */
export interface Heard {
  readonly text: string
  readonly spans: ReadonlyArray<Span>
}

/** Words, and their position. `part` separates words that have another output between them. */
export interface Stretch {
  readonly text: string
  readonly turn: number
  readonly part: number
  readonly from: number
  readonly to: number
}

/** The builder. A mutable value of one alignment. */
export interface Builder {
  text: string
  spans: Array<{ turn: number; from: number; to: number; length: number }>
  part: number
  /** Whether the next words continue where the last ones ended, so that the text between them counts. */
  linked: boolean
}

export const builder = (): Builder => ({ text: "", spans: [], part: -1, linked: false })

export const clear = (self: Builder): void => {
  // It stays in the history, and was put together word by word.
  flatText(self.text)
  self.text = ""
  self.spans = []
  self.part = -1
  self.linked = false
}

/** Appends words, with `gap` before them. */
export const append = (self: Builder, gap: string, { from, part, text, to, turn }: Stretch): void => {
  const between = self.linked ? gap : ""
  self.linked = true
  self.text += between + text
  const last = self.spans.at(-1)
  if (last !== undefined && last.turn === turn && self.part === part && from >= last.from) {
    last.to = Math.max(last.to, to)
    last.length += between.length + text.length
    return
  }
  // White space between two stretches belongs to the first, so that the second begins with a word.
  if (last !== undefined) last.length += between.length
  self.spans.push({ turn, from, to, length: text.length + (last === undefined ? between.length : 0) })
  self.part = part
}

/** The current text. */
export const snapshot = (self: Builder): Heard => ({ text: self.text, spans: self.spans.map((span) => ({ ...span })) })

/** Joins words that were reported one by one, with spaces if their script uses them. */
export const join = (words: ReadonlyArray<string>): string => {
  let text = ""
  for (const word of words) text += (Pieces.adjoin(text, word) && !closing.test(word) ? " " : "") + word
  return text
}

const closing = /^[.,!?;:)\]}%…]/u
