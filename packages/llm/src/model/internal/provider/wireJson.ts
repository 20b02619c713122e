/**
 * Reads what providers send as JSON without trusting any of it.
 *
 * @since 0.1.0
 */

/** An event's data as an object, or undefined. */
export const parse = (data: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === "object" && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** A number of tokens, if it is one. */
export const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) ? (value as number) : undefined

/** Seconds since 1970 as a date in ISO form, if they are a time at all. */
export const timestamp = (seconds: unknown): string | undefined => {
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return undefined
  return new Date(seconds * 1000).toISOString()
}
