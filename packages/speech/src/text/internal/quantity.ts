/** Numbers and everything written with them: money, dates, times, telephone numbers, units. */
import type { Currency, Language } from "./language/language.ts"
import type { Found } from "./match.ts"

/** Parses a quantity at the beginning of a text. `isLast`: nothing follows the text. */
export const match = (text: string, language: Language, isLast: boolean): Found => {
  const patterns = patternsOf(language)
  if (!isLast && (onlyDigits.test(text) || patterns.begun.test(text))) return "Wait"
  if (!patterns.start.test(text)) return undefined
  for (const rule of rules) {
    const found = rule(text, patterns, language)
    if (found === undefined) continue
    const rest = text.slice(found.length)
    // A letter directly after the number makes it a name, such as "3D" or "4x4".
    if (/^[\p{L}\p{N}]/u.test(rest) && /[\p{L}\p{N}]$/u.test(text.slice(0, found.length))) continue
    return !isLast && mayGoOn(rest) ? "Wait" : found
  }
  return undefined
}

/** Digits alone may be groups of one number. */
const onlyDigits = /^[+−-]?\(?\d[\d \u00a0\u202f().,/:–-]*$/

/** Whether the next word is incomplete, so that it may still belong to the number: "3" and "3 million". */
const mayGoOn = (rest: string): boolean =>
  rest === "" || (/^[ \u00a0\u202f,.:/–-]{0,2}[^\s]{0,16}$/u.test(rest) && !/^[!?;)\n]/.test(rest))

interface Patterns {
  readonly start: RegExp
  readonly begun: RegExp
  readonly number: string
  readonly sign: string
  readonly unit: string
  readonly scale: string
  readonly month: string
  readonly language: Language
}

type Rule = (
  text: string,
  patterns: Patterns,
  language: Language
) => { readonly length: number; readonly text: string } | undefined

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/$]/g, "\\$&")
const anyOf = (words: ReadonlyArray<string>): string =>
  words
    .toSorted((a, b) => b.length - a.length)
    .map(escape)
    .join("|")

const compiled = new WeakMap<Language, Patterns>()

const patternsOf = (language: Language): Patterns => {
  let patterns = compiled.get(language)
  if (patterns === undefined) {
    const thousands = `[${language.thousands.map(escape).join("")}]`
    const signs = Object.keys(language.currencies)
    const month = anyOf(language.months)
    const codes = anyOf(signs.filter((sign) => /^[A-Z]/.test(sign)))
    patterns = {
      start: new RegExp(`^(?:[-+−~#(]?\\(?[\\d½¼¾]|[-−]?[$€£¥₹]\\s?\\d|(?:${codes})\\s?\\d|(?:${month})\\s\\d)`, "u"),
      begun: new RegExp(`^(?:(?:${codes})|(?:${month})|[-+−~#($€£¥₹])\\s?$`, "u"),
      number: `(?:\\d{1,3}(?:${thousands}\\d{3})+(?!\\d)(?:${escape(language.decimal)}\\d+)?|\\d+(?:${escape(language.decimal)}\\d+)?)`,
      sign: anyOf(signs),
      unit: anyOf(Object.keys(language.units)),
      scale: anyOf(language.scales),
      month,
      language
    }
    compiled.set(language, patterns)
  }
  return patterns
}

const expressions = new Map<string, RegExp>()
const at = (text: string, pattern: string): RegExpExecArray | null => {
  let expression = expressions.get(pattern)
  if (expression === undefined) expressions.set(pattern, (expression = new RegExp(`^${pattern}`, "u")))
  return expression.exec(text)
}

const spell = (digits: string, language: Language): string =>
  Array.from(digits, (digit) => language.digits[Number(digit)]!).join(" ")

/** A number as written in a language: its whole part, and the digits after the decimal point. */
const parse = (written: string, language: Language): { readonly whole: string; readonly fraction: string } => {
  const [whole = "0", fraction = ""] = written.split(language.decimal)
  return { whole: whole.replace(/\D/g, ""), fraction }
}

/** Above this, digits are said one by one, because a number of so many words is hard to follow. */
const mostSaid = 1e15

const say = (written: string, language: Language): string => {
  const { whole, fraction } = parse(written, language)
  const isCode = /^0\d/.test(whole) || Number(whole) >= mostSaid || (/^\d{7,}$/.test(written) && fraction === "")
  const said = isCode ? spell(whole, language) : language.number(Number(whole))
  return fraction === "" ? said : `${said} ${language.point} ${spell(fraction, language)}`
}

const isOne = (written: string, language: Language): boolean => {
  const { whole, fraction } = parse(written, language)
  return Number(whole) === 1 && fraction === ""
}

