/**
 * Reads when a provider asks to be retried, from headers or body.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as ProviderSentence from "./providerSentence.ts"

/** Milliseconds to wait, by the headers of an answer or else by its body. */
export const millis = (headers: Headers | undefined, body: unknown): number | undefined =>
  (headers === undefined ? undefined : ofHeaders(headers)) ?? ofBody(body, ProviderSentence.raw(body) ?? "")

// Google puts it into the details, OpenAI into the sentence.
const ofBody = (body: unknown, sentence: string): number | undefined => {
  const error = ProviderSentence.inner(body)
  const details = Predicate.hasProperty(error, "details") && Array.isArray(error.details) ? error.details : []
  for (const detail of details as ReadonlyArray<unknown>) {
    const delay = Predicate.hasProperty(detail, "retryDelay") ? detail.retryDelay : undefined
    const seconds = typeof delay === "string" ? /^(\d+(?:\.\d+)?)s$/.exec(delay)?.[1] : undefined
    if (seconds !== undefined) return Number(seconds) * 1000
  }
  return inWords(sentence)
}

/** `try again in 1.5s`, `in 20ms`, `in 7m12.5s`, `retry after 26 seconds`, `resets in 2 minutes`, `wait at least 5 seconds`. */
const spoken =
  /(?:(?:try again|retry(?:ing)?|resets?)(?: (?:in|after|about|at least)){1,3}|\bwait(?: (?:for|about|at least)){0,2}) (?=\d)(?:(\d{1,6}) ?h(?:ours?)?(?![a-z]) ?)?(?:(\d{1,6}) ?m(?:in(?:ute)?s?)?(?![a-z]) ?)?(?:(\d{1,9}(?:\.\d{1,9})?) ?(ms|milliseconds?|s|secs?|seconds?)\b)?/i

const inWords = (sentence: string): number | undefined => {
  const [, hours, minutes, rest, unit = ""] = spoken.exec(sentence) ?? []
  if (hours === undefined && minutes === undefined && rest === undefined) return undefined
  const millis = Number(rest ?? 0) * (unit.toLowerCase().startsWith("m") ? 1 : 1000)
  return (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000 + millis
}

// Headers are seconds, a date, or milliseconds. A date is read against the sender's own clock.
const ofHeaders = (headers: Headers): number | undefined => {
  const millis = positive(headers.get("retry-after-ms"))
  if (millis !== undefined) return millis
  const value = headers.get("retry-after")
  const seconds = positive(value)
  if (seconds !== undefined) return seconds * 1000
  const wait = Date.parse(value ?? "") - Date.parse(headers.get("date") ?? "")
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

const positive = (text: string | null): number | undefined => {
  const number = text === null || text.trim() === "" ? Number.NaN : Number(text)
  return Number.isFinite(number) && number >= 0 ? number : undefined
}
