/**
 * What a voice is. Providers implement it, and `TextToSpeech` hands it out.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as AudioFormat from "../../AudioFormat.ts"
import type { SpeechError } from "../../SpeechError.ts"
import type { SpokenAudio } from "../../SpokenAudio.ts"

/** What a voice can do. */
export interface Capabilities {
  /** Words come with the times at which they are heard. Otherwise a sentence's words share its time by their length. */
  readonly wordTimes: boolean
}

/** Who speaks, and how. What a provider cannot do it ignores. */
export interface Voice {
  /** The provider's id of the voice. Defaults to that of the layer. */
  readonly id?: string | undefined
  /** The language of the text, as a tag such as `en`. Defaults to that of the layer. */
  readonly language?: string | undefined
  /** Relative speed. Defaults to 1. */
  readonly speed?: number | undefined
  /** The provider's id of a dictionary of pronunciations. Cartesia has them. Defaults to that of the layer. */
  readonly pronunciationDictId?: string | undefined
}

/**
 * One reply: text goes in as it comes, audio and words come out.
 *
 * Text is spoken verbatim, one piece behind the other, so spaces between pieces are the caller's. No more than some
 * seconds are synthesised ahead of what was pulled from `audio`.
 */
export interface SpeechContext {
  /** Adds text. It neither waits nor fails; after `end` or `cancel` it does nothing. */
  readonly push: (text: string) => Effect.Effect<void>
  /** Asks for the audio of what was pushed, without waiting for more text. */
  readonly flush: Effect.Effect<void>
  /** There is no more text: `audio` ends behind the last word. */
  readonly end: Effect.Effect<void>
  /**
   * The audio in the format of the session, for one reader, each part beginning where the part before it ended. Words
   * carry their place in all text that was pushed (`from`, `to`) if it is known. A part may have words and no samples.
   */
  readonly audio: Stream.Stream<SpokenAudio, SpeechError>
  /** Stops at once: `audio` ends, and nothing that is still on its way comes out. Closing the scope does the same. */
  readonly cancel: Effect.Effect<void>
}

/** The voice of one call. */
export interface Session {
  readonly format: AudioFormat.AudioFormat
  /**
   * Begins a reply. Replies of a session are independent of each other; one that fails does not end the session, which
   * connects again for the next one.
   */
  readonly context: Effect.Effect<SpeechContext, SpeechError, Scope.Scope>
}

/** Speaks. */
export class TextToSpeech extends Context.Service<
  TextToSpeech,
  {
    /** Who speaks, such as `cartesia/sonic-3`: for logs and metrics. */
    readonly name: string
    readonly capabilities: Capabilities
    /** Opens the way to the provider before a call needs it. */
    readonly warmUp: Effect.Effect<void, SpeechError>
    /** Opens the voice of a call, and connects, so that the first reply does not wait for it. */
    readonly open: (voice: Voice, format: AudioFormat.AudioFormat) => Effect.Effect<Session, SpeechError, Scope.Scope>
  }
>()("@antiphon/speech/TextToSpeech") {}