const isoDate: Rule = (text, _, language) => {
  const found = at(text, "(\\d{4})-(\\d{2})-(\\d{2})(?![\\d-])")
  return found === null ? undefined : date(found[0], found[3]!, found[2]!, found[1], language)
}

const numericDate: Rule = (text, _, language) => {
  const found =
    at(text, "(\\d{1,2})([./-])(\\d{1,2})\\2(\\d{4})(?!\\d)") ?? at(text, "(\\d{1,2})(/)(\\d{1,2})/(\\d{2})(?!\\d)")
  if (found === null) return undefined
  const [, first, sign, second, year] = found
  const dayFirst = language.dayFirst || sign === "." || Number(second) > 12
  return date(
    found[0],
    dayFirst ? first! : second!,
    dayFirst ? second! : first!,
    year!.length === 2 ? `20${year}` : year,
    language
  )
}

const date = (written: string, day: string, month: string, year: string | undefined, language: Language) => {
  const [dayNumber, monthNumber] = [Number(day), Number(month)]
  if (dayNumber < 1 || dayNumber > 31 || monthNumber < 1 || monthNumber > 12) return undefined
  return {
    length: written.length,
    text: language.date(dayNumber, monthNumber, year === undefined ? undefined : Number(year))
  }
}

const namedDate: Rule = (text, { month }, language) => {
  const dayFirst = at(
    text,
    `(\\d{1,2})(?:\\.|er|st|nd|rd|th)?\\s(?:de\\s)?(${month})(?:,?\\s(?:de\\s)?(\\d{4}))?(?![\\p{L}\\d/-])`
  )
  if (dayFirst !== null) return date(dayFirst[0], dayFirst[1]!, monthOf(dayFirst[2]!, language), dayFirst[3], language)
  const found = at(text, `(${month})\\s(\\d{1,2})(?:st|nd|rd|th)?(?:,?\\s(\\d{4}))?(?![\\p{L}\\d:%/-])`)
  return found === null ? undefined : date(found[0], found[2]!, monthOf(found[1]!, language), found[3], language)
}

const monthOf = (name: string, language: Language): string => String(language.months.indexOf(name) + 1)

const telephone: Rule = (text, _, language) => {
  const found =
    at(text, "\\+\\d[\\d\\u00a0 ()./-]{5,20}\\d") ??
    at(text, "\\(?\\d{3}\\)?[ .-]\\d{3}[ .-]\\d{4}(?!\\d)") ??
    at(text, "\\(?0\\d{1,4}\\)?(?:[ ./-]{1,3}\\d{2,8}){1,6}(?!\\d)")
  if (found === null || found[0].replace(/\D/g, "").length < 7) return undefined
  const groups = found[0].match(/\d+/g) ?? []
  const plus = found[0].startsWith("+") ? `${language.plus} ` : ""
  return { length: found[0].length, text: plus + groups.map((group) => spell(group, language)).join(", ") }
}

const time: Rule = (text, _, language) => {
  const half = "(?:\\s?([aApP])\\.?[mM](?:\\b\\.?|\\.))"
  const found =
    at(text, `([01]?\\d|2[0-3]):([0-5]\\d)(?![\\d:])${half}?(?:\\sUhr\\b|\\s?h\\b)?`) ??
    at(text, `(1[0-2]|0?[1-9])()${half}`) ??
    at(text, "([01]?\\d|2[0-3])\\s?h\\s?([0-5]\\d)(?!\\d)")
  if (found === null) return undefined
  // The full stop of "p.m." ends the sentence as well, if one follows.
  const written = found[0].replace(/([apAP]m)\.$/, "$1")
  const side = found[3] === undefined ? undefined : found[3].toLowerCase() === "a" ? "am" : "pm"
  return { length: written.length, text: language.time(Number(found[1]), Number(found[2] || 0), side) }
}

const money: Rule = (text, { number, sign, scale }, language) => {
  const prefix = at(text, `([-−]?)(${sign})\\s?(${number})(?:\\s?(${scale})(?![\\p{L}]))?`)
  const found = prefix ?? at(text, `([-−]?)()(${number})(?:\\s(${scale}))?\\s?(${sign})(?![\\p{L}])`)
  if (found === null) return undefined
  const currency: Currency | undefined = language.currencies[(prefix === null ? found[5] : found[2]) ?? ""]
  if (currency === undefined) return undefined
  const minus = found[1] === "" ? "" : `${language.minus} `
  return { length: found[0].length, text: minus + amount(found[3]!, found[4], currency, language) }
}

