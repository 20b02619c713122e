/**
 * What a fake carrier may do wrong on the stream of a call.
 *
 * @since 0.1.0
 */

/** What a carrier may do wrong. Nothing by default. */
export interface Faults {
  /** Marks are never returned, or so many milliseconds late. */
  readonly marks?: "never" | number | undefined
  /** The sizes of audio messages, in bytes, one after the other and again. Frames of 20 ms by default. */
  readonly chunkBytes?: ReadonlyArray<number> | undefined
  /** Audio messages, counted from 1, that are lost on their way. */
  readonly lost?: ((chunk: number) => boolean) | undefined
  /** Frames that are sent as they are, right after the start. */
  readonly garbage?: ReadonlyArray<string | Uint8Array> | undefined
  /** Audio messages that come before the start. */
  readonly early?: number | undefined
  /** How much faster than real time the caller's audio comes. 1 by default. */
  readonly pace?: number | undefined
  /** The caller's side sends no audio at all, not even silence. */
  readonly isMute?: boolean | undefined
  /** It never reads what it is sent. */
  readonly isDeaf?: boolean | undefined
  /** The stream ends without a stop, with one, or with two. `once` by default. */
  readonly stop?: "never" | "once" | "twice" | undefined
  /** The socket is left open when the stream is over. */
  readonly staysOpen?: boolean | undefined
  /** No start message comes. */
  readonly noStart?: boolean | undefined
  /** What the start message says of the audio, instead of the truth. */
  readonly mediaFormat?: { readonly encoding: string; readonly sampleRate: number } | undefined
}
