/**
 * A phone that is connected to your server through a fake Twilio.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Faults } from "./Faults.ts"
import type * as Handset from "./internal/handset.ts"
import type * as CarrierStream from "./internal/stream.ts"

/** How a call ended: by the caller, by the server through the API, at the end of the TwiML, or because it was rejected. */
export type Ending = "caller" | "server" | "instructions" | "rejected"

/** Options for a call. */
export interface Dial {
  /** Webhook of the number that is called. */
  readonly url: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Additional fields of the webhook's form. */
  readonly fields?: Readonly<Record<string, string>> | undefined
  /** HTTP method of the webhook. `POST` by default. */
  readonly method?: "GET" | "POST" | undefined
  readonly faults?: Faults | undefined
}

/** A phone in a call. Times are milliseconds since the start of the call. */
export interface TwilioPhone {
  readonly callSid: string
  /** Queues speech of the caller: mu-law at 8000 Hz. */
  readonly say: (audio: Uint8Array) => void
  readonly press: (digit: string) => void
  readonly hangUp: Effect.Effect<void>
  /** Drops the connection without a closing handshake. */
  readonly drop: Effect.Effect<void>
  /** Sends a raw frame on the media stream. */
  readonly raw: (frame: string | Uint8Array) => void
  /** Audio that was played, in order. */
  readonly played: ReadonlyArray<Handset.Played>
  readonly clears: ReadonlyArray<Handset.Clear>
  /** When audio arrived, whether or not it was played. */
  readonly came: ReadonlyArray<Handset.Came>
  /** Marks that arrived, with the audio before them, whether or not they were reached. */
  readonly marks: ReadonlyArray<Handset.Mark>
  /** All audio that was played, without pauses. */
  readonly recording: () => Uint8Array
  /** Waits until this much audio has been played, not counting pauses. */
  readonly hears: (length: Duration.Input) => Effect.Effect<void>
  /** When the latest speech of the caller began to be sent. */
  readonly spokeAt: () => number | undefined
  readonly now: () => number
  /** Frames from the server that Twilio would not understand. */
  readonly nonsense: () => ReadonlyArray<string>
  /** TwiML that was followed, such as `Connect`, `Say: Sorry.`, `Dial: +15550009999`, `Conference: room`. */
  readonly verbs: ReadonlyArray<string>
  /** Waits until the nth media stream is open, counted from 1. Fails with the HTTP status if the server refuses it. */
  readonly streams: (nth: number) => Effect.Effect<void, number>
  /** Close codes of the media streams, whichever side closed them. */
  readonly closes: ReadonlyArray<CarrierStream.Close>
  /** Waits until the call is over. Returns how it ended. */
  readonly over: Effect.Effect<Ending>
}
