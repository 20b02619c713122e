/** French. */
import { currency, type Language } from "./language.ts"

const small =
  "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf".split(
    " "
  )
const tens = "_ _ vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt".split(" ")

const number = (value: number): string => {
  if (value < 20) return small[value]!
  if (value < 100) {
    const ten = Math.floor(value / 10)
    const rest = ten === 7 || ten === 9 ? (value % 10) + 10 : value % 10
    if (rest === 0) return ten === 8 ? "quatre-vingts" : tens[ten]!
    return tens[ten]! + ((rest === 1 || rest === 11) && ten < 8 ? ` et ${small[rest]}` : `-${small[rest]}`)
  }
  if (value < 1000) {
    const count = Math.floor(value / 100)
    const rest = value % 100
    if (count === 1) return `cent${rest === 0 ? "" : ` ${number(rest)}`}`
    return `${small[count]} cent${rest === 0 ? "s" : ` ${number(rest)}`}`
  }
  const [size, one, many] =
    value < 1e6
      ? ([1000, "mille", "mille"] as const)
      : value < 1e9
        ? ([1e6, "un million", "millions"] as const)
        : value < 1e12
          ? ([1e9, "un milliard", "milliards"] as const)
          : ([1e12, "un billion", "billions"] as const)
  const count = Math.floor(value / size)
  const rest = value % size
  const counted = size === 1000 ? number(count).replace(/(cent|vingt)s$/, "$1") : number(count)
  return `${count === 1 ? one : `${counted} ${many}`}${rest === 0 ? "" : ` ${number(rest)}`}`
}

const ordinal = (value: number): string => {
  if (value === 1) return "premier"
  const stem = number(value)
    .replace(/(cent|vingt)s$/, "$1")
    .replace(/e$/, "")
    .replace(/f$/, "v")
    .replace(/q$/, "qu")
  return `${stem}ième`
}

/** Nouns that are counted often, and are feminine. */
const feminine =
  /^(?:personne|heure|minute|seconde|semaine|année|journée|nuit|chambre|place|table|fois|question|rue|page|livre sterling|\p{L}*(?:tion|sion|té))s?$/u
const beforeNoun = (said: string, noun: string): string =>
  feminine.test(noun) ? said.replace(/(?<!\p{L})un$/u, "une") : said

const months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(" ")

export const fr: Language = {
  number,
  beforeNoun,
  ordinal,
  year: number,
  digits: small.slice(0, 10),
  decimal: ",",
  thousands: [" ", "\u00a0", "\u202f", "."],
  point: "virgule",
  minus: "moins",
  percent: "pour cent",
  plus: "plus",
  dot: "point",
  at: "arobase",
  slash: "barre",
  dash: "tiret",
  underscore: "tiret bas",
  and: "et",
  to: "à",
  times: "fois",
  ratio: "à",
  per: "par",
  signs: {
    "×": "fois",
    "÷": "divisé par",
    "±": "plus ou moins",
    "≈": "environ",
    "≠": "différent de",
    "≤": "au plus",
    "≥": "au moins",
    "<": "inférieur à",
    ">": "supérieur à",
    "^": "puissance"
  },
  equals: "égale",
  numberSign: "numéro",
  about: "environ",
  months,
  shortMonths: { janv: 1, févr: 2, avr: 4, juil: 7, sept: 9, oct: 10, nov: 11, déc: 12 },
  date: (day, month, year) =>
    `${day === 1 ? "premier" : number(day)} ${months[month - 1]}${year === undefined ? "" : ` ${number(year)}`}`,
  dayFirst: true,
  time: (hour, minute) =>
    `${hour === 1 ? "une heure" : `${number(hour)} heures`}${minute === 0 ? "" : ` ${number(minute)}`}`,
  currencies: {
    $: currency("dollar", "dollars", "cent", "cents"),
    USD: currency("dollar", "dollars", "cent", "cents"),
    "€": currency("euro", "euros", "centime", "centimes"),
    EUR: currency("euro", "euros", "centime", "centimes"),
    "£": currency("livre", "livres", "penny", "pence"),
    CHF: currency("franc suisse", "francs suisses", "centime", "centimes")
  },
  money: (whole, wholeIsOne, part, { one, many }) =>
    `${whole} ${wholeIsOne ? one : many}${part === undefined ? "" : ` ${part}`}`,
  scales: ["mille", "million", "millions", "milliard", "milliards"],
  shortScales: {
    k: ["mille", "mille"],
    M: ["un million", "millions"],
    Md: ["un milliard", "milliards"],
    Mds: ["un milliard", "milliards"]
  },
  ofScale: "de",
  elides: true,
  units: {
    km: ["kilomètre", "kilomètres"],
    m: ["mètre", "mètres"],
    cm: ["centimètre", "centimètres"],
    mm: ["millimètre", "millimètres"],
    kg: ["kilogramme", "kilogrammes"],
    g: ["gramme", "grammes"],
    l: ["litre", "litres"],
    ml: ["millilitre", "millilitres"],
    "km/h": ["kilomètre par heure", "kilomètres par heure"],
    min: ["minute", "minutes"],
    h: ["heure", "heures"],
    Go: ["gigaoctet", "gigaoctets"],
    Mo: ["mégaoctet", "mégaoctets"],
    "m²": ["mètre carré", "mètres carrés"],
    "°": ["degré", "degrés"],
    "°C": ["degré Celsius", "degrés Celsius"]
  },
  halves: {
    "1/2": "un demi",
    "1/4": "un quart",
    "3/4": "trois quarts",
    "1/3": "un tiers",
    "2/3": "deux tiers",
    "½": "un demi",
    "¼": "un quart",
    "¾": "trois quarts"
  },
  ordinalSuffix: /^(?:er|re|ère|e|ème)\b/
}
