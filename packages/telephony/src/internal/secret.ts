/**
 * Secrets that a request must know.
 */
import { createHash, timingSafeEqual } from "node:crypto"

/** Compares two texts in constant time. An empty text never matches. */
export const equals = (given: string, expected: string): boolean =>
  expected !== "" && timingSafeEqual(digest(given), digest(expected))

// Hashed first, because the comparison requires equal lengths.
const digest = (text: string): Buffer => createHash("sha256").update(text).digest()
