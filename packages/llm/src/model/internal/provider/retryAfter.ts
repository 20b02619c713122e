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
  const [, amount, unit] = /try again in (\d+(?:\.\d+)?)(ms|s)\b/i.exec(sentence) ?? []
  return amount === undefined ? undefined : Number(amount) * (unit === "ms" ? 1 : 1000)
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
