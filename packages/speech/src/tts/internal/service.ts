/** The interface of a voice. Providers implement it; `TextToSpeech` provides it. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as AudioFormat from "../../AudioFormat.ts"
import type { SpeechError } from "../../SpeechError.ts"
import type { SpokenAudio } from "../../SpokenAudio.ts"

/** The capabilities of a voice. */
export interface Capabilities {
  /**
   * Words carry the times at which they are heard. Otherwise the time of a sentence is divided among its words by
   * length.
   */
  readonly wordTimes: boolean
}

/** The voice and its manner. Providers ignore options they do not support. */
export interface Voice {
  /** The provider's id of the voice. Defaults to the layer's voice. */
  readonly id?: string | undefined
  /** The language of the text, as a tag such as `en`. Defaults to the layer's language. */
  readonly language?: string | undefined
  /** Relative speed. Defaults to 1. */
  readonly speed?: number | undefined
  /** The provider's id of a pronunciation dictionary (Cartesia only). Defaults to the layer's dictionary. */
  readonly pronunciationDictId?: string | undefined
}

/**
 * One reply: text goes in piece by piece, audio and words come out.
 *
 * Pieces are spoken verbatim one after another, so they must contain the spaces between them. Synthesis stays at most a
 * few seconds ahead of the audio pulled.
 */
export interface SpeechContext {
  /** Adds text. Neither waits nor fails, and does nothing after `end` or `cancel`. */
  readonly push: (text: string) => Effect.Effect<void>
  /** Asks for the audio of all text pushed so far, without waiting for more. */
  readonly flush: Effect.Effect<void>
  /** Ends the text: `audio` ends after the last word. */
  readonly end: Effect.Effect<void>
  /**
   * The audio in the format of the session, for a single reader. Each part begins where the previous one ended. Words
   * carry their position in the whole text (`from`, `to`), if known. A part may have words and no samples.
   */
  readonly audio: Stream.Stream<SpokenAudio, SpeechError>
  /** Stops at once: `audio` ends, and audio still on its way is discarded. Closing the scope does the same. */
  readonly cancel: Effect.Effect<void>
}

/** The voice of one call. */
export interface Session {
  readonly format: AudioFormat.AudioFormat
  /** Begins a reply. The replies of a session are independent: if one fails, the session reconnects for the next. */
  readonly context: Effect.Effect<SpeechContext, SpeechError, Scope.Scope>
}

/** Speaks. */
export class TextToSpeech extends Context.Service<
  TextToSpeech,
  {
    /** Names the voice, such as `cartesia/sonic-3`, in logs and metrics. */
    readonly name: string
    readonly capabilities: Capabilities
    /** Connects to the provider before a call needs it. */
    readonly warmUp: Effect.Effect<void, SpeechError>
    /** Opens the voice of a call, and connects at once, so that the first reply need not wait for the connection. */
    readonly open: (voice: Voice, format: AudioFormat.AudioFormat) => Effect.Effect<Session, SpeechError, Scope.Scope>
  }
>()("@antiphon/speech/TextToSpeech") {}
