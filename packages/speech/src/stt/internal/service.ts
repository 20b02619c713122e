/**
 * What a recogniser is. Providers implement it, and `SpeechToText` hands it out.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as AudioFormat from "../../AudioFormat.ts"
import type * as AudioFrame from "../../AudioFrame.ts"
import type { AudioTime } from "../../AudioTime.ts"
import type { SpeechError } from "../../SpeechError.ts"
import type { SpokenWord } from "../../SpokenAudio.ts"

/** What a recogniser can do. */
export interface Capabilities {
  /** It decides when a turn is over: `EagerEnd`, `Resumed` and `TurnEnded` come, and `Final` does not. */
  readonly turns: boolean
  /** Words come while they are being said. */
  readonly partials: boolean
  /** Words come with the times at which they were said. */
  readonly wordTimes: boolean
}

/** Somebody began to speak, as far as the recogniser can tell. Detectors of voice activity are faster. */
export interface SpeechStarted {
  readonly _tag: "SpeechStarted"
  readonly at?: AudioTime | undefined
}

/** Words, and when they were said if that is known. */
export interface Words {
  readonly text: string
  readonly from?: AudioTime | undefined
  readonly to?: AudioTime | undefined
  readonly words?: ReadonlyArray<SpokenWord> | undefined
}

/** All words that are not final yet. It replaces the partial before it. */
export interface Partial extends Words {
  readonly _tag: "Partial"
}

/** Words that will not change any more. They replace the partial before them. Never empty. */
export interface Final extends Words {
  readonly _tag: "Final"
}

/** The turn is probably over. `text` is all of it. `Resumed` or `TurnEnded` follows. */
export interface EagerEnd extends Words {
  readonly _tag: "EagerEnd"
}

/** The turn goes on after all: `EagerEnd` is taken back. */
export interface Resumed {
  readonly _tag: "Resumed"
}

/** The turn is over. `text` is all of it, final; it may be empty if no word was made out. */
export interface TurnEnded extends Words {
  readonly _tag: "TurnEnded"
}

/** What a recogniser reports. All times are times of the frames that were sent. */
export type Event = SpeechStarted | Partial | Final | EagerEnd | Resumed | TurnEnded

/** What to listen for. */
export interface Options {
  /** The spoken language, as a tag such as `en` or `de-CH`. Defaults to that of the layer. */
  readonly language?: string | undefined
  /** Words to expect: names, products, jargon. Ignored by recognisers that take none. */
  readonly keyterms?: ReadonlyArray<string> | undefined
}

/** One stream of audio and what is heard in it. */
export interface Session {
  /**
   * Sends a frame. It neither waits nor fails: a failure ends `events`, and later frames are dropped. Frames are in order;
   * what lies between two that are not adjacent counts as silence that was not sent.
   */
  readonly send: (frame: AudioFrame.AudioFrame) => Effect.Effect<void>
  /**
   * Asks for the words of what was sent so far, without waiting for more audio. Use it when a pause is heard. A recogniser
   * with turns ends the turn, if it can: use it only when the turn is known to be over, as when a key is released.
   */
  readonly flush: Effect.Effect<void>
  /** There is no more audio: `events` ends behind the last words. */
  readonly end: Effect.Effect<void>
  /** What was heard, for one reader. Fails if the recogniser does, and then the session is over. */
  readonly events: Stream.Stream<Event, SpeechError>
}

/** Recognises speech. */
export class SpeechToText extends Context.Service<
  SpeechToText,
  {
    /** Who recognises, such as `deepgram/nova-3`: for logs and metrics. */
    readonly name: string
    readonly capabilities: Capabilities
    /** Opens the way to the provider before a call needs it, if `open` would otherwise wait for more than one connection. */
    readonly warmUp: Effect.Effect<void, SpeechError>
    /**
     * Opens a session for audio of a format. Succeeds when the provider has accepted it; closing the scope closes it. Any
     * format is taken: what the provider does not take is converted.
     */
    readonly open: (
      format: AudioFormat.AudioFormat,
      options?: Options
    ) => Effect.Effect<Session, SpeechError, Scope.Scope>
  }
>()("@antiphon/speech/SpeechToText") {}
