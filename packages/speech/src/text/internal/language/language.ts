/** How a language pronounces numbers, money, dates and addresses. */

/** A language. Whole numbers are below 10^15; larger ones are said digit by digit. */
export interface Language {
  readonly number: (value: number) => string
  /** A number before a noun, if its form differs: "ein", "veintiuna". */
  readonly beforeNoun?: ((said: string, noun: string) => string) | undefined
  /** The number of a day or a rank. */
  readonly ordinal: (value: number) => string
  readonly year: (value: number) => string
  /** The decade that begins with a year, of four digits or two: "the nineties". */
  readonly decade?: ((year: number) => string) | undefined
  readonly digits: ReadonlyArray<string>
  /** The separators of decimals and of thousands. */
  readonly decimal: "." | ","
  readonly thousands: ReadonlyArray<string>
  readonly point: string
  readonly minus: string
  readonly percent: string
  readonly plus: string
  readonly dot: string
  readonly at: string
  readonly slash: string
  readonly dash: string
  readonly underscore: string
  readonly and: string
  readonly to: string
  readonly times: string
  /** Between the numbers of a ratio or a score. */
  readonly ratio: string
  readonly per: string
  readonly equals: string
  /** Other signs of arithmetic, by their characters. */
  readonly signs: { readonly [sign: string]: string }
  readonly numberSign: string
  readonly about: string
  readonly months: ReadonlyArray<string>
  /** The month, from 1, of each abbreviation. */
  readonly shortMonths: { readonly [name: string]: number }
  readonly date: (day: number, month: number, year: number | undefined) => string
  /** Which of `5/3/2024` comes first. */
  readonly dayFirst: boolean
  readonly time: (hour: number, minute: number, half: "am" | "pm" | undefined) => string
  readonly currencies: { readonly [sign: string]: Currency }
  readonly money: (
    whole: string,
    wholeIsOne: boolean,
    part: string | undefined,
    currency: Currency,
    partIsOne: boolean
  ) => string
  readonly scales: ReadonlyArray<string>
  /** Scales as they are abbreviated: what is said for one, and for more. */
  readonly shortScales: { readonly [name: string]: readonly [one: string, many: string] }
  /** Words between a scale and a currency: "millones de dólares". */
  readonly ofScale: string
  /** Whether "de" becomes "d'" before a vowel. */
  readonly elides?: boolean | undefined
  readonly units: { readonly [unit: string]: readonly [one: string, many: string] }
  readonly halves: { readonly [fraction: string]: string }
  readonly ordinalSuffix: RegExp
}

/** Names of a currency and of its hundredth, singular and plural. */
export interface Currency {
  readonly one: string
  readonly many: string
  readonly partOne: string
  readonly partMany: string
}

/** Makes a currency from its four names. */
export const currency = (one: string, many: string, partOne: string, partMany: string): Currency => ({
  one,
  many,
  partOne,
  partMany
})
