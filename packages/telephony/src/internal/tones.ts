/** DTMF tones as audio (ITU-T Q.23), for lines that only carry audio. */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as Pcm from "@antiphon/speech/Pcm"

const rows = [697, 770, 852, 941]
const columns = [1209, 1336, 1477, 1633]
const keys = ["123A", "456B", "789C", "*0#D"]

/** Length of a tone and of the pause after it. Receivers need at least 40 ms of each (ITU-T Q.24). */
const pressedMs = 120
const releasedMs = 80
/** Pause for `w`, as carriers define it. */
const waitMs = 500
/** Amplitude of each of the two tones. Their sum stays below full scale. */
const amplitude = 9000

const frequencies = (key: string): readonly [number, number] | undefined => {
  const row = keys.findIndex((line) => line.includes(key))
  return row < 0 ? undefined : [rows[row]!, columns[keys[row]!.indexOf(key)]!]
}

/** Tones for the keys in a text. `w` is half a second of silence; other characters are skipped. */
export const of = (buttons: string, format: AudioFormat.AudioFormat): Uint8Array => {
  const parts = [...buttons.toUpperCase()].flatMap((key): ReadonlyArray<Uint8Array> => {
    if (key === "W") return [silence(format, waitMs)]
    const pair = frequencies(key)
    return pair === undefined ? [] : [tone(format, pair), silence(format, releasedMs)]
  })
  return Buffer.concat(parts)
}

const silence = (format: AudioFormat.AudioFormat, ms: number): Uint8Array =>
  new Uint8Array(AudioFormat.bytesOf(format, ms)).fill(AudioFormat.silentByte(format))

const tone = (format: AudioFormat.AudioFormat, [low, high]: readonly [number, number]): Uint8Array => {
  const { sampleRateHz } = format
  const wave = (frequency: number, sample: number) => Math.sin((2 * Math.PI * frequency * sample) / sampleRateHz)
  const samples = Int16Array.from({ length: (pressedMs * sampleRateHz) / 1000 }, (_, sample) =>
    Math.round(amplitude * (wave(low, sample) + wave(high, sample)))
  )
  return Pcm.encode(format, samples)
}
