/** German. */
import { currency, type Language } from "./language.ts"

const small =
  "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split(
    " "
  )
const tens = "_ _ zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(" ")

/** A number as the first part of a word: "ein" instead of "eins". */
const stem = (value: number): string => number(value).replace(/eins$/, "ein")

const number = (value: number): string => {
  if (value < 20) return small[value]!
  if (value < 100) return (value % 10 === 0 ? "" : `${stem(value % 10)}und`) + tens[Math.floor(value / 10)]!
  if (value < 1000) return `${stem(Math.floor(value / 100))}hundert${value % 100 === 0 ? "" : number(value % 100)}`
  if (value < 1e6) return `${stem(Math.floor(value / 1000))}tausend${value % 1000 === 0 ? "" : number(value % 1000)}`
  const [size, one, many] =
    value < 1e9
      ? ([1e6, "Million", "Millionen"] as const)
      : value < 1e12
        ? ([1e9, "Milliarde", "Milliarden"] as const)
        : ([1e12, "Billion", "Billionen"] as const)
  const count = Math.floor(value / size)
  const rest = value % size
  return `${count === 1 ? `eine ${one}` : `${number(count)} ${many}`}${rest === 0 ? "" : ` ${number(rest)}`}`
}

const irregular: { readonly [value: number]: string } = { 1: "ersten", 3: "dritten", 7: "siebten", 8: "achten" }
const ordinal = (value: number): string => irregular[value] ?? `${number(value)}${value < 20 ? "ten" : "sten"}`

const year = (value: number): string =>
  value >= 1100 && value < 2000
    ? `${number(Math.floor(value / 100))}hundert${value % 100 === 0 ? "" : number(value % 100)}`
    : number(value)

/** "eine" before what is most likely a feminine noun. */
const beforeNoun = (said: string, noun: string): string =>
  said === "eins" ? (/(?:e|ung|heit|keit|ion|schaft|tät)$/.test(noun) ? "eine" : "ein") : said

const months = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(" ")

export const de: Language = {
  number,
  beforeNoun,
  ordinal,
  year,
  decade: (value) => `${value < 100 ? number(value) : year(value)}er`,
  digits: small.slice(0, 10),
  decimal: ",",
  thousands: [".", "\u00a0", "\u202f"],
  point: "Komma",
  minus: "minus",
  percent: "Prozent",
  plus: "plus",
  dot: "Punkt",
  at: "at",
  slash: "Schrägstrich",
  dash: "Bindestrich",
  underscore: "Unterstrich",
  and: "und",
  to: "bis",
  times: "mal",
  ratio: "zu",
  per: "pro",
  equals: "gleich",
  signs: {
    "×": "mal",
    "÷": "geteilt durch",
    "±": "plus minus",
    "≈": "etwa",
    "≠": "ungleich",
    "≤": "höchstens",
    "≥": "mindestens",
    "<": "kleiner als",
    ">": "größer als",
    "^": "hoch"
  },
  numberSign: "Nummer",
  about: "etwa",
  months,
  shortMonths: { Jan: 1, Feb: 2, Mär: 3, Apr: 4, Jun: 6, Jul: 7, Aug: 8, Sep: 9, Sept: 9, Okt: 10, Nov: 11, Dez: 12 },
  date: (day, month, year_) => `${ordinal(day)} ${months[month - 1]}${year_ === undefined ? "" : ` ${year(year_)}`}`,
  dayFirst: true,
  time: (hour, minute) => `${hour === 1 ? "ein" : number(hour)} Uhr${minute === 0 ? "" : ` ${number(minute)}`}`,
  currencies: {
    $: currency("Dollar", "Dollar", "Cent", "Cent"),
    USD: currency("Dollar", "Dollar", "Cent", "Cent"),
    "€": currency("Euro", "Euro", "Cent", "Cent"),
    EUR: currency("Euro", "Euro", "Cent", "Cent"),
    "£": currency("Pfund", "Pfund", "Penny", "Pence"),
    GBP: currency("Pfund", "Pfund", "Penny", "Pence"),
    "¥": currency("Yen", "Yen", "Sen", "Sen"),
    CHF: currency("Franken", "Franken", "Rappen", "Rappen")
  },
  money: (whole, wholeIsOne, part, { one, many }) =>
    `${wholeIsOne ? "ein" : whole} ${wholeIsOne ? one : many}${part === undefined ? "" : ` ${part}`}`,
  scales: ["Tausend", "Million", "Millionen", "Milliarde", "Milliarden"],
  shortScales: {
    "Tsd.": ["tausend", "tausend"],
    Mio: ["eine Million", "Millionen"],
    "Mio.": ["eine Million", "Millionen"],
    Mrd: ["eine Milliarde", "Milliarden"],
    "Mrd.": ["eine Milliarde", "Milliarden"]
  },
  ofScale: "",
  units: {
    km: ["Kilometer", "Kilometer"],
    m: ["Meter", "Meter"],
    cm: ["Zentimeter", "Zentimeter"],
    mm: ["Millimeter", "Millimeter"],
    kg: ["Kilogramm", "Kilogramm"],
    g: ["Gramm", "Gramm"],
    l: ["Liter", "Liter"],
    ml: ["Milliliter", "Milliliter"],
    "km/h": ["Kilometer pro Stunde", "Kilometer pro Stunde"],
    min: ["Minute", "Minuten"],
    h: ["Stunde", "Stunden"],
    Uhr: ["Uhr", "Uhr"],
    ms: ["Millisekunde", "Millisekunden"],
    GB: ["Gigabyte", "Gigabyte"],
    MB: ["Megabyte", "Megabyte"],
    "m²": ["Quadratmeter", "Quadratmeter"],
    kWh: ["Kilowattstunde", "Kilowattstunden"],
    "°": ["Grad", "Grad"],
    "°C": ["Grad Celsius", "Grad Celsius"]
  },
  halves: {
    "1/2": "ein halb",
    "1/4": "ein Viertel",
    "3/4": "drei Viertel",
    "1/3": "ein Drittel",
    "2/3": "zwei Drittel",
    "½": "ein halb",
    "¼": "ein Viertel",
    "¾": "drei Viertel"
  },
  ordinalSuffix: /^(?:te|ten|ter|tes)\b/
}
