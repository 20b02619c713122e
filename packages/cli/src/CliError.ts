/**
 * Why a command has not done what it was asked for, in words for whoever has typed it.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { errorReported } from "effect/Runtime"

/** Something that whoever runs the command can put right. The process ends with 1. */
export class CliError extends Data.TaggedError("CliError")<{ readonly message: string }> {
  override readonly [errorReported] = false
}

/** What the command was to find out is not good: a call differs, a rule is broken. It was told; the process ends with 1. */
export class NotPassed extends Data.TaggedError("NotPassed") {
  override readonly [errorReported] = false
}
