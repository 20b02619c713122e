/**
 * Faults that a fake carrier can have on its media stream.
 *
 * @since 0.1.0
 */

/** Faults of a carrier. None by default. */
export interface Faults {
  /** Marks are never returned, or are returned this many milliseconds late. */
  readonly marks?: "never" | number | undefined
  /** Sizes of audio messages in bytes, repeated in order. Frames of 20 ms by default. */
  readonly chunkBytes?: ReadonlyArray<number> | undefined
  /** Which audio messages are lost, counted from 1. */
  readonly lost?: ((chunk: number) => boolean) | undefined
  /** Raw frames that are sent right after the start message. */
  readonly garbage?: ReadonlyArray<string | Uint8Array> | undefined
  /** Number of audio messages that are sent before the start message. */
  readonly early?: number | undefined
  /** Speed of the caller's audio relative to real time. 1 by default. */
  readonly pace?: number | undefined
  /** No audio of the caller is sent, not even silence. */
  readonly isMute?: boolean | undefined
  /** The socket is never read. */
  readonly isDeaf?: boolean | undefined
  /** How often the stop message is sent. `once` by default. */
  readonly stop?: "never" | "once" | "twice" | undefined
  /** The socket stays open after the stream has ended. */
  readonly staysOpen?: boolean | undefined
  /** No start message is sent. */
  readonly noStart?: boolean | undefined
  /** A wrong media format in the start message. */
  readonly mediaFormat?: { readonly encoding: string; readonly sampleRate: number } | undefined
}
