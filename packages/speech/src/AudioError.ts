/**
 * What is wrong with audio that somebody gave us.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Audio that cannot be used. Fatal for the bytes at hand; whether for the call, is for the caller to decide.
 *
 * `SplitSample`: the bytes end in the middle of a sample. `WrongFormat`: the format is not the one agreed on.
 * `WrongLength`: a detector got a window that is not as long as it asked for. `Gap`: frames to be joined do not follow
 * one another. `UnknownFormat`: no format has this name.
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
