import type { Passage } from "../Document.ts"

/** The text to embed for a passage: its title and headings, followed by its text. */
export const embeddedText = ({ headings, text, title }: Passage): string =>
  [...(title === undefined ? [] : [title]), ...headings, text].join("\n")
