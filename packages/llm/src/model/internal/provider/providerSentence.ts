/**
 * A provider's error message without private content, such as keys and quotations from the request.
 *
 * Only words that providers use in errors pass, names of parameters made of them, short numbers, the model and tools
 * that were asked, and addresses of documentation. The rest is replaced by a placeholder. Longer pieces of the request
 * are taken out whatever words they are made of.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
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

// OpenAI's SDK hands over the inner object, Anthropic's the body around it; Gemini wraps its body in an array, Cloudflare lists
// errors, and servers made with FastAPI put what they say below `detail`.
/** The object with the error message. */
export const inner = (body: unknown): unknown => {
  if (Array.isArray(body)) return inner(body[0])
  for (const field of ["error", "errors", "detail"]) {
    const within = Predicate.hasProperty(body, field) ? body[field] : undefined
    const isList = Array.isArray(within) && Predicate.hasProperty(within[0], "message")
    if (isList || (Predicate.isObject(within) && !Array.isArray(within))) return inner(within)
  }
  return body
}

/** Finds the original sentence in a provider's body. */
export const raw = (body: unknown): string | undefined => {
  if (typeof body === "string") return /<\w[^<>]*>/.test(body) ? undefined : body
  const error = inner(body)
  const from = within(error)
  if (from !== undefined) return from
  for (const field of ["message", "error", "detail", "error_message", "msg"]) {
    const said = Predicate.hasProperty(error, field) ? error[field] : undefined
    if (typeof said === "string" && said.trim() !== "") return said
    if (Array.isArray(said)) {
      const [first] = said as ReadonlyArray<unknown>
      if (Predicate.hasProperty(first, "msg") && typeof first.msg === "string") return first.msg
    }
  }
  return undefined
}

/** The sentence of the provider that a router has asked: OpenRouter says only that it "returned error", and quotes it. */
const within = (error: unknown): string | undefined => {
  const metadata = Predicate.hasProperty(error, "metadata") ? error.metadata : undefined
  const quoted = Predicate.hasProperty(metadata, "raw") ? metadata.raw : undefined
  if (typeof quoted !== "string" || quoted.length > longestQuoted || quoted.trim() === "") return undefined
  try {
    const body: unknown = JSON.parse(quoted)
    return Predicate.hasProperty(inner(body), "metadata") ? undefined : raw(body)
  } catch {
    return raw(quoted)
  }
}

const longestQuoted = 10_000

/** Returns the sentence without private content, or undefined if nothing is left. */
export const scrub = (sentence: string, asked: Asked = {}): string | undefined => {
  const names = new Set(asked.names?.flatMap((name) => [name.toLowerCase(), name.toLowerCase().replace(/^.*\//, "")]))
  const text = withoutQuotes(
    sentence
      .slice(0, longest * 2)
      .replace(/\s+/g, " ")
      .trim(),
    asked.text
  )
  const kept: Array<string> = []
  for (const token of text.split(" ")) {
    const told = tell(token, names)
    if (told !== mask || kept.at(-1) !== mask) kept.push(told)
  }
  const said = kept.join(" ").slice(0, longest)
  return kept.some((token) => token !== mask && /\p{L}/u.test(token)) ? said : undefined
}

const mask = "…"

const tell = (token: string, names: ReadonlySet<string>): string => {
  const [, before, core, after] = /^([^\p{L}\p{N}]*)(.*?)([^\p{L}\p{N}]*)$/su.exec(token)!
  if (core === undefined || core === "") return token.length <= 3 ? token : mask
  if (names.has(core.toLowerCase())) return token
  if (/^https?:\/\/[\w.-]+(?:\/[\w./#-]*)?$/.test(core) && core.length <= 120) {
    return isDocumentation(core) ? token : `${before}${core.replace(/^(https?:\/\/[^/]+).*$/, "$1/")}${mask}${after}`
  }
  if (/^\d{1,6}(?:[.,:]\d{1,3})?(?:ms|s|k|m|%)?$/i.test(core)) return token
  // Names of parameters, places in a request, and words with a hyphen: all of their parts are known.
  const parts = core.split(/[_.\-/:=[\]'`"()]+/).filter((part) => part !== "")
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
const withoutQuotes = (sentence: string, text: Asked["text"]): string => {
  const plain = sentence.replace(/(["“'`])([^"“”'`]*)(["”'`])/g, (quotation, open: string, inside: string, close) =>
    inside.split(" ").length > 3 ? `${open}${mask}${close}` : quotation
  )
  const private_ = text?.().toLowerCase().replace(/\s+/g, " ") ?? ""
  if (private_.trim() === "") return plain
  const words = plain.split(" ")
  const kept: Array<string> = []
  for (let at = 0; at < words.length;) {
    let length = 0
    while (at + length < words.length && private_.includes(normal(words.slice(at, at + length + 1)))) length++
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
