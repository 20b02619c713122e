/** Makes a WAV file of 16-bit mono samples. */
import type * as AudioFormat from "../../../AudioFormat.ts"

const headerBytes = 44

/** Prepends the header to the samples. */
export const make = (samples: Uint8Array, { sampleRateHz }: AudioFormat.AudioFormat): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(headerBytes + samples.length)
  const view = new DataView(bytes.buffer)
  const text = (at: number, word: string) => {
    for (let i = 0; i < word.length; i++) view.setUint8(at + i, word.charCodeAt(i))
  }
  text(0, "RIFF")
  view.setUint32(4, 36 + samples.length, true)
  text(8, "WAVEfmt ")
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, sampleRateHz, true)
  view.setUint32(28, sampleRateHz * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  text(36, "data")
  view.setUint32(40, samples.length, true)
  bytes.set(samples, headerBytes)
  return bytes
}
