/** Says web and mail addresses the way people do. */
import type { Language } from "./language/language.ts"
import type { Found } from "./match.ts"

const tlds =
  "com|org|net|io|ai|app|dev|info|edu|gov|eu|de|at|ch|fr|es|it|nl|be|pt|pl|se|uk|us|ca|au|in|jp|cn|br|mx|co|me|tv"
const web = new RegExp(
  `^(?:(https?:\\/\\/|www\\.)[^\\s<>()\\[\\]"'\`*]+|(?:[a-z0-9][a-z0-9-]*\\.)+(?:${tlds})(?![a-z0-9-]|\\.[a-z])(?:\\/[^\\s<>()\\[\\]"'\`*]*)?)`,
  "i"
)
const mail = /^(?:mailto:)?([A-Za-z0-9._%+-]+)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)/

/** The spoken symbols of an address, with defaults for unknown languages. */
export interface Signs extends Pick<Language, "dot" | "at" | "slash" | "dash" | "underscore" | "plus"> {}

/** Longer paths are not said, because listeners could not write them down. */
const longestPath = 24

/** Parses an address at the beginning of a text. The text must hold its whole word. */
export const match = (text: string, signs: Signs): Found => {
  const letter = mail.exec(text)
  if (letter !== null) {
    const domain = letter[2]!.replace(/(?<![.-])[.-]+$/, "")
    const written = letter[0].length - (letter[2]!.length - domain.length)
    return { length: written, text: `${words(letter[1]!, signs)} ${signs.at} ${words(domain, signs)}` }
  }
  const found = web.exec(text)
  if (found === null) return undefined
  const written = found[0].replace(/(?<![.,;:!?…])[.,;:!?…]+$/, "")
  const [host = "", ...path] = written
    .replace(/^https?:\/\//i, "")
    .replace(/^www\./i, "")
    .split(/[?#]/)[0]!
    .split("/")
  const rest = path.filter((part) => part !== "")
  const isShort = rest.join("/").length <= longestPath
  const parts = [host.replace(/:\d+$/, ""), ...(isShort ? rest : [])]
  return { length: written.length, text: parts.map((part) => words(part, signs)).join(` ${signs.slash} `) }
}

const words = (text: string, signs: Signs): string =>
  text
    .replaceAll(".", ` ${signs.dot} `)
    .replaceAll("-", ` ${signs.dash} `)
    .replaceAll("_", ` ${signs.underscore} `)
    .replaceAll("+", ` ${signs.plus} `)
    .replace(/%[0-9a-f]{2}|[%=&~]/gi, " ")
    .replace(/ +/g, " ")
    .trim()
