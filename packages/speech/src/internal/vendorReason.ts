/** Reads why a vendor failed from its status and its code. */
import type { Reason } from "../SpeechError.ts"

/** The reason behind an HTTP status. */
export const fromStatus = (
  status: number,
  options: { readonly retryAfterMs?: number | undefined; readonly code?: string | undefined } = {}
): Reason => {
  const code = readableCode(options.code)
  switch (status) {
    case 401:
    case 403:
      return { _tag: "Unauthorized", status, code }
    case 402:
      return { _tag: "QuotaExceeded", code }
    case 429:
      return { _tag: "RateLimited", retryAfterMs: options.retryAfterMs, code }
    default:
      return status >= 500 || status === 408
        ? { _tag: "Unavailable", status, code }
        : { _tag: "Rejected", status, code }
  }
}

/** Returns a vendor's code, or undefined if it is a sentence instead: a sentence may quote what was said. */
export const readableCode = (code: unknown): string | undefined =>
  typeof code === "string" && /^[\w.:-]{1,64}$/.test(code) ? code : undefined
