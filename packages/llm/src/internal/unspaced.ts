/** Scripts that put no space between words. */
import * as Script from "@antiphon/core/Script"

/** Their characters and their punctuation, for use in a class of a regular expression with the flag `u`. */
export const unspaced = `${Script.unspaced}\\u3000-\\u303f\\uff00-\\uffef`

/** Whether a text begins in such a script. */
export const begins = new RegExp(`^[${unspaced}]`, "u")

/** Whether a text ends in such a script. */
export const ends = new RegExp(`[${unspaced}]$`, "u")
