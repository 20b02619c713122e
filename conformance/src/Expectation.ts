/**
 * What a case expects against what came: complete values, with placeholders where the value is the server's own.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/** The first place at which the actual value differs from the expected one. */
export class Difference extends Data.TaggedError("Difference")<{
  readonly path: string
  readonly expected: string
  readonly got: string
}> {
  override get message() {
    return `${this.path}: expected ${this.expected}, got ${this.got}`
  }
}

/** The placeholders that one file has bound, and how texts are compared. */
export interface Matching {
  /** The values of `<uuid:1>`, `<uuid:2>` … received so far. */
  readonly ids: Map<string, string>
  /** Whether texts that contain JSON must be equal as text, rather than only in meaning. */
  readonly exactTexts: boolean
}

/** A matching without bound placeholders. */
export const matching = (options: { readonly exactTexts?: boolean | undefined } = {}): Matching => ({
  ids: new Map(),
  exactTexts: options.exactTexts ?? false
})

const longestShown = 240

const shorten = (text: string, from = 0): string =>
  (from > 0 ? "…" : "") + text.slice(from, from + longestShown) + (text.length > from + longestShown ? "…" : "")

/** A value as a report shows it. */
export const show = (value: unknown): string => (value === undefined ? "nothing" : shorten(JSON.stringify(value)))

const differ = (path: string, expected: unknown, got: unknown): Difference =>
  new Difference({ path, expected: show(expected), got: show(got) })

/** Two long texts are shown from shortly before the point where they differ. */
const textsDiffer = (path: string, expected: string, got: string): Difference => {
  let same = 0
  while (same < expected.length && expected[same] === got[same]) same++
  if (same < longestShown / 2) return differ(path, expected, got)
  const from = same - 20
  return new Difference({
    path: `${path} (from character ${same})`,
    expected: shorten(JSON.stringify(expected.slice(from)), 1),
    got: shorten(JSON.stringify(got.slice(from)), 1)
  })
}

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The first difference between the expected and the actual value, or undefined. Binds placeholders on the way. */
export const difference = (
  expected: unknown,
  got: unknown,
  path: string,
  matching: Matching
): Difference | undefined => {
  if (typeof expected === "string") return textDifference(expected, got, path, matching)
  if (Array.isArray(expected)) {
    if (!Array.isArray(got)) return differ(path, expected, got)
    for (let i = 0; i < Math.max(expected.length, got.length); i++) {
      const place = `${path}[${i}]`
      if (i >= expected.length || i >= got.length) return differ(place, expected[i], got[i])
      const found = difference(expected[i], got[i], place, matching)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (isRecord(expected)) {
    if (!isRecord(got)) return differ(path, expected, got)
    for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      const place = `${path}.${key}`
      if (!Object.hasOwn(expected, key) || !Object.hasOwn(got, key)) return differ(place, expected[key], got[key])
      const found = difference(expected[key], got[key], place, matching)
      if (found !== undefined) return found
    }
    return undefined
  }
  return expected === got ? undefined : differ(path, expected, got)
}

const textDifference = (expected: string, got: unknown, path: string, matching: Matching): Difference | undefined => {
  if (expected === "<number>") return typeof got === "number" ? undefined : differ(path, expected, got)
  if (typeof got !== "string") return differ(path, expected, got)
  if (expected === got || fitsLoosely(expected, got) || fitsPattern(expected, got, matching)) return undefined
  const json = matching.exactTexts ? undefined : bothJson(expected, got)
  return json === undefined
    ? textsDiffer(path, expected, got)
    : difference(json.expected, json.got, `${path} (as JSON)`, matching)
}

const loosely = /^(?:<startsWith:([\s\S]*?)>)?((?:<contains:[\s\S]*?>)*)$/

/** `<startsWith:…>`, `<contains:…>`, or both. */
const fitsLoosely = (expected: string, got: string): boolean => {
  const parts = expected === "" ? null : loosely.exec(expected)
  if (parts === null) return false
  const contained = [...parts[2]!.matchAll(/<contains:([\s\S]*?)>(?=<contains:|$)/g)].map((part) => part[1]!)
  return got.startsWith(parts[1] ?? "") && contained.every((part) => got.includes(part))
}

const placeholder = /<(uuid:\w+|number|timestamp)>/g
const uuid = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
const patterns = {
  number: String.raw`-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?`,
  timestamp: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?`
}

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

/** Placeholders as the whole text or inside a longer one. Binds ids only if the whole text matches. */
const fitsPattern = (expected: string, got: string, { ids }: Matching): boolean => {
  const names: Array<string> = []
  let pattern = ""
  let end = 0
  for (const found of expected.matchAll(placeholder)) {
    pattern += literal(expected.slice(end, found.index))
    end = found.index + found[0].length
    const name = found[1]!
    names.push(name)
    pattern += `(${patterns[name as keyof typeof patterns] ?? uuid})`
  }
  if (names.length === 0) return false
  const values = new RegExp(`^${pattern}${literal(expected.slice(end))}$`).exec(got)?.slice(1)
  if (values === undefined) return false
  const bound = new Map(ids)
  for (const [i, name] of names.entries()) {
    if (!name.startsWith("uuid:")) continue
    const value = values[i]!
    const before = bound.get(name)
    if (before === undefined ? [...bound.values()].includes(value) : before !== value) return false
    bound.set(name, value)
  }
  for (const [name, value] of bound) ids.set(name, value)
  return true
}

/** Replaces placeholders by the ids received for them, in what is sent. */
export const bind = (text: string, { ids }: Matching): string =>
  text.replace(placeholder, (all, name: string) => ids.get(name) ?? all)

const bothJson = (expected: string, got: string): { readonly expected: unknown; readonly got: unknown } | undefined => {
  const values = { expected: structured(expected), got: structured(got) }
  return values.expected === undefined || values.got === undefined ? undefined : values
}

/** The object or list that a text holds, or undefined. */
const structured = (text: string): unknown => {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
