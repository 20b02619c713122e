/**
 * Markdown at the beginning of a line: headings, lists, quotations, rules, tables and fences of code.
 */

/** The Markdown at the beginning of a line. `Wait`: undecided until more text arrives. */
export type Block =
  | { readonly _tag: "Wait" }
  | { readonly _tag: "Text"; readonly skip: number }
  /** A line that is spoken as a sentence: a heading or an item of a list. `number`: the item's number. */
  | { readonly _tag: "Item"; readonly skip: number; readonly number: number | undefined }
  | { readonly _tag: "Fence"; readonly skip: number; readonly mark: string }
  | { readonly _tag: "Skip"; readonly skip: number }
  | { readonly _tag: "Row"; readonly skip: number; readonly cells: ReadonlyArray<string> }
  | { readonly _tag: "Separator"; readonly skip: number }

const wait: Block = { _tag: "Wait" }

/** Reads the Markdown at the beginning of a line. `isLast`: nothing follows the text. */
export const read = (text: string, isLast: boolean): Block => {
  const end = text.indexOf("\n")
  const line = end === -1 ? text : text.slice(0, end)
  const isComplete = isLast || end !== -1
  const skip = end === -1 ? text.length : end + 1

  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line)
  if (fence !== null) return isComplete ? { _tag: "Fence", skip, mark: fence[1]! } : wait
  if (/^ {0,3}\|/.test(line)) {
    if (!isComplete) return wait
    return /^ {0,3}[\s:|-]*$/.test(line) && line.includes("-")
      ? { _tag: "Separator", skip }
      : { _tag: "Row", skip, cells: cells(line) }
  }
  // The line of dashes of a table without outer bars, and the line under a heading.
  if (/^ {0,3}:?-+:? *(?:\| *:?-+:? *)+$|^ {0,3}=+ *$/.test(line)) return isComplete ? { _tag: "Skip", skip } : wait
  if (/^ {0,3}[-:][-:| ]*$/.test(line) && !isComplete) return wait
  // Targets of links are not spoken; footnotes are, without their mark.
  const target = /^ {0,3}\[[^\]\n]{1,60}\]: *(?:<|https?:|www\.|mailto:|[./#])\S*/.test(line)
  if (target) return isComplete ? { _tag: "Skip", skip } : wait
  const note = /^ {0,3}\[\^?\w{1,20}\]: +(?=\S)/.exec(line)
  if (note !== null && isComplete) return { _tag: "Text", skip: note[0].length }
  const mayBeNote = /^ {0,3}\[[^\]\n]{1,60}(?:\]?|\]:[^\n]{0,200})$/.test(line)
  if (mayBeNote && !isComplete) return wait
  if (/^ {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$/.test(line) && isComplete) return { _tag: "Skip", skip }
  if (/^ {0,3}(?:(?:\* *)+|(?:- *)+|(?:_ *)+)$/.test(line) && !isComplete) return wait
  // The text so far may still become one of these.
  const isOpen = /^ {0,12}(?:> ?)*(?:#{1,6}|[-*+•–]{1,3}|`{1,2}|~{1,2}|_{1,3}|\d{1,3}[.)]?)? *(?:\[[ xX]?\]? *)?$/.test(
    line
  )
  if (isOpen && !isComplete) return wait
  const item = /^( {0,12}(?:> ?)*)(#{1,6}|[-*+•–]|(\d{1,3})[.)]) +(?:\[[ xX]\] +)?(?=\S)/.exec(line)
  if (item !== null) {
    return { _tag: "Item", skip: item[0].length, number: item[3] === undefined ? undefined : Number(item[3]) }
  }
  return { _tag: "Text", skip: /^(?: {0,3}> ?)*/.exec(line)![0].length }
}

const cells = (line: string): ReadonlyArray<string> =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim())
