/**
 * A phone that is connected to your server through a fake Telnyx.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Handset from "./internal/handset.ts"

/** How a call ended. */
export type Ending = "caller" | "server" | "rejected"

/** A phone in a call. Times are milliseconds since the start of the call. */
export interface TelnyxPhone {
  readonly callControlId: string
  /** Queues speech of the caller: mu-law at 8000 Hz. */
  readonly say: (audio: Uint8Array) => void
  readonly press: (digit: string) => void
  readonly hangUp: Effect.Effect<void>
  readonly played: ReadonlyArray<Handset.Played>
  readonly clears: ReadonlyArray<Handset.Clear>
  /** All audio that was played, without pauses. */
  readonly recording: () => Uint8Array
  /** Frames from the server that Telnyx would not understand. */
  readonly nonsense: () => ReadonlyArray<string>
  /** Waits until the media stream is open. Fails with the HTTP status if the server refuses it. */
  readonly connected: Effect.Effect<void, number>
  /** Waits until the call is over. Returns how it ended. */
  readonly over: Effect.Effect<Ending>
}
