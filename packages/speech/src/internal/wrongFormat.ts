/** Makes the error of a frame that has another format than its stream. */
import { AudioError } from "../AudioError.ts"
import * as AudioFormat from "../AudioFormat.ts"

export const wrongFormat = (expected: AudioFormat.AudioFormat, actual: AudioFormat.AudioFormat): AudioError =>
  new AudioError({ reason: "WrongFormat", expected: AudioFormat.name(expected), actual: AudioFormat.name(actual) })
