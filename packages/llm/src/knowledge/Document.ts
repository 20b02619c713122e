/**
 * A document, and its passages: pieces short enough for a phone call.
 *
 * Passages end with a paragraph or a sentence, repeat the last sentence of the previous passage, and carry the headings
 * above them.
 *
 * @since 0.1.0
 */

import * as Splitting from "./internal/splitting.ts"

/** A text with an id, by which it is replaced and removed. */
export interface Document {
  /** 1 to 500 UTF-16 code units. */
  readonly id: string
  /** Plain text or Markdown. */
  readonly text: string
  readonly title?: string | undefined
  /** Address of the document. */
  readonly url?: string | undefined
  /** Criteria for narrowing a search, such as a language or a product. */
  readonly metadata?: { readonly [name: string]: string } | undefined
}

/** A piece of a document. */
export interface Passage {
  /** Id of its document. */
  readonly document: string
  readonly title?: string | undefined
  readonly url?: string | undefined
  readonly metadata: { readonly [name: string]: string }
  /** Counts the passages of a document from 0. */
  readonly position: number
  /** The headings above it, outermost first. */
  readonly headings: ReadonlyArray<string>
  readonly text: string
}

/** How to split a document. Lengths are in UTF-16 code units. */
export interface Cut {
  /** Longest passage. 800 by default: some 130 words, or 50 seconds of speech. At least 2. */
  readonly size?: number | undefined
  /** Longest sentence to repeat at the beginning of the next passage. 160 by default; 0 repeats none. */
  readonly overlap?: number | undefined
}

/** Splits a document, in linear time. */
export const passages = (document: Document, options: Cut = {}): ReadonlyArray<Passage> =>
  Array.from(Splitting.passages(document, options))
