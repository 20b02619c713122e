/** Why a module could not be loaded, in one line that names the place and, if it is known, what to do. */
import * as ErrorText from "@antiphon/core/ErrorText"
import * as Printable from "@antiphon/core/Printable"
import { isAbsolute, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"

/** Describes what was thrown by a module while it was loaded, or by code that it left running. */
export const message = (error: unknown): string => {
  const text = Printable.line(ErrorText.of(error)).replace(/[.]$/, "")
  const hint = hintOf(error)
  return `${text}${/imported from/.test(text) ? "" : placeOf(error)}.${hint === "" ? "" : ` ${hint}.`}`
}

const hintOf = (error: unknown): string => {
  const { code = "", message = "" } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  const [, name = ""] = /Cannot find (?:package|module) '([^']+)'/.exec(message) ?? []
  switch (code) {
    case "ERR_MODULE_NOT_FOUND":
      if (message.includes("Cannot find package")) return `Install it: npm install ${name}`
      return /\.[cm]?[jt]sx?$/.test(name) ? "" : "An import needs the ending of its file, such as ./Billing.ts"
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return "Node runs TypeScript by leaving out its types, so it has no enums, namespaces or parameter properties"
    default:
      return ""
  }
}

/** The first place in a file of the user that the error names. */
const placeOf = (error: unknown): string => {
  const stack = error instanceof Error ? (error.stack ?? "") : ""
  for (const line of stack.split("\n", mostLines)) {
    const place = placeIn(line)
    if (place === undefined || place.url.includes("/node_modules/") || !URL.canParse(place.url)) continue
    const path = relative(process.cwd(), fileURLToPath(place.url))
    // A file of the command itself says nothing.
    if (!path.startsWith(`..${sep}`) && !isAbsolute(path)) return ` (${Printable.line(path)}:${place.line})`
  }
  return ""
}

/** The lines of a stack that are looked at. */
const mostLines = 100

/** The place in a line of a stack, such as `at load (file:///agent.ts:3:7)`, or alone as `file:///agent.ts:3`. */
const placeIn = (line: string): { readonly url: string; readonly line: number } | undefined => {
  const at = line.indexOf("file:///")
  if (at === -1) return undefined
  const [last = "", before = "", ...rest] = line.slice(at).replace(")", "").trim().split(":").toReversed()
  const isNumber = (text: string) => /^\d+$/.test(text)
  if (!isNumber(last)) return undefined
  return isNumber(before)
    ? { url: rest.toReversed().join(":"), line: Number(before) }
    : { url: [before, ...rest].toReversed().join(":"), line: Number(last) }
}
