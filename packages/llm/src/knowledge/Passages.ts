/**
 * Formats passages for a model: delimited, each with its source, and within a maximum length.
 *
 * @since 0.1.0
 */
import * as PassageText from "./internal/passageText.ts"
import type * as Knowledge from "./Knowledge.ts"

export type { Options } from "./internal/passageText.ts"

/** Formats passages as the result of a tool. */
export const result: (found: ReadonlyArray<Knowledge.Found>, options?: PassageText.Options) => string =
  PassageText.result
