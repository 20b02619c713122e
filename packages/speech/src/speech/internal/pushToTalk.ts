/** Push-to-talk: the recogniser hears silence while the key is not held. A mutable value. */
import * as AudioFormat from "../../AudioFormat.ts"
import type * as AudioFrame from "../../AudioFrame.ts"
import * as AudioTime from "../../AudioTime.ts"

/** People release the key while they are finishing a word. */
const keyTailMs = 200

/** Makes a gate for frames in their order, each with whether the key is held. */
export const gate = (
  format: AudioFormat.AudioFormat
): ((frame: AudioFrame.AudioFrame, isHeld: boolean) => AudioFrame.AudioFrame) => {
  let heldAt = AudioTime.make(Number.NEGATIVE_INFINITY)
  return (frame, isHeld) => {
    if (isHeld) heldAt = frame.time
    if (frame.time - heldAt <= keyTailMs) return frame
    return { ...frame, bytes: new Uint8Array(frame.bytes.length).fill(AudioFormat.silentByte(format)) }
  }
}
