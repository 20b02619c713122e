/** English. */
import { currency, type Language } from "./language.ts"

const small =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " "
  )
const tens = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split(" ")
const scales: ReadonlyArray<readonly [number, string]> = [
  [1e12, "trillion"],
  [1e9, "billion"],
  [1e6, "million"],
  [1000, "thousand"],
  [100, "hundred"]
]

const number = (value: number): string => {
  if (value < 20) return small[value]!
  if (value < 100) return tens[Math.floor(value / 10)]! + (value % 10 === 0 ? "" : `-${small[value % 10]}`)
  const [size, name] = scales.find(([size]) => value >= size)!
  const rest = value % size
  return `${number(Math.floor(value / size))} ${name}${rest === 0 ? "" : ` ${number(rest)}`}`
}

const irregular: { readonly [word: string]: string } = {
  one: "first",
  two: "second",
  three: "third",
  five: "fifth",
  eight: "eighth",
  nine: "ninth",
  twelve: "twelfth"
}

const ordinal = (value: number): string =>
  number(value).replace(
    /(?<![a-z])[a-z]+$/,
    (last) => irregular[last] ?? (last.endsWith("y") ? `${last.slice(0, -1)}ieth` : `${last}th`)
  )

const year = (value: number): string => {
  if (value < 1100 || value > 2099 || (value >= 2000 && value < 2010)) return number(value)
  const [century, rest] = [Math.floor(value / 100), value % 100]
  if (rest === 0) return `${number(century)} hundred`
  return `${number(century)} ${rest < 10 ? `oh ${number(rest)}` : number(rest)}`
}

/** "nineteen nineties", "two thousands". */
const decade = (value: number): string => {
  const said = value < 100 ? number(value) : value === 2000 ? "two thousand" : year(value)
  return said.endsWith("y") ? `${said.slice(0, -1)}ies` : `${said}s`
}

const months = "January February March April May June July August September October November December".split(" ")

export const en: Language = {
  number,
  ordinal,
  year,
  decade,
  digits: small.slice(0, 10),
  decimal: ".",
  thousands: [","],
  point: "point",
  minus: "minus",
  percent: "percent",
  plus: "plus",
  dot: "dot",
  at: "at",
  slash: "slash",
  dash: "dash",
  underscore: "underscore",
  and: "and",
  to: "to",
  times: "times",
  ratio: "to",
  per: "per",
  equals: "equals",
  signs: {
    "×": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "≈": "about",
    "≠": "is not",
    "≤": "at most",
    "≥": "at least",
    "<": "less than",
    ">": "greater than",
    "^": "to the power of"
  },
  numberSign: "number",
  about: "about",
  months,
  shortMonths: { Jan: 1, Feb: 2, Mar: 3, Apr: 4, Jun: 6, Jul: 7, Aug: 8, Sep: 9, Sept: 9, Oct: 10, Nov: 11, Dec: 12 },
  date: (day, month, year_) => `${months[month - 1]} ${ordinal(day)}${year_ === undefined ? "" : `, ${year(year_)}`}`,
  dayFirst: false,
  time: (hour, minute, half) => {
    const end = half === undefined ? "" : half === "am" ? " a m" : " p m"
    if (minute === 0)
      return half === undefined && hour >= 1 && hour <= 12
        ? `${number(hour)} o'clock`
        : `${number(hour)}${half === undefined ? " hundred" : end}`
    return `${number(hour)} ${minute < 10 ? `oh ${number(minute)}` : number(minute)}${end}`
  },
  currencies: {
    $: currency("dollar", "dollars", "cent", "cents"),
    USD: currency("dollar", "dollars", "cent", "cents"),
    US$: currency("US dollar", "US dollars", "cent", "cents"),
    A$: currency("Australian dollar", "Australian dollars", "cent", "cents"),
    AUD: currency("Australian dollar", "Australian dollars", "cent", "cents"),
    C$: currency("Canadian dollar", "Canadian dollars", "cent", "cents"),
    CAD: currency("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "€": currency("euro", "euros", "cent", "cents"),
    EUR: currency("euro", "euros", "cent", "cents"),
    "£": currency("pound", "pounds", "penny", "pence"),
    GBP: currency("pound", "pounds", "penny", "pence"),
    "¥": currency("yen", "yen", "sen", "sen"),
    JPY: currency("yen", "yen", "sen", "sen"),
    "₩": currency("won", "won", "jeon", "jeon"),
    INR: currency("rupee", "rupees", "paisa", "paise"),
    "₹": currency("rupee", "rupees", "paisa", "paise"),
    CHF: currency("Swiss franc", "Swiss francs", "centime", "centimes")
  },
  money: (whole, wholeIsOne, part, { one, many, partOne, partMany }, partIsOne) =>
    `${whole} ${wholeIsOne ? one : many}${part === undefined ? "" : ` and ${part} ${partIsOne ? partOne : partMany}`}`,
  scales: ["thousand", "million", "billion", "trillion"],
  shortScales: {
    k: ["one thousand", "thousand"],
    K: ["one thousand", "thousand"],
    m: ["one million", "million"],
    M: ["one million", "million"],
    bn: ["one billion", "billion"],
    B: ["one billion", "billion"],
    T: ["one trillion", "trillion"]
  },
  ofScale: "",
  units: {
    km: ["kilometer", "kilometers"],
    m: ["meter", "meters"],
    cm: ["centimeter", "centimeters"],
    mm: ["millimeter", "millimeters"],
    kg: ["kilogram", "kilograms"],
    g: ["gram", "grams"],
    mg: ["milligram", "milligrams"],
    l: ["liter", "liters"],
    ml: ["milliliter", "milliliters"],
    ft: ["foot", "feet"],
    lb: ["pound", "pounds"],
    lbs: ["pound", "pounds"],
    oz: ["ounce", "ounces"],
    mi: ["mile", "miles"],
    mph: ["mile per hour", "miles per hour"],
    "km/h": ["kilometer per hour", "kilometers per hour"],
    min: ["minute", "minutes"],
    h: ["hour", "hours"],
    hrs: ["hour", "hours"],
    ms: ["millisecond", "milliseconds"],
    GB: ["gigabyte", "gigabytes"],
    MB: ["megabyte", "megabytes"],
    kB: ["kilobyte", "kilobytes"],
    KB: ["kilobyte", "kilobytes"],
    TB: ["terabyte", "terabytes"],
    kbps: ["kilobit per second", "kilobits per second"],
    Mbps: ["megabit per second", "megabits per second"],
    Gbps: ["gigabit per second", "gigabits per second"],
    "m²": ["square meter", "square meters"],
    "km²": ["square kilometer", "square kilometers"],
    "¢": ["cent", "cents"],
    kWh: ["kilowatt hour", "kilowatt hours"],
    "°": ["degree", "degrees"],
    "°C": ["degree Celsius", "degrees Celsius"],
    "°F": ["degree Fahrenheit", "degrees Fahrenheit"]
  },
  halves: {
    "1/2": "one half",
    "1/3": "one third",
    "2/3": "two thirds",
    "1/4": "one quarter",
    "3/4": "three quarters",
    "24/7": "twenty-four seven",
    "½": "one half",
    "¼": "one quarter",
    "¾": "three quarters"
  },
  ordinalSuffix: /^(?:st|nd|rd|th)\b/
}
