/**
 * Splits documents into passages, one after the other, so that whoever splits a long one can let others go first.
 */
import { wholeAt } from "../../internal/wholeText.ts"

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

/** A paragraph with the headings above it. */
interface Block {
  readonly headings: ReadonlyArray<string>
  readonly text: string
}

/** The shortest passage: room for any character. */
const smallest = 2

/** The longest heading. A longer line that begins like one is a paragraph, so that its words are found. */
const longestHeading = 200

/** What databases and providers refuse in a text, and readers do not see. */
const readable = (text: string): string => text.toWellFormed().replace(/\0|^\ufeff/g, "")

/** The passages of a document, in order. */
export const passages = function* (document: Document, options: Cut): Generator<Passage> {
  const { overlap = 160 } = options
  const size = Math.max(smallest, options.size ?? 800)
  const title = document.title === undefined ? undefined : readable(document.title)
  let position = 0
  let headings: ReadonlyArray<string> = []
  let held = ""
  // Whether `held` has text of its own, apart from the repeated sentence at its beginning.
  let fresh = false
  const flush = function* (): Generator<Passage> {
    const text = fresh ? held.trim() : ""
    held = ""
    fresh = false
    if (text === "") return
    yield {
      document: document.id,
      ...(title === undefined ? undefined : { title }),
      ...(document.url === undefined ? undefined : { url: document.url }),
      metadata: document.metadata ?? {},
      position: position++,
      headings,
      text
    }
  }
  for (const block of blocks(readable(document.text))) {
    if (block.headings !== headings) yield* flush()
    headings = block.headings
    let between = held === "" ? "" : "\n\n"
    if (held.length + between.length + block.text.length <= size) {
      held += between + block.text
      fresh = true
      continue
    }
    for (const sentence of pieces(block.text, size)) {
      if (held.length + between.length + sentence.trimEnd().length > size) {
        const last = held.slice(Math.max(0, held.length - overlap - 1))
        const repeated = overlap === 0 ? "" : lastSentence(last, held.length <= overlap)
        yield* flush()
        if (repeated.length + sentence.length < size) held = repeated
        between = ""
      }
      held += between + sentence
      between = ""
      fresh = true
    }
  }
  yield* flush()
}

/** Paragraphs, in order. */
const blocks = function* (text: string): Generator<Block> {
  let above: ReadonlyArray<readonly [number, string]> = []
  let headings: ReadonlyArray<string> = []
  let lines: Array<string> = []
  const flush = function* (): Generator<Block> {
    const text = lines.join("\n").trim()
    lines = []
    if (text !== "") yield { headings, text }
  }
  let isCode = false
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (/^ {0,3}(?:```|~~~)/.test(line)) isCode = !isCode
    const level = isCode ? 0 : headingLevel(line)
    if (level > 0) {
      yield* flush()
      above = [...above.filter(([other]) => other < level), [level, line.slice(level).trim()]]
      headings = above.map(([, heading]) => heading)
    } else if (line.trim() === "") yield* flush()
    else lines.push(line)
  }
  yield* flush()
}

/** 1 to 6 for a Markdown heading, otherwise 0. */
const headingLevel = (line: string): number => {
  let level = 0
  while (line[level] === "#" && level <= 6) level++
  return level <= 6 && line[level] === " " && line.length <= longestHeading ? level : 0
}

const segmenter = new Intl.Segmenter("und", { granularity: "sentence" })

/** Sentences with the space after them. A sentence longer than a passage is split at spaces, or anywhere. */
const pieces = function* (text: string, size: number): Generator<string> {
  for (const { segment } of segmenter.segment(text)) {
    let rest = segment
    while (rest.length > size) {
      const space = rest.lastIndexOf(" ", size)
      const end = wholeAt(rest, space > size / 2 ? space + 1 : size)
      yield rest.slice(0, end)
      rest = rest.slice(end)
    }
    if (rest !== "") yield rest
  }
}

/** The last sentence of a tail; none if it began before the tail did. */
const lastSentence = (tail: string, isWhole: boolean): string => {
  const found = [...segmenter.segment(tail)]
  const last = found.at(-1)
  return last === undefined || (found.length === 1 && !isWhole) ? "" : last.segment
}
