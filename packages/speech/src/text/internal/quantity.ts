/** Numbers and everything written with them: money, dates, times, telephone numbers, units. */
import type { Currency, Language } from "./language/language.ts"
import type { Found } from "./match.ts"

/** Parses a quantity at the beginning of a text. `isLast`: nothing follows the text. */
export const match = (text: string, language: Language, isLast: boolean): Found => {
  // A quantity ends with its line.
  const lineEnd = text.indexOf("\n")
  if (lineEnd !== -1) return match(text.slice(0, lineEnd), language, true)
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

/** Whether the next word is incomplete, so that it may still belong to the number: "3" and "3 million", "3 de mayo". */
const unfinished =
  /^(?:(?:[.,:/–-]\d{1,4})?[ \u00a0\u202f,.:/–-]{0,3}(?:de )?\S{0,16}|\s?[–-]\s?[$€£]?\d[\d.,:]*\s?\S{0,16})$/u
const mayGoOn = (rest: string): boolean => rest === "" || (unfinished.test(rest) && !/^[!?;)]/.test(rest))

interface Patterns {
  readonly start: RegExp
  readonly begun: RegExp
  readonly number: string
  readonly sign: string
  readonly unit: string
  readonly scale: string
  readonly short: string
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
    const signs = anyOf(Object.keys(language.currencies))
    const month = `${anyOf(language.months)}|(?:${anyOf(Object.keys(language.shortMonths))})\\.?`
    const decimal = escape(language.decimal)
    const other = language.decimal === "," ? "\\." : ","
    const lakhs = language.decimal === "." ? "|\\d{1,2}(?:,\\d{2})+,\\d{3}(?!\\d)" : ""
    patterns = {
      start: new RegExp(
        `^(?:[-+−~#(]?\\(?[\\d½¼¾]|[-−]?(?:${signs})\\s?[-−]?\\.?\\d|(?:${month})\\s\\d|['’]\\d0s|[-−]?\\.\\d)`,
        "u"
      ),
      begun: new RegExp(`^(?:${signs}|${month}|[-+−~#(])\\s?(?:\\d\\S*)?$`, "u"),
      // A number with both separators is clear in any language: the last one is the decimal point.
      number: `(?:\\d{1,3}(?:${decimal}\\d{3})+${other}\\d{1,2}(?!\\d)|\\d{1,3}(?:${thousands}\\d{3})+(?!\\d)(?:${decimal}\\d+)?${lakhs}|\\d+(?:${decimal}\\d+)?)`,
      sign: signs,
      unit: anyOf(Object.keys(language.units)),
      scale: anyOf(language.scales),
      short: anyOf(Object.keys(language.shortScales)),
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
  const marks: ReadonlyArray<string> = written.match(/[.,]/g) ?? []
  const decimal = marks.includes(".") && marks.includes(",") ? marks.at(-1)! : language.decimal
  const [whole = "", fraction = ""] = written.split(decimal)
  return { whole: whole.replace(/\D/g, "") || "0", fraction }
}

/** Above this, digits are said one by one, because a number of so many words is hard to follow. */
const mostSaid = 1e15

const say = (written: string, language: Language): string => {
  const { whole, fraction } = parse(written, language)
  const isLong = /^\d{7,}$/.test(written) && !/0{5}$/.test(written)
  const isCode = /^0\d/.test(whole) || Number(whole) >= mostSaid || isLong
  const said = isCode ? spell(whole, language) : language.number(Number(whole))
  return fraction === "" ? said : `${said} ${language.point} ${spell(fraction, language)}`
}

const isOne = (written: string, language: Language): boolean => {
  const { whole, fraction } = parse(written, language)
  return Number(whole) === 1 && fraction === ""
}

const isoDate: Rule = (text, _, language) => {
  const clock = "(?:T([01]\\d|2[0-3]):([0-5]\\d)(?::\\d{2}(?:\\.\\d+)?)?(?:Z|[+-]\\d{2}:?\\d{2})?)?"
  const found = at(text, `(\\d{4})([-/])(\\d{2})\\2(\\d{2})${clock}(?![\\d/-])`)
  if (found === null) return undefined
  const day = date(found[0], found[4]!, found[3]!, found[1], language)
  if (day === undefined || found[5] === undefined) return day
  return { length: day.length, text: `${day.text}, ${language.time(Number(found[5]), Number(found[6]), undefined)}` }
}

const numericDate: Rule = (text, _, language) => {
  const found =
    at(text, "(\\d{1,2})([./-])(\\d{1,2})\\2(\\d{4})(?!\\d)") ?? at(text, "(\\d{1,2})(/)(\\d{1,2})/(\\d{2})(?!\\d)")
  if (found === null) return undefined
  const [, first, sign, second, year] = found
  const dayFirst = Number(second) <= 12 && (language.dayFirst || sign === "." || Number(first) > 12)
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
  const ofYear = at(text, `(${month})\\s(\\d{4})(?![\\p{L}\\d:%/-])`)
  if (ofYear !== null) {
    const name = language.months[Number(monthOf(ofYear[1]!, language)) - 1]!
    return { length: ofYear[0].length, text: `${name} ${language.year(Number(ofYear[2]))}` }
  }
  const found = at(text, `(${month})\\s(\\d{1,2})(?:st|nd|rd|th)?(?:,?\\s(\\d{4}))?(?![\\p{L}\\d:%/-])`)
  return found === null ? undefined : date(found[0], found[2]!, monthOf(found[1]!, language), found[3], language)
}

const monthOf = (name: string, language: Language): string =>
  String(language.months.indexOf(name) + 1 || language.shortMonths[name.replace(".", "")]!)

/** "5.12." is a day where a full stop follows ordinals. */
const shortDate: Rule = (text, _, language) => {
  const found =
    language.decimal === "," && language.dayFirst ? at(text, "(\\d{1,2})\\.\\s?(\\d{1,2})\\.(?![\\d,])") : null
  return found === null ? undefined : date(found[0], found[1]!, found[2]!, undefined, language)
}

const decade: Rule = (text, _, language) => {
  const found = at(text, "(\\d{3}0)(?:s|er)(?!\\p{L})") ?? at(text, "['’](\\d0)s(?!\\p{L})")
  const said = found === null ? undefined : language.decade?.(Number(found[1]))
  return said === undefined ? undefined : { length: found![0].length, text: said }
}

const telephone: Rule = (text, _, language) => {
  const found =
    at(text, "\\+\\d[\\d\\u00a0 ()./-]{5,20}\\d") ??
    at(text, "(?:1[ .-])?\\(?\\d{3}\\)?[ .-]\\d{3}[ .-]\\d{4}(?!\\d)") ??
    at(text, "\\(?0\\d{1,4}\\)?(?:[ ./-]{1,3}\\d{2,8}){1,6}(?!\\d)") ??
    // A local number, unless it looks like a range; a postal code; a card; an account.
    at(text, "[2-9]\\d{2}-(?!\\d{2}00)\\d{4}(?![\\d-])") ??
    at(text, "\\d{5}-\\d{4}(?![\\d-])") ??
    at(text, "\\d{4}(?:[ -]\\d{4}){2,4}(?![\\d-])") ??
    at(text, "\\d{2,}(?:-\\d{2,}){2,}(?![\\d-])")
  if (found === null || found[0].replace(/\D/g, "").length < 7) return undefined
  const groups = found[0].match(/\d+/g) ?? []
  const plus = found[0].startsWith("+") ? `${language.plus} ` : ""
  return { length: found[0].length, text: plus + groups.map((group) => spell(group, language)).join(", ") }
}

const time: Rule = (text, patterns, language) => {
  const first = oneTime(text, patterns, language)
  const between = first === undefined ? null : /^\s?[–-]\s?(?=\d)/.exec(text.slice(first.length))
  if (first === undefined || between === null) return first
  const from = first.length + between[0].length
  const second = oneTime(text.slice(from), patterns, language)
  if (second === undefined) return first
  return { length: from + second.length, text: `${first.text} ${language.to} ${second.text}` }
}

const oneTime: Rule = (text, _, language) => {
  const exact = at(text, "(\\d{1,2}):([0-5]\\d):([0-5]\\d)(?![\\d:])")
  if (exact !== null) {
    return {
      length: exact[0].length,
      text: exact
        .slice(1)
        .map((part) => language.number(Number(part)))
        .join(", ")
    }
  }
  const half = "(?:\\s?([aApP])\\.?[mM](?:\\b\\.?|\\.))"
  const found =
    at(text, `([01]?\\d|2[0-3]):([0-5]\\d)(?![\\d:])${half}?(?:\\sUhr\\b|\\s?h\\b)?`) ??
    at(text, `(1[0-2]|0?[1-9])()${half}`) ??
    at(text, "([01]?\\d|2[0-3])\\.([0-5]\\d)\\sUhr\\b") ??
    at(text, "([01]?\\d|2[0-3])\\s?h\\s?([0-5]\\d)(?!\\d)")
  if (found === null) return undefined
  // The full stop of "p.m." ends the sentence as well, if one follows.
  const written = found[0].replace(/([apAP]m)\.$/, "$1")
  const side = found[3] === undefined ? undefined : found[3].toLowerCase() === "a" ? "am" : "pm"
  return { length: written.length, text: language.time(Number(found[1]), Number(found[2] || 0), side) }
}

const money: Rule = (text, { number, sign, scale, short }, language) => {
  const scaled = `(?:\\s?(${scale})(?!\\p{L})|\\s?(${short})(?![\\p{L}\\p{N}]))?`
  const value = `(${number}|\\.\\d\\d(?!\\d))`
  const prefix = at(text, `([-−]?)(${sign})\\s?([-−]?)${value}${scaled}`)
  const found = prefix ?? at(text, `([-−]?)()()(${number})(?:,[-–])?${scaled}\\s?(${sign})(?!\\p{L}|[-−]?\\d)`)
  if (found === null) return undefined
  const currency: Currency | undefined = language.currencies[(prefix === null ? found[7] : found[2]) ?? ""]
  if (currency === undefined) return undefined
  const minus = found[1] === "" && found[3] === "" ? "" : `${language.minus} `
  const said = minus + amount(found[4]!, found[5] ?? found[6], currency, language)
  // "$10/month"
  const isRate = /^\/\p{L}{2}/u.test(text.slice(found[0].length))
  return isRate
    ? { length: found[0].length + 1, text: `${said} ${language.per} ` }
    : { length: found[0].length, text: said }
}

/** A number with a scale, such as "3 million" or "3M". */
const scaledNumber = (written: string, scale: string, language: Language): string => {
  const [one, many] = language.shortScales[scale] ?? []
  if (one !== undefined && isOne(written, language)) return one
  return `${counted(say(written, language), language, many ?? scale)} ${many ?? scale}`
}

const amount = (written: string, scale: string | undefined, currency: Currency, language: Language): string => {
  if (scale !== undefined) {
    const said = scaledNumber(written, scale, language)
    const of = language.ofScale === "" || /\bmil(?:le)?$/.test(said) ? "" : `${language.ofScale} `
    // "trois millions d'euros"
    const joined = of === "de " && language.elides === true && /^[aeiouyéh]/i.test(currency.many) ? "d'" : of
    return `${said} ${joined}${currency.many}`
  }
  const { whole, fraction } = parse(written, language)
  const part = fraction.length === 2 ? Number(fraction) : 0
  if (Number(whole) === 0 && part > 0) {
    const [one, many] = [currency.partOne, currency.partMany]
    return `${counted(language.number(part), language, part === 1 ? one : many)} ${part === 1 ? one : many}`
  }
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
  const percent = at(text, `([-−+]?)(${number})\\s?%`)
  if (percent !== null) {
    return { length: percent[0].length, text: `${signed(percent[1]!, percent[2]!, language)} ${language.percent}` }
  }
  const found = at(text, `([-−+]?)(${number})[ \\u00a0\\u202f]?(${unit})(?![\\p{L}\\p{N}])`)
  if (found === null) return undefined
  const [one, many] = language.units[found[3]!]!
  const noun = isOne(found[2]!, language) ? one : many
  return { length: found[0].length, text: `${counted(signed(found[1]!, found[2]!, language), language, noun)} ${noun}` }
}

const counted = (said: string, language: Language, noun: string): string => language.beforeNoun?.(said, noun) ?? said

const signed = (sign: string, written: string, language: Language): string =>
  (sign === "" ? "" : `${sign === "+" ? language.plus : language.minus} `) + say(written, language)

const range: Rule = (text, { number, sign }, language) => {
  const found = at(
    text,
    `([$€£]?)(${number})\\s?[–-]\\s?([$€£]?)(${number})(\\s?%|\\s?(?:${sign})(?!\\p{L}|[-−]?\\d))?(?![\\d-])`
  )
  // "room 5 - $10" is no range.
  if (found === null || (found[3] !== "" && found[1] === "")) return undefined
  const mark = (found[1] || found[5] || "").trim()
  const currency = language.currencies[mark]
  const noun = currency?.many ?? /^ (\p{L}{3,})/u.exec(text.slice(found[0].length))?.[1]
  const areYears = mark === "" && isYear(found[2]!) && isYear(found[4]!)
  const side = (written: string) => (areYears ? language.year(Number(written)) : say(written, language))
  const last = noun === undefined || areYears ? side(found[4]!) : counted(side(found[4]!), language, noun)
  const end = mark === "%" ? ` ${language.percent}` : currency === undefined ? "" : ` ${currency.many}`
  return { length: found[0].length, text: `${side(found[2]!)} ${language.to} ${last}${end}` }
}

const isYear = (written: string): boolean => /^(?:1[1-9]|20)\d\d$/.test(written)

/** "3:1", where it is not a time. */
const ratio: Rule = (text, _, language) => {
  const found = at(text, "(\\d{1,3}):(\\d{1,3})(?![\\d:])")
  if (found === null) return undefined
  const [first, second] = [language.number(Number(found[1])), language.number(Number(found[2]))]
  return { length: found[0].length, text: `${first} ${language.ratio} ${second}` }
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

const plain: Rule = (text, { number, short }, language) => {
  const found = at(text, `([-−+~#]?)(${number}|\\.\\d+)`)
  if (found === null) return undefined
  const [written, sign, value] = [found[0], found[1]!, found[2]!]
  const rest = text.slice(written.length)
  const before = sign === "" ? "" : `${signs(language)[sign]} `
  // Letters after a number without a space are a name: "3M".
  const scale = at(rest, `\\s?(${short})(?![\\p{L}\\p{N}])`)
  if (scale !== null && scale[1]!.length > 2) {
    return { length: written.length + scale[0].length, text: before + scaledNumber(value, scale[1]!, language) }
  }
  const noun = /^ (\p{L}{3,})/u.exec(rest)?.[1]
  const count = say(value.replace(/^\./, `0${language.decimal}`), language)
  const said =
    isYear(value) && sign === ""
      ? language.year(Number(value))
      : noun === undefined
        ? count
        : counted(count, language, noun)
  return { length: written.length, text: before + said }
}

const signs = (language: Language): { readonly [sign: string]: string } => ({
  "#": language.numberSign,
  "~": language.about,
  "+": language.plus,
  "-": language.minus,
  "−": language.minus
})

/** In order of precedence: the first match counts. */
const rules: ReadonlyArray<Rule> = [
  isoDate,
  numericDate,
  namedDate,
  telephone,
  shortDate,
  decade,
  time,
  ratio,
  range,
  money,
  measure,
  version,
  fraction,
  rank,
  plain
]
