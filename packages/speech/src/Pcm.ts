/**
 * Converts bytes of any format to 16-bit samples, and back. Signal processing uses `Int16Array`; bytes are for the
 * wire.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as AudioFormat from "./AudioFormat.ts"
import * as AudioFrame from "./AudioFrame.ts"
import type { AudioError } from "./AudioError.ts"
import * as AudioTime from "./AudioTime.ts"
import * as G711 from "./G711.ts"

/** Decodes the samples of a frame into a new array. */
export const decode = (frame: AudioFrame.AudioFrame): Int16Array => decoders[frame.format.encoding](frame.bytes)

/** Decodes bytes. Fails with `SplitSample` if they end in the middle of a sample. */
export const decodeBytes = (
  format: AudioFormat.AudioFormat,
  bytes: Uint8Array
): Result.Result<Int16Array, AudioError> => Result.map(AudioFrame.make(format, bytes), decode)

/** Encodes samples as bytes. The samples must already have the format's rate: see `Resample`. */
export const encode = (format: AudioFormat.AudioFormat, samples: Int16Array): Uint8Array =>
  encoders[format.encoding](samples)

/** Encodes samples as a frame. */
export const encodeFrame = (
  format: AudioFormat.AudioFormat,
  samples: Int16Array,
  time: AudioTime.AudioTime = AudioTime.zero
): AudioFrame.AudioFrame => ({ format, bytes: encode(format, samples), time })

// Assumes a little-endian machine. The only platform of Node that is not is s390x.
const decoders: Record<AudioFormat.Encoding, (bytes: Uint8Array) => Int16Array> = {
  pcm_s16le: (bytes) => {
    const samples = new Int16Array(bytes.length >> 1)
    new Uint8Array(samples.buffer).set(bytes)
    return samples
  },
  mulaw: G711.decodeMulaw,
  alaw: G711.decodeAlaw
}

const encoders: Record<AudioFormat.Encoding, (samples: Int16Array) => Uint8Array> = {
  pcm_s16le: (samples) => new Uint8Array(samples.slice().buffer),
  mulaw: G711.encodeMulaw,
  alaw: G711.encodeAlaw
}
