/**
 * A document, and its passages: pieces short enough for a phone call.
 *
 * Passages end with a paragraph or a sentence, repeat the last sentence of the previous passage, and carry the headings
 * above them.
 *
 * @since 0.1.0
 */
import * as Splitting from "./internal/splitting.ts"

export type { Cut, Document, Passage } from "./internal/splitting.ts"

/** Splits a document, in linear time. */
export const passages = (document: Splitting.Document, options: Splitting.Cut = {}): ReadonlyArray<Splitting.Passage> =>
  Array.from(Splitting.passages(document, options))
