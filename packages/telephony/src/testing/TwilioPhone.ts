/**
 * Somebody on the telephone, by way of a fake Twilio.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Faults } from "./Faults.ts"
import type * as Handset from "./internal/handset.ts"
import type * as CarrierStream from "./internal/stream.ts"

/** Who has ended a call: the caller, the server by the API, the instructions when they were at their end, or a refusal. */
export type Ending = "caller" | "server" | "instructions" | "rejected"

/** How somebody calls a server. */
export interface Dial {
  /** The webhook of the number. */
  readonly url: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** More fields of the webhook. */
  readonly fields?: Readonly<Record<string, string>> | undefined
  /** How the webhook is called. `POST` by default. */
  readonly method?: "GET" | "POST" | undefined
  readonly faults?: Faults | undefined
}

/** Somebody on the telephone. Times are milliseconds since they called. */
export interface TwilioPhone {
  readonly callSid: string
  /** Speaks: mu-law at 8000 Hz, behind what is being said. */
  readonly say: (audio: Uint8Array) => void
  readonly press: (digit: string) => void
  readonly hangUp: Effect.Effect<void>
  /** Drops the connection without a word. */
  readonly drop: Effect.Effect<void>
  /** Sends a frame of the stream as it is. */
  readonly raw: (frame: string | Uint8Array) => void
  /** What was played, in order. */
  readonly played: ReadonlyArray<Handset.Played>
  readonly clears: ReadonlyArray<Handset.Clear>
  /** When audio came, played or not. */
  readonly came: ReadonlyArray<Handset.Came>
  /** All that was played, without the pauses. */
  readonly recording: () => Uint8Array
  /** Waits until so much was played, pauses not counted. */
  readonly hears: (length: Duration.Input) => Effect.Effect<void>
  /** When what was said last began to leave. */
  readonly spokeAt: () => number | undefined
  readonly now: () => number
  /** Frames of the server that Twilio does not understand. */
  readonly nonsense: () => ReadonlyArray<string>
  /** The instructions that were carried out, such as `Connect`, `Say: Sorry.`, `Dial: +15550009999`, `Conference: room`. */
  readonly verbs: ReadonlyArray<string>
  /** Waits until a stream is open for the nth time, the first being 1. Fails with the status if the server refuses it. */
  readonly streams: (nth: number) => Effect.Effect<void, number>
  /** How the sockets of the streams were closed, by whoever did it. */
  readonly closes: ReadonlyArray<CarrierStream.Close>
  /** Waits until the call is over, and tells who ended it. */
  readonly over: Effect.Effect<Ending>
}
