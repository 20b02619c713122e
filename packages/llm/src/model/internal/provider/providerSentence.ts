/**
 * A provider's error message without private content, such as keys and quotations from the request.
 *
 * Only words that providers use in errors pass, names of parameters made of them, short numbers, the model and tools
 * that were asked, and addresses of documentation. The rest is replaced by a placeholder. Longer pieces of the request
 * are taken out whatever words they are made of.
 *
 * @since 0.1.0
 */
import * as Printable from "@antiphon/core/Printable"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as ErrorVocabulary from "./errorVocabulary.ts"

/** Data of the failed request. */
export interface Asked {
  /** Names that may appear: of the model, and of its tools. */
  readonly names?: ReadonlyArray<string> | undefined
  /** The text of the request. */
  readonly text?: (() => string) | undefined
}

/** Longest sentence to keep, in characters. */
const longest = 400

/** How deep errors are nested in each other. */
const deepest = 8

// Gemini wraps its body in an array, Cloudflare lists errors, and servers made with FastAPI put what they say below `detail`.
/** The object with the error message. */
export const inner = (body: unknown): unknown => {
  let error = body
  for (let depth = 0; depth < deepest; depth++) {
    const next = Array.isArray(error) ? (error[0] as unknown) : wrapped(error)
    if (next === undefined) return error
    error = next
  }
  return error
}

const wrapped = (body: unknown): unknown => {
  for (const field of ["error", "errors", "detail"]) {
    const within = Predicate.hasProperty(body, field) ? body[field] : undefined
    const isList = Array.isArray(within) && Predicate.hasProperty(within[0], "message")
    if (isList || (Predicate.isObject(within) && !Array.isArray(within))) return within
  }
  return undefined
}

/** Finds the original sentence in a provider's body. */
export const raw = (body: unknown): string | undefined => sentenceIn(body, deepest)

const fields = ["message", "Message", "error", "detail", "error_message", "msg", "title"]

const sentenceIn = (body: unknown, left: number): string | undefined => {
  if (left === 0) return undefined
  if (typeof body === "string") return ofText(body, left)
  if (typeof body !== "object" || body === null) return undefined
  const error = inner(body)
  // A router such as OpenRouter says only that the provider it has asked "returned error", and quotes it.
  const metadata = Predicate.hasProperty(error, "metadata") ? error["metadata"] : undefined
  const quoted = Predicate.hasProperty(metadata, "raw") ? sentenceIn(metadata.raw, left - 1) : undefined
  if (quoted !== undefined) return quoted
  for (const field of fields) {
    const said = Predicate.hasProperty(error, field) ? error[field] : undefined
    const sentence = Array.isArray(said) ? ofIssue(said[0], left - 1) : sentenceIn(said, left - 1)
    if (sentence !== undefined) return sentence
  }
  return undefined
}

/** The first of several problems, such as FastAPI's, with its place in the request. */
const ofIssue = (issue: unknown, left: number): string | undefined => {
  const place = Predicate.hasProperty(issue, "loc") && Array.isArray(issue.loc) ? `${issue.loc.join(".")}: ` : ""
  const sentence = sentenceIn(issue, left)
  return sentence === undefined ? undefined : `${place}${sentence}`
}

/** The longest text in which another body is looked for. */
const longestBody = 10_000

/** The sentence in a text, which may be a page, or quote the body of another server. */
const ofText = (text: string, left: number): string | undefined => {
  if (text.trim() === "") return undefined
  if (/^\s*<[a-z!?]/i.test(text)) {
    return /<(?:message|title|h1)\b[^<>]*>([^<>]{1,400})</i.exec(text.slice(0, longestBody))?.[1]
  }
  if (text.length > longestBody) return text
  const whole = parsed(text)
  if (Result.isSuccess(whole)) return sentenceIn(whole.success, left - 1)
  const quoted = parsed(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1))
  return (Result.isSuccess(quoted) ? sentenceIn(quoted.success, left - 1) : ofPython(text)) ?? text
}

const parsed = (text: string): Result.Result<unknown, unknown> => Result.try((): unknown => JSON.parse(text))

