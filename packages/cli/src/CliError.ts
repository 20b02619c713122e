/**
 * Why a command failed, in words for the user.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { errorReported } from "effect/Runtime"

/** A failure that the user can fix. The process exits with 1. */
export class CliError extends Data.TaggedError("CliError")<{ readonly message: string }> {
  override readonly [errorReported] = false
}

/** The check failed: a call differs or a rule is broken. Already reported; the process exits with 1. */
export class NotPassed extends Data.TaggedError("NotPassed") {
  override readonly [errorReported] = false
}
