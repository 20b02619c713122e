/** Spanish. */
import { currency, type Language } from "./language.ts"

const small =
  "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve".split(
    " "
  )
const tens = "_ _ _ treinta cuarenta cincuenta sesenta setenta ochenta noventa".split(" ")
const hundreds =
  "_ ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos".split(" ")

/** Nouns in -a that are masculine. */
const masculine = /^(?:día|mapa|idioma|clima|planeta|tranvía|cura|poeta|\p{L}*(?:ema|ama|oma|sta))s?$/u
const notNouns = /^(?:para|como|contra|hasta|hacia|cada|una|por|con|pero|más|que|sin|son|fue)$/

/** Before a noun: "veintiún días", "doscientas personas", "una hora". */
const beforeNoun = (said: string, noun: string): string => {
  if (notNouns.test(noun)) return said
  const isFeminine = /(?:as?|ión|iones|dad|dades)$/.test(noun) && !masculine.test(noun)
  if (!isFeminine) return short(said)
  return said.replace(/uno$/, "una").replace(/(cient|quinient)os(?= |$)(?!.* mil)/g, "$1as")
}

/** Before a masculine noun: "veintiún mil", "un millón". */
const short = (text: string): string => text.replace(/veintiuno$/, "veintiún").replace(/uno$/, "un")

const number = (value: number): string => {
  if (value < 30) return small[value]!
  if (value < 100) return tens[Math.floor(value / 10)]! + (value % 10 === 0 ? "" : ` y ${small[value % 10]}`)
  if (value === 100) return "cien"
  if (value < 1000) return hundreds[Math.floor(value / 100)]! + (value % 100 === 0 ? "" : ` ${number(value % 100)}`)
  const [size, one, many] =
    value < 1e6
      ? ([1000, "mil", "mil"] as const)
      : value < 1e12
        ? ([1e6, "un millón", "millones"] as const)
        : ([1e12, "un billón", "billones"] as const)
  const count = Math.floor(value / size)
  const rest = value % size
  return `${count === 1 ? one : `${short(number(count))} ${many}`}${rest === 0 ? "" : ` ${number(rest)}`}`
}

const ordinals = "_ primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo".split(" ")
const months = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(" ")

export const es: Language = {
  number,
  beforeNoun,
  ordinal: (value) => ordinals[value] ?? number(value),
  year: number,
  digits: small.slice(0, 10),
  decimal: ",",
  thousands: [".", "\u00a0", "\u202f"],
  point: "coma",
  minus: "menos",
  percent: "por ciento",
  plus: "más",
  dot: "punto",
  at: "arroba",
  slash: "barra",
  dash: "guion",
  underscore: "guion bajo",
  and: "y",
  to: "a",
  times: "por",
  ratio: "a",
  per: "por",
  equals: "igual a",
  signs: {
    "×": "por",
    "÷": "entre",
    "±": "más menos",
    "≈": "aproximadamente",
    "≠": "distinto de",
    "≤": "como máximo",
    "≥": "como mínimo",
    "<": "menor que",
    ">": "mayor que",
    "^": "elevado a"
  },
  numberSign: "número",
  about: "unos",
  months,
  shortMonths: { ene: 1, feb: 2, abr: 4, jun: 6, jul: 7, ago: 8, sep: 9, sept: 9, oct: 10, nov: 11, dic: 12 },
  date: (day, month, year) =>
    `${day === 1 ? "primero" : number(day)} de ${months[month - 1]}${year === undefined ? "" : ` de ${number(year)}`}`,
  dayFirst: true,
  time: (hour, minute, half) => {
    const end = half === undefined ? "" : half === "am" ? " de la mañana" : " de la tarde"
    return `${hour === 1 ? "una" : number(hour)}${minute === 0 ? (half === undefined ? " en punto" : "") : ` y ${number(minute)}`}${end}`
  },
  currencies: {
    $: currency("dólar", "dólares", "centavo", "centavos"),
    USD: currency("dólar", "dólares", "centavo", "centavos"),
    "€": currency("euro", "euros", "céntimo", "céntimos"),
    EUR: currency("euro", "euros", "céntimo", "céntimos"),
    "£": currency("libra", "libras", "penique", "peniques"),
    MXN: currency("peso", "pesos", "centavo", "centavos")
  },
  money: (whole, wholeIsOne, part, { one, many, partOne, partMany }, partIsOne) =>
    `${short(whole)} ${wholeIsOne ? one : many}${part === undefined ? "" : ` con ${short(part)} ${partIsOne ? partOne : partMany}`}`,
  scales: ["mil", "millón", "millones", "billón", "billones"],
  shortScales: { k: ["mil", "mil"], M: ["un millón", "millones"], mill: ["un millón", "millones"] },
  ofScale: "de",
  units: {
    km: ["kilómetro", "kilómetros"],
    m: ["metro", "metros"],
    cm: ["centímetro", "centímetros"],
    mm: ["milímetro", "milímetros"],
    kg: ["kilogramo", "kilogramos"],
    g: ["gramo", "gramos"],
    l: ["litro", "litros"],
    ml: ["mililitro", "mililitros"],
    "km/h": ["kilómetro por hora", "kilómetros por hora"],
    min: ["minuto", "minutos"],
    h: ["hora", "horas"],
    GB: ["gigabyte", "gigabytes"],
    MB: ["megabyte", "megabytes"],
    "m²": ["metro cuadrado", "metros cuadrados"],
    "°": ["grado", "grados"],
    "°C": ["grado Celsius", "grados Celsius"]
  },
  halves: {
    "1/2": "un medio",
    "1/4": "un cuarto",
    "3/4": "tres cuartos",
    "1/3": "un tercio",
    "2/3": "dos tercios",
    "½": "un medio",
    "¼": "un cuarto",
    "¾": "tres cuartos"
  },
  ordinalSuffix: /^(?:\.?[ºª°])/
}
