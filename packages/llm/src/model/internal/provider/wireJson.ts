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

/** A number of tokens, if it is one. Some servers write it as text, or as a fraction. */
export const count = (value: unknown): number | undefined => {
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === "number" && number >= 0 && number <= Number.MAX_SAFE_INTEGER ? Math.round(number) : undefined
}

/**
 * The usage of a reply, after another event that reports it. The counts of an event are those of the reply so far; what
 * it leaves out, or gives as zero, stays.
 */
export const usage = <A extends object>(before: A | undefined, now: A | null | undefined): A | undefined => {
  if (typeof now !== "object" || now === null) return before
  if (before === undefined) return now
  const entries = Object.entries(now).flatMap(([field, value]: [string, unknown]) => {
    const known: unknown = before[field as keyof A]
    if (!value) return []
    return [[field, typeof value === "object" ? usage(known as object | undefined, value) : value]]
  })
  return { ...before, ...Object.fromEntries(entries) }
}

/** Seconds since 1970 as a date in ISO form, if they are a time at all. */
export const timestamp = (seconds: unknown): string | undefined => {
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return undefined
  return new Date(seconds * 1000).toISOString()
}
