/** What Deepgram's services share. */
import * as Effect from "effect/Effect"
import * as AudioFormat from "../../../AudioFormat.ts"
import * as AudioTime from "../../../AudioTime.ts"
import type { SpokenWord } from "../../../SpokenAudio.ts"
import * as Credentials from "../../internal/credentials.ts"

export const provider = "deepgram"
const keyVariables = ["DEEPGRAM_API_KEY"]

/** The address and the headers of a request. */
export const access = (options: Credentials.Options) =>
  Effect.gen(function* () {
    const key = yield* Credentials.keyOf(provider, keyVariables, options.apiKey)
    const address = yield* Credentials.addressOf(provider, options.baseUrl ?? "https://api.deepgram.com", "ws")
    return { address, headers: { Authorization: `Token ${key}` } }
  })

/** The names of encodings. */
export const encodings: Readonly<Record<AudioFormat.Encoding, string>> = {
  pcm_s16le: "linear16",
  mulaw: "mulaw",
  alaw: "alaw"
}

/** A word of a transcript, in seconds of the stream. */
interface Word {
  readonly word: string
  readonly punctuated_word?: string | undefined
  readonly start?: number | undefined
  readonly end?: number | undefined
}

/** Words with the times of the call. Empty if their times are unknown. */
export const timed = (
  words: ReadonlyArray<Word>,
  at: (streamMs: number) => AudioTime.AudioTime
): ReadonlyArray<SpokenWord> | undefined => {
  const found = words.flatMap(({ end, punctuated_word, start, word }) =>
    start === undefined || end === undefined
      ? []
      : [{ text: punctuated_word ?? word, start: at(start * 1000), end: at(end * 1000) }]
  )
  return found.length === 0 || found.length < words.length ? undefined : found
}

/** The span of words. */
export const span = (words: ReadonlyArray<SpokenWord> | undefined) =>
  words === undefined ? {} : { words, from: words[0]!.start, to: words.at(-1)!.end }
