/**
 * The format of an audio stream: an encoding and a sample rate, always mono.
 *
 * Formats have the names that Cartesia's Calls API uses, such as `pcm_16000` and `mulaw_8000`.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { AudioError } from "./AudioError.ts"

/** `pcm_s16le` is 16-bit signed, little-endian. `mulaw` and `alaw` are one byte per sample (ITU-T G.711). */
export const Encoding = Schema.Literals(["pcm_s16le", "mulaw", "alaw"])
export type Encoding = typeof Encoding.Type

/** Samples per second. */
export const SampleRateHz = Schema.Literals([8000, 16000, 24000, 44100, 48000])
export type SampleRateHz = typeof SampleRateHz.Type

/** The encoding and rate of a mono stream. */
export const AudioFormat = Schema.Struct({
  encoding: Encoding,
  sampleRateHz: SampleRateHz,
  channels: Schema.Literal(1)
})
export type AudioFormat = typeof AudioFormat.Type

/** The name of a format, such as `pcm_16000` or `mulaw_8000`. */
export type Name = `${(typeof prefixes)[Encoding]}_${SampleRateHz}`

const prefixes = { pcm_s16le: "pcm", mulaw: "mulaw", alaw: "alaw" } as const

/** Makes a mono format. */
export const make = (encoding: Encoding, sampleRateHz: SampleRateHz): AudioFormat => ({
  encoding,
  sampleRateHz,
  channels: 1
})

/** 16-bit samples at 8000 Hz. */
export const pcm8000 = make("pcm_s16le", 8000)
/** 16-bit samples at 16000 Hz: what browsers send, and what most speech recognisers and voice detectors expect. */
export const pcm16000 = make("pcm_s16le", 16000)
/** 16-bit samples at 24000 Hz. */
export const pcm24000 = make("pcm_s16le", 24000)
/** 16-bit samples at 44100 Hz. */
export const pcm44100 = make("pcm_s16le", 44100)
/** 16-bit samples at 48000 Hz. */
export const pcm48000 = make("pcm_s16le", 48000)
/** Mu-law at 8000 Hz: telephone lines in North America and Japan. */
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

/** Parses the name of a format. Fails with `UnknownFormat` if no format has this name; names are case-sensitive. */
export const fromName = (text: string): Result.Result<AudioFormat, AudioError> => {
  const format = formats.get(text)
  return format === undefined
    ? Result.fail(new AudioError({ reason: "UnknownFormat", expected: [...formats.keys()].join(" | "), actual: text }))
    : Result.succeed(format)
}

/** Schema for the name of a format. */
export const Name = Schema.Literals([...formats.keys()] as ReadonlyArray<Name>)

/** Schema for a format encoded as its name. */
export const FromName = Name.pipe(
  Schema.decodeTo(
    AudioFormat,
    SchemaTransformation.transform({ decode: (text: Name) => formats.get(text)!, encode: name })
  )
)

/** Whether two formats are the same. */
export const equals = (a: AudioFormat, b: AudioFormat): boolean =>
  a.encoding === b.encoding && a.sampleRateHz === b.sampleRateHz

/** Bytes per sample. */
export const bytesPerSample = (format: AudioFormat): 1 | 2 => (format.encoding === "pcm_s16le" ? 2 : 1)

/** Bytes per millisecond. Not a whole number at 44100 Hz, so use {@link bytesOf} to size a buffer. */
export const bytesPerMs = (format: AudioFormat): number => (format.sampleRateHz * bytesPerSample(format)) / 1000

/** The size in bytes of `ms` milliseconds of audio, rounded to the nearest whole sample. */
export const bytesOf = (format: AudioFormat, ms: number): number =>
  Math.round((ms * format.sampleRateHz) / 1000) * bytesPerSample(format)

/** How long `byteLength` bytes last, in milliseconds. An incomplete last sample does not count. */
export const durationMs = (format: AudioFormat, byteLength: number): number =>
  (Math.floor(byteLength / bytesPerSample(format)) * 1000) / format.sampleRateHz

/** The byte to fill silence with. In mu-law it is `0xff`; a 0 there would be a loud click. */
export const silentByte = (format: AudioFormat): number => silentBytes[format.encoding]

const silentBytes = { pcm_s16le: 0, mulaw: 0xff, alaw: 0xd5 } as const
