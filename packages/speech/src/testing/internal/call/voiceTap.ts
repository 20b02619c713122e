/**
 * Finds the words in the samples that a line has played, independently of the pipeline: it sits between the voice and
 * the pipeline, and recognises the bytes of each part when the line plays them.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../../AudioFormat.ts"
import * as AudioTime from "../../../AudioTime.ts"
import type { SpokenAudio } from "../../../SpokenAudio.ts"
import * as TextToSpeech from "../../../TextToSpeech.ts"
import * as Transcode from "../../../Transcode.ts"

/** A word that the line has played to its end, and the time of the call at which the word began. */
export interface PlayedWord {
  readonly text: string
  readonly from: number
  readonly to: number
  /** The result of `opened` for the word's utterance. */
  readonly owner: number
}

export interface VoiceTap {
  readonly layer: Layer.Layer<TextToSpeech.TextToSpeech, never, TextToSpeech.TextToSpeech>
  /** Called for each stretch that the line has played, in order. */
  readonly played: (stretch: { readonly at: number; readonly bytes: Uint8Array }) => ReadonlyArray<PlayedWord>
}

interface Part {
  readonly bytes: Uint8Array
  readonly owner: number
  /** Beginnings and ends of words, in bytes from the beginning of the part. */
  readonly words: Array<{ readonly text: string; readonly from: number; readonly to: number }>
}

/** Makes the tap. `opened` returns the owner of an utterance when it begins. */
export const make = (format: AudioFormat.AudioFormat, opened: () => number): VoiceTap => {
  const parts = new WeakMap<ArrayBufferLike, Part>()
  const perMs = AudioFormat.bytesPerMs(format)

  const tapped = (session: TextToSpeech.Session): TextToSpeech.Session => ({
    format,
    context: Effect.map(session.context, (context) => {
      const owner = opened()
      const transcoder = AudioFormat.equals(session.format, format) ? undefined : Transcode.make(session.format, format)
      let position = 0
      let last: Part | undefined
      const keep = (part: SpokenAudio): SpokenAudio => {
        // A buffer of its own, by which the part is recognised.
        const bytes = Uint8Array.from(transcoder?.push(part.audio.bytes) ?? part.audio.bytes)
        const begin = position
        position += bytes.length
        const kept: Part = { bytes, owner, words: [] }
        if (bytes.length > 0) {
          parts.set(bytes.buffer, kept)
          last = kept
        }
        for (const word of part.words) {
          const from = word.start * perMs - begin
          // A word that continues in the next part counts once this part is over.
          const to = Math.min(word.end * perMs - begin, bytes.length === 0 ? Infinity : bytes.length)
          ;(bytes.length > 0 ? kept : last)?.words.push({ text: word.text, from, to })
        }
        return { ...part, audio: { format, bytes, time: AudioTime.zero } }
      }
      return { ...context, audio: Stream.map(context.audio, keep) }
    })
  })

  /** How far the last part was played. */
  let current: { readonly part: Part; at: number } | undefined
  const begun = new Map<object, number>()
  /** Words already heard: after a pause, the end of a word may be played twice. */
  const done = new WeakSet<object>()

  /** Notes that a part was played up to a byte, which ended at a time. */
  const advance = (part: Part, to: number, time: number): ReadonlyArray<PlayedWord> => {
    const from = current?.part === part ? current.at : 0
    const timeOf = (byte: number) => time - (to - byte) / perMs
    current = { part, at: Math.max(from, to) }
    return part.words.flatMap((word) => {
      if (word.from < to && !begun.has(word)) begun.set(word, timeOf(Math.max(0, word.from)))
      if (word.to <= from || word.to > to || done.has(word)) return []
      done.add(word)
      const since = begun.get(word) ?? timeOf(word.from)
      begun.delete(word)
      return [{ text: word.text, from: since, to: timeOf(word.to), owner: part.owner }]
    })
  }

  return {
    layer: Layer.effect(
      TextToSpeech.TextToSpeech,
      Effect.map(TextToSpeech.TextToSpeech, (voice) => ({
        ...voice,
        open: (id, wanted) => Effect.map(voice.open(id, wanted), tapped)
      }))
    ),
    played: ({ at, bytes }) => {
      const part = parts.get(bytes.buffer)
      if (part !== undefined) {
        return advance(part, bytes.byteOffset + bytes.length, at + bytes.length / perMs)
      }
      // A frame with two parts: the end of the previous one, and the beginning of one that the next frame identifies.
      if (current === undefined) return []
      const rest = Math.min(current.part.bytes.length - current.at, bytes.length)
      return rest <= 0 ? [] : advance(current.part, current.at + rest, at + rest / perMs)
    }
  }
}