/** The sentence in an error that a server in Python, such as LiteLLM, has printed. */
const ofPython = (text: string): string | undefined => {
  const found = /'message': (?:"([^"]{1,1000})"|'([^']{1,1000})')/.exec(text)
  return found?.[1] ?? found?.[2]
}

/** Returns the sentence without private content, or undefined if nothing is left. */
export const scrub = (sentence: string, asked: Asked = {}): string | undefined => {
  const names = new Set(asked.names?.flatMap((name) => [name.toLowerCase(), name.toLowerCase().replace(/^.*\//, "")]))
  const requested = asked.text?.().toLowerCase().replace(/\s+/g, " ") ?? ""
  const numbers = new Set(requested.match(/\d{3,}/g))
  const text = withoutQuotes(
    Printable.line(sentence)
      .slice(0, longest * 2)
      .replace(/\s+/g, " ")
      .trim(),
    requested
  )
  const kept: Array<string> = []
  for (const token of text.split(" ")) {
    const told = hasAny(token, numbers) ? mask : tell(token, names)
    if (told !== mask || kept.at(-1) !== mask) kept.push(told)
  }
  const said = kept.join(" ").slice(0, longest)
  return kept.some((token) => token !== mask && /\p{L}/u.test(token)) ? said : undefined
}

const mask = "…"

/** Whether a word has one of these numbers. */
const hasAny = (token: string, numbers: ReadonlySet<string>): boolean =>
  numbers.size > 0 && (token.match(/\d+/g) ?? []).some((number) => numbers.has(number))

const tell = (token: string, names: ReadonlySet<string>): string => {
  const [, before, core, after] = /^([^\p{L}\p{N}]*)(.*?)([^\p{L}\p{N}]*)$/su.exec(token)!
  if (core === undefined || core === "") return token.length <= 3 ? token : mask
  if (names.has(core.toLowerCase())) return token
  if (/^https?:\/\/[\w.-]+(?:\/[\w./#-]*)?$/.test(core) && core.length <= 120) {
    return isDocumentation(core) ? token : `${before}${core.replace(/^(https?:\/\/[^/]+).*$/, "$1/")}${mask}${after}`
  }
  if (/^\d{1,6}(?:[.,:]\d{1,3})?(?:ms|s|k|m|%)?$/i.test(core)) return token
  // Names of parameters, places in a request, and words with a hyphen: all of their parts are known.
  const parts = core.split(/[_.\-/:=[\]'`"()]+|(?<=[a-z])(?=[A-Z])/).filter((part) => part !== "")
  const known = parts.length > 0 && parts.every((part) => ErrorVocabulary.has(part) || /^v?\d{1,4}$/.test(part))
  return known || ErrorVocabulary.has(core) ? `${before}${core}${after}` : mask
}

/** Whether a path has only words of pages, and none that may be a key or a name. */
const isDocumentation = (address: string): boolean =>
  address
    .replace(/^https?:\/\/[^/]*/, "")
    .split(/[/.#]/)
    .every((segment) => /^(?:[a-z]{0,20}(?:[-_][a-z]{1,20}){0,8}|v?\d{1,3})$/i.test(segment))

/** Takes out quotations of several words, and pieces that the request holds word for word. */
const withoutQuotes = (sentence: string, requested: string): string => {
  const plain = sentence
    .replace(/(["“'`])([^"“”'`]*)(["”'`])/g, (quotation, open: string, inside: string, close) =>
      inside.split(" ").length > 3 ? `${open}${mask}${close}` : quotation
    )
    // Cards, accounts and telephone numbers, in groups too. A date has eight digits.
    .replace(/\d(?:[ -]?\d){8,}/g, mask)
  if (requested.trim() === "") return plain
  const words = plain.split(" ")
  const kept: Array<string> = []
  for (let at = 0; at < words.length;) {
    let length = 0
    while (at + length < words.length && requested.includes(normal(words.slice(at, at + length + 1)))) length++
    if (length >= longestShared) {
      kept.push(mask)
      at += length
    } else kept.push(words[at++]!)
  }
  return kept.join(" ")
}

/** Words in a row that a sentence and a request may share by chance. */
const longestShared = 4

const normal = (words: ReadonlyArray<string>): string =>
  words
    .join(" ")
    .toLowerCase()
    .replace(/^\W+|\W+$/g, "")
