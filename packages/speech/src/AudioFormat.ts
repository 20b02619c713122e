/**
 * How the samples of a stream of audio are written: one channel, one of three encodings, one of five rates.
 *
 * A format has a name, as in the Calls API of Cartesia: `pcm_16000`, `mulaw_8000`.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { AudioError } from "./AudioError.ts"

/** `pcm_s16le`: 16-bit integers, little-endian. `mulaw` and `alaw`: one byte a sample, ITU-T G.711. */
export const Encoding = Schema.Literals(["pcm_s16le", "mulaw", "alaw"])
export type Encoding = typeof Encoding.Type

/** Samples a second. */
export const SampleRateHz = Schema.Literals([8000, 16000, 24000, 44100, 48000])
export type SampleRateHz = typeof SampleRateHz.Type

/** How the samples of a stream are written. Always one channel. */
export const AudioFormat = Schema.Struct({
  encoding: Encoding,
  sampleRateHz: SampleRateHz,
  channels: Schema.Literal(1)
})
export type AudioFormat = typeof AudioFormat.Type

/** Names of formats, such as `pcm_16000` or `mulaw_8000`. */
export type Name = `${(typeof prefixes)[Encoding]}_${SampleRateHz}`

const prefixes = { pcm_s16le: "pcm", mulaw: "mulaw", alaw: "alaw" } as const

/** Makes a format of one channel. */
export const make = (encoding: Encoding, sampleRateHz: SampleRateHz): AudioFormat => ({
  encoding,
  sampleRateHz,
  channels: 1
})

/** 16-bit samples at 8000 Hz. */
export const pcm8000 = make("pcm_s16le", 8000)
/** 16-bit samples at 16000 Hz: what browsers send, and what speech recognisers and voice detectors like best. */
export const pcm16000 = make("pcm_s16le", 16000)
/** 16-bit samples at 24000 Hz. */
export const pcm24000 = make("pcm_s16le", 24000)
/** 16-bit samples at 44100 Hz. */
export const pcm44100 = make("pcm_s16le", 44100)
/** 16-bit samples at 48000 Hz. */
export const pcm48000 = make("pcm_s16le", 48000)
/** Mu-law at 8000 Hz: telephone lines of North America and Japan. */
export const mulaw8000 = make("mulaw", 8000)
/** A-law at 8000 Hz: telephone lines elsewhere. */
export const alaw8000 = make("alaw", 8000)

/** Prints the name of a format. */
export const name = (format: AudioFormat): Name => `${prefixes[format.encoding]}_${format.sampleRateHz}`

const formats: ReadonlyMap<string, AudioFormat> = new Map(
  Encoding.literals.flatMap((encoding) =>
    SampleRateHz.literals.map((sampleRateHz) => {
      const format = make(encoding, sampleRateHz)
      return [name(format), format]
    })
  )
)

/** Parses the name of a format. Fails with `UnknownFormat` on every other text; names are case-sensitive. */
export const fromName = (text: string): Result.Result<AudioFormat, AudioError> => {
  const format = formats.get(text)
  return format === undefined
    ? Result.fail(new AudioError({ reason: "UnknownFormat", expected: [...formats.keys()].join(" | "), actual: text }))
    : Result.succeed(format)
}

/** Schema for the name of a format. */
export const Name = Schema.Literals([...formats.keys()] as ReadonlyArray<Name>)

/** Schema for a format that is written as its name. */
export const FromName = Name.pipe(
  Schema.decodeTo(
    AudioFormat,
    SchemaTransformation.transform({ decode: (text: Name) => formats.get(text)!, encode: name })
  )
)

/** Whether two formats are the same. */
export const equals = (a: AudioFormat, b: AudioFormat): boolean =>
  a.encoding === b.encoding && a.sampleRateHz === b.sampleRateHz

/** Bytes of one sample. */
export const bytesPerSample = (format: AudioFormat): 1 | 2 => (format.encoding === "pcm_s16le" ? 2 : 1)

/** Bytes of one millisecond. Not a whole number at 44100 Hz: use {@link bytesOf} for the size of a stretch. */
export const bytesPerMs = (format: AudioFormat): number => (format.sampleRateHz * bytesPerSample(format)) / 1000

/** Bytes of a stretch in milliseconds, rounded to the nearest whole sample. */
export const bytesOf = (format: AudioFormat, ms: number): number =>
  Math.round((ms * format.sampleRateHz) / 1000) * bytesPerSample(format)

/** Milliseconds that a number of bytes lasts. A sample that is not complete does not count. */
export const durationMs = (format: AudioFormat, byteLength: number): number =>
  (Math.floor(byteLength / bytesPerSample(format)) * 1000) / format.sampleRateHz

/** The byte that a silent stretch is filled with: 0 would be a loud click in mu-law, where silence is `0xff`. */
export const silentByte = (format: AudioFormat): number => silentBytes[format.encoding]

const silentBytes = { pcm_s16le: 0, mulaw: 0xff, alaw: 0xd5 } as const