const amount = (written: string, scale: string | undefined, currency: Currency, language: Language): string => {
  if (scale !== undefined) {
    const of = language.ofScale === "" || /^mil(le)?$/.test(scale) ? "" : `${language.ofScale} `
    return `${say(written, language)} ${scale} ${of}${currency.many}`
  }
  const { whole, fraction } = parse(written, language)
  const part = fraction.length === 2 ? Number(fraction) : 0
  if (fraction !== "" && fraction.length !== 2) return `${say(written, language)} ${currency.many}`
  const wholeText = language.number(Number(whole))
  return language.money(
    wholeText,
    Number(whole) === 1,
    part === 0 ? undefined : language.number(part),
    currency,
    part === 1
  )
}

const measure: Rule = (text, { number, unit }, language) => {
  const percent = at(text, `([-−]?)(${number})[\\s\\u00a0\\u202f]?%`)
  if (percent !== null) {
    return { length: percent[0].length, text: `${signed(percent[1]!, percent[2]!, language)} ${language.percent}` }
  }
  const found = at(text, `([-−]?)(${number})[ \\u00a0\\u202f]?(${unit})(?![\\p{L}\\p{N}])`)
  if (found === null) return undefined
  const [one, many] = language.units[found[3]!]!
  return {
    length: found[0].length,
    text: `${counted(signed(found[1]!, found[2]!, language), language)} ${isOne(found[2]!, language) ? one : many}`
  }
}

const counted = (said: string, language: Language): string => language.beforeNoun?.(said) ?? said

const signed = (minus: string, written: string, language: Language): string =>
  (minus === "" ? "" : `${language.minus} `) + say(written, language)

const range: Rule = (text, { number, sign }, language) => {
  const found = at(
    text,
    `([$€£]?)(${number})\\s?[–-]\\s?([$€£]?)(${number})(\\s?%|\\s?(?:${sign})(?![\\p{L}]))?(?![\\d-])`
  )
  if (found === null) return undefined
  const mark = (found[1] || found[3] || found[5] || "").trim()
  const currency = language.currencies[mark]
  const end = mark === "%" ? ` ${language.percent}` : currency === undefined ? "" : ` ${currency.many}`
  return {
    length: found[0].length,
    text: `${say(found[2]!, language)} ${language.to} ${say(found[4]!, language)}${end}`
  }
}

const version: Rule = (text, _, language) => {
  const found = at(text, "\\d{1,3}(?:\\.\\d{1,4}){2,}(?!\\d)")
  if (found === null || at(text, patternsOf(language).number + "(?![.\\d])")?.[0] === found[0]) return undefined
  const parts = found[0].split(".").map((part) => language.number(Number(part)))
  return { length: found[0].length, text: parts.join(` ${language.dot} `) }
}

const fraction: Rule = (text, _, language) => {
  const vulgar = at(text, "(\\d*)([½¼¾])")
  if (vulgar !== null) {
    const whole = vulgar[1] === "" ? "" : `${language.number(Number(vulgar[1]))} ${language.and} `
    return { length: vulgar[0].length, text: whole + language.halves[vulgar[2]!]! }
  }
  const found = at(text, "(\\d{1,3})/(\\d{1,3})(?![\\d/])")
  if (found === null) return undefined
  const said =
    language.halves[found[0]] ??
    `${language.number(Number(found[1]))} ${language.slash} ${language.number(Number(found[2]))}`
  return { length: found[0].length, text: said }
}

const rank: Rule = (text, _, language) => {
  const found = at(text, "\\d{1,4}")
  const suffix = found === null ? null : language.ordinalSuffix.exec(text.slice(found[0].length))
  return found === null || suffix === null
    ? undefined
    : { length: found[0].length + suffix[0].length, text: language.ordinal(Number(found[0])) }
}

const plain: Rule = (text, { number }, language) => {
  const found = at(text, `([-−~#]?)(${number})`)
  if (found === null) return undefined
  const [written, sign, value] = [found[0], found[1]!, found[2]!]
  const isYear = /^(?:1[1-9]|20)\d\d$/.test(value) && sign === ""
  const isCount = /^ \p{L}{3}/u.test(text.slice(written.length))
  const count = say(value, language)
  const said = isYear ? language.year(Number(value)) : isCount ? counted(count, language) : count
  const before =
    sign === ""
      ? ""
      : sign === "#"
        ? `${language.numberSign} `
        : sign === "~"
          ? `${language.about} `
          : `${language.minus} `
  return { length: written.length, text: before + said }
}

/** In order of precedence: the first match counts. */
const rules: ReadonlyArray<Rule> = [
  isoDate,
  numericDate,
  namedDate,
  telephone,
  time,
  range,
  money,
  measure,
  version,
  fraction,
  rank,
  plain
]
