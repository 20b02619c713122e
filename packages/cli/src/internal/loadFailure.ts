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
  const [, url, line] =
    /(?:^|\()?(file:\/\/(?!\S*\/node_modules\/)[^\s()]+?):(\d+)(?::\d+)?\)?(?=\s|$)/m.exec(stack) ?? []
  if (url === undefined || !URL.canParse(url)) return ""
  const path = relative(process.cwd(), fileURLToPath(url))
  // A file of the command itself says nothing.
  return path.startsWith(`..${sep}`) || isAbsolute(path) ? "" : ` (${Printable.line(path)}:${line})`
}
