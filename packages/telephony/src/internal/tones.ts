/** The tones of the keys of a telephone, as audio (ITU-T Q.23): for lines that carry audio and no keys. */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as Pcm from "@antiphon/speech/Pcm"

const rows = [697, 770, 852, 941]
const columns = [1209, 1336, 1477, 1633]
const keys = ["123A", "456B", "789C", "*0#D"]

/** How long a key is held, and the silence behind it. Receivers want at least 40 ms of each (ITU-T Q.24). */
const pressedMs = 120
const releasedMs = 80
/** How long `w` waits, as carriers take it. */
const waitMs = 500
/** Of each of the two tones: together they stay below full scale. */
const amplitude = 9000

const frequencies = (key: string): readonly [number, number] | undefined => {
  const row = keys.findIndex((line) => line.includes(key))
  return row < 0 ? undefined : [rows[row]!, columns[keys[row]!.indexOf(key)]!]
}

/** The keys of a text that have a tone, and `w` for half a second of silence. The rest is left out. */
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
