/** The regular expressions of the repository, and texts that take a slow one long. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parseAst } from "vitest/node"
import { filesUnder, isProgram, root } from "./sources.ts"

/** A regular expression literal. */
export interface Written {
  readonly file: string
  readonly line: number
  readonly pattern: RegExp
}

/** A source that makes regular expressions at run time. */
export interface Made {
  readonly file: string
  readonly line: number
}

/** All regular expressions of a program: the literals, and the places where one is made. */
export const inProgram = (
  file: string,
  code: string
): { readonly written: ReadonlyArray<Written>; readonly made: ReadonlyArray<Made> } => {
  const written: Array<Written> = []
  const made: Array<Made> = []
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return
    if (Array.isArray(node)) return node.forEach(visit)
    const {
      callee,
      regex,
      start = 0,
      type
    } = node as {
      readonly type?: string
      readonly start?: number
      readonly regex?: { readonly pattern: string; readonly flags: string }
      readonly callee?: { readonly name?: string }
    }
    const line = () => code.slice(0, start).split("\n").length
    if (type === "Literal" && regex !== undefined) {
      written.push({ file, line: line(), pattern: new RegExp(regex.pattern, regex.flags) })
    }
    if ((type === "NewExpression" || type === "CallExpression") && callee?.name === "RegExp") {
      made.push({ file, line: line() })
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(code, { lang: file.endsWith(".ts") ? "ts" : "js" }))
  return { written, made }
}

/** All regular expressions of the packages. */
export const all = () =>
  filesUnder("packages")
    .filter((file) => /^packages\/[^/]+\/src\//.test(file) && (isProgram(file) || file.endsWith(".js")))
    .map((file) => inProgram(file, readFileSync(join(root, file), "utf8")))

const escapes: Readonly<Record<string, string>> = {
  s: " ",
  d: "1",
  w: "a",
  S: "x",
  D: "x",
  W: "-",
  n: "\n",
  r: "\r",
  t: "\t"
}
const property = (name: string): string =>
  /Script/.test(name)
    ? "한"
    : name.startsWith("N")
      ? "1"
      : name.startsWith("L")
        ? "é"
        : name.startsWith("P")
          ? "."
          : "€"

/** Characters and words that occur in a pattern. */
const unitsOf = (
  source: string
): { readonly words: ReadonlyArray<string>; readonly letters: ReadonlyArray<string> } => {
  const words = new Set<string>()
  const letters = new Set<string>()
  let word = ""
  const end = () => {
    if (word.length > 1) words.add(word)
    word = ""
  }
  const token =
    /\\p\{([^}]*)\}|\\u\{?([0-9a-f]{4,6})\}?|\\k<\w+>|\\(.)|\{\d*,?\d*\}|\(\?(?:<?[=!:]|<\w+>)|(\[\^)|([()[\]{}|*+?.^$])|(.)/gisu
  for (const [, named, code, escaped, negated, special, letter] of source.matchAll(token)) {
    if (letter !== undefined || (escaped !== undefined && !/[a-z0-9]/i.test(escaped))) {
      letters.add((letter ?? escaped)!)
      word += letter ?? escaped
      continue
    }
    end()
    if (named !== undefined) letters.add(property(named))
    else if (code !== undefined) letters.add(String.fromCodePoint(Number.parseInt(code, 16)))
    else if (escaped !== undefined) letters.add(escapes[escaped] ?? "")
    else if (special === "." || negated !== undefined) letters.add("x")
  }
  end()
  letters.delete("")
  return { words: [...words].slice(0, 12), letters: [...letters].slice(0, 10) }
}

/** A text that grows: a beginning, something repeated, and an end that never matches. */
export interface Attack {
  readonly before: string
  readonly again: string
  readonly behind: string
}

export const textOf = ({ again, before, behind }: Attack, times: number): string =>
  before + again.repeat(times) + behind

/** Texts of what occurs in a pattern, in many orders. */
export const attacksOn = ({ source }: RegExp): ReadonlyArray<Attack> => {
  const { letters, words } = unitsOf(source)
  const singles = [...new Set([...letters, " ", "a", "1"])]
  const pairs = singles.slice(0, 8).flatMap((a) => singles.slice(0, 8).flatMap((b) => (a === b ? [] : [a + b])))
  const mixed = words.slice(0, 4).flatMap((a) => singles.slice(0, 4).map((b) => a + b))
  const befores = ["", ...singles.slice(0, 6), ...words.slice(0, 4)]
  const attacks = (again: string, before: string) => ["\u0001", ""].map((behind): Attack => ({ before, again, behind }))
  return [
    ...[...singles, ...words].flatMap((again) => befores.flatMap((before) => attacks(again, before))),
    ...[...pairs, ...mixed].flatMap((again) => attacks(again, ""))
  ]
}

const once = (pattern: RegExp, text: string): number => {
  pattern.lastIndex = 0
  const start = performance.now()
  if (pattern.global || pattern.sticky) text.replace(pattern, "")
  else pattern.test(text)
  return performance.now() - start
}

/**
 * Milliseconds that a pattern takes for a text: the minimum of several runs, so that other work on the machine does not
 * count.
 */
export const time = (pattern: RegExp, text: string, enough: number): number => {
  let least = Infinity
  for (let run = 0; run < 5 && least > enough; run++) least = Math.min(least, once(pattern, text))
  return least
}

/** Milliseconds that a slow pattern takes for a text of `largest`. A linear one takes a hundredth of it. */
const slow = 3
// Small at first, and in small steps: a pattern that doubles its time with each character must not get many.
const sizes = [16, 20, 24, 28, 34, 42, 52, 64, 90, 128, 256, 1024, 4096]
/** No linear pattern takes this long for a text of at most this many repetitions. */
const hopeless = 256

/** Describes why a pattern takes more than time in proportion to its input, if it does. */
export const slowness = (pattern: RegExp): string | undefined => {
  for (const attack of attacksOn(pattern)) {
    const size = sizes.find((times) => time(pattern, textOf(attack, times), slow) > slow)
    if (size === undefined) continue
    const name = `${JSON.stringify(textOf(attack, 2))}…`
    if (size <= hopeless) return `${name}: more than ${slow} ms for ${size} times`
    const [n, twice] = [size, size * 2].map((times) => time(pattern, textOf(attack, times), 0)) as [number, number]
    if (twice > n * 2.8) return `${name}: ${n.toFixed(1)} ms, and ${twice.toFixed(1)} for twice as much`
  }
  return undefined
}
