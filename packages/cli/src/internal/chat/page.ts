/** Renders a call for the terminal: items become text, wrapped after the speaker's name. */
import * as Printable from "@antiphon/core/Printable"
import type { styles } from "../screen.ts"
import type { Item } from "./conversation.ts"

/** The end of the page: `column` is that of the cursor, and 0 at the start of a line. */
export interface Page {
  readonly column: number
  /** Whether the agent's words continue the current line. */
  readonly inSpeech: boolean
}

/** An empty page. */
export const empty: Page = { column: 0, inSpeech: false }

/** Width of the margin with the names, in columns. */
const margin = 9
/** Maximum length of a tool call's text, in characters. */
const longest = 200

type Style = ReturnType<typeof styles>

/** The name of a speaker, as wide as the margin. */
export const speaker = (name: string): string => `  ${name}`.padEnd(margin)

/** Writes an item on a page of the given width in columns. */
export const write = (page: Page, item: Item, width: number, style: Style): readonly [Page, string] => {
  switch (item._tag) {
    case "You":
      return [empty, `${newLine(page)[1]}${style.bold(speaker("you"))}${Printable.line(item.text)}\n`]
    case "Quiet":
      return newLine(page)
    case "Word":
      return word(page, Printable.line(item.text), width, style)
    case "Cut":
      return aside(page, `‖ not heard: ${shortened(item.rest.trim(), width - margin - 15)}`, width, style)
    case "ToolCalled":
      return aside(page, `⚙ ${item.name}(${shortened(asText(item.args), longest)})`, width, style)
    case "ToolReturned":
      return aside(page, `⚙ ${item.name} → ${shortened(asText(item.result), longest)}`, width, style)
    case "Note":
      return aside(page, item.text, width, style)
    default:
      return item satisfies never
  }
}

/** Ends the current line, if there is one. */
export const newLine = (page: Page): readonly [Page, string] => [empty, page.column === 0 ? "" : "\n"]

const word = (page: Page, text: string, width: number, style: Style): readonly [Page, string] => {
  if (!page.inSpeech) {
    if (text.trim() === "") return [page, ""]
    const [, end] = newLine(page)
    const said = text.trimStart()
    return [{ column: margin + said.length, inSpeech: true }, `${end}${style.bold(speaker("agent"))}${said}`]
  }
  if (page.column + text.trimEnd().length <= width) return [{ ...page, column: page.column + text.length }, text]
  const said = text.trimStart()
  return [{ ...page, column: margin + said.length }, `\n${" ".repeat(margin)}${said}`]
}

/** Writes lines outside of the conversation, up to the full width of the page. */
const aside = (page: Page, text: string, width: number, style: Style): readonly [Page, string] => {
  const lines = wrapped(Printable.line(text), width - margin)
  return [empty, newLine(page)[1] + lines.map((line) => `${" ".repeat(margin)}${style.dim(line)}\n`).join("")]
}

/** Wraps a text at spaces, or within a word longer than a line. */
const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let rest = text.trim()
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width)
    const end = space > 0 ? space : width
    lines.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
  }
  return [...lines, rest]
}

const asText = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? String(value))

const shortened = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length)}…`)
