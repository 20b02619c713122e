/**
 * The error for audio that cannot be used.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Audio that cannot be used. It is fatal for these bytes; the caller decides whether it ends the call.
 *
 * `SplitSample`: the bytes end in the middle of a sample. `WrongFormat`: the audio has a different format than agreed.
 * `WrongLength`: a detector was given a window of the wrong size. `Gap`: a frame does not start where the previous one
 * ended. `UnknownFormat`: no format has this name.
 */
export class AudioError extends Schema.TaggedError<AudioError>()("AudioError", {
  reason: Schema.Literals(["SplitSample", "WrongFormat", "WrongLength", "Gap", "UnknownFormat"]),
  expected: Schema.String,
  actual: Schema.String
}) {
  override get message() {
    return `${this.reason}: expected ${this.expected}, got ${this.actual}`
  }
}
