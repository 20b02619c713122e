/** The interface of a recogniser. Providers implement it; `SpeechToText` provides it. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as AudioFormat from "../../AudioFormat.ts"
import type * as AudioFrame from "../../AudioFrame.ts"
import type { AudioTime } from "../../AudioTime.ts"
import type { SpeechError } from "../../SpeechError.ts"
import type { SpokenWord } from "../../SpokenAudio.ts"

/** The capabilities of a recogniser. */
export interface Capabilities {
  /** The recogniser decides when a turn is over: it sends `EagerEnd`, `Resumed` and `TurnEnded`, and never `Final`. */
  readonly turns: boolean
  /** Words arrive while they are being said. */
  readonly partials: boolean
  /** Words carry the times at which they were said. */
  readonly wordTimes: boolean
}

/** The recogniser has noticed that the user began to speak. A voice detector is faster. */
export interface SpeechStarted {
  readonly _tag: "SpeechStarted"
  readonly at?: AudioTime | undefined
}

/** The words, and when each was said, if known. */
export interface Words {
  readonly text: string
  readonly from?: AudioTime | undefined
  readonly to?: AudioTime | undefined
  readonly words?: ReadonlyArray<SpokenWord> | undefined
}

/** All words that are not final yet. Each partial replaces the one before it. */
export interface Partial extends Words {
  readonly _tag: "Partial"
}

/** Words that will not change any more. Replaces the partial before it. Never empty. */
export interface Final extends Words {
  readonly _tag: "Final"
}

/** The turn is probably over. `text` is the whole turn. `Resumed` or `TurnEnded` follows. */
export interface EagerEnd extends Words {
  readonly _tag: "EagerEnd"
}

/** The turn continues after all: revokes `EagerEnd`. */
export interface Resumed {
  readonly _tag: "Resumed"
}

/** The turn is over. `text` is the whole turn, and final. It is empty if no word was recognised. */
export interface TurnEnded extends Words {
  readonly _tag: "TurnEnded"
}

/** An event of a recogniser. All times are in the time of the frames sent to it. */
export type Event = SpeechStarted | Partial | Final | EagerEnd | Resumed | TurnEnded

/** What to listen for. */
export interface Options {
  /** The spoken language, as a tag such as `en` or `de-CH`. Defaults to the layer's language. */
  readonly language?: string | undefined
  /** Words to expect, such as names, products and jargon. Ignored by recognisers that do not support them. */
  readonly keyterms?: ReadonlyArray<string> | undefined
}

/** One stream of audio, and the words recognised in it. */
export interface Session {
  /**
   * Sends a frame. Neither waits nor fails: if the session fails, `events` ends and later frames are dropped. Frames
   * must be in order. A gap between two frames counts as silence.
   */
  readonly send: (frame: AudioFrame.AudioFrame) => Effect.Effect<void>
  /**
   * Asks for the words of all audio sent so far, without waiting for more. Call this at a pause. A recogniser with
   * turns ends the turn, if it can: call this only when the turn is known to be over, such as when the user releases
   * the key of push-to-talk.
   */
  readonly flush: Effect.Effect<void>
  /** Ends the audio: `events` ends after the last words. */
  readonly end: Effect.Effect<void>
  /** The recognised words, for a single reader. Fails if the recogniser fails, which ends the session. */
  readonly events: Stream.Stream<Event, SpeechError>
}

/** Recognises speech. */
export class SpeechToText extends Context.Service<
  SpeechToText,
  {
    /** Names the recogniser, such as `deepgram/nova-3`, in logs and metrics. */
    readonly name: string
    readonly capabilities: Capabilities
    /** Connects to the provider before a call needs it, if `open` would otherwise wait for more than one connection. */
    readonly warmUp: Effect.Effect<void, SpeechError>
    /**
     * Opens a session for audio in any format, which is converted if the provider does not support it. Succeeds once
     * the provider has accepted the session. Closing the scope closes it.
     */
    readonly open: (
      format: AudioFormat.AudioFormat,
      options?: Options
    ) => Effect.Effect<Session, SpeechError, Scope.Scope>
  }
>()("@antiphon/speech/SpeechToText") {}
