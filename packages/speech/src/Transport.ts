/**
 * The line of a call: audio and keys in, audio and commands out, whatever carries it (a browser, a telephone carrier, a
 * test).
 *
 * A transport decides nothing. It delivers what arrives, in order, and carries out the commands of the pipeline in
 * `Speech.run`. Audio has one format in both directions; a transport whose line differs converts with `Transcode`.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "@antiphon/core/CallRequest"
import type * as Arr from "effect/Array"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as AudioFormat from "./AudioFormat.ts"
import type * as Playback from "./Playback.ts"

/** The capabilities of a line, which the pipeline takes into account. */
export interface Capabilities {
  /**
   * How the line reports what was heard: it returns the marks sent with the audio, counts the samples it has played, or
   * reports nothing. In the last case it is estimated from the time.
   */
  readonly heard: Playback.Report
  /**
   * The time from sending a sample until it is heard, as far as it is known, for a line that reports nothing.
   * Milliseconds.
   */
  readonly latencyMs?: number | undefined
  /**
   * How much audio the line prefers to get at once, while more is being played: fewer messages cost less. 20 milliseconds by default.
   * Twice as much is on its way if no `lead` is chosen. It does not change what is cleared.
   */
  readonly messageMs?: number | undefined
  /** Whether the line never returns the agent's own voice: a telephone does not, a loudspeaker may. */
  readonly echoFree: boolean
}

/** An event of the line. */
export type Incoming =
  /** Audio of the caller, in the format of the transport: any number of bytes, in order, without timestamps. */
  | { readonly _tag: "Audio"; readonly bytes: Uint8Array }
  /** The line has lost this much of the caller's audio, or sent none because nobody spoke. */
  | { readonly _tag: "Gap"; readonly ms: number }
  /** A mark came back: what was sent before it was heard or cleared. */
  | { readonly _tag: "Mark"; readonly name: string }
  /** The number of samples of a stream that were played. `isCleared`: this is the answer to a clear, and exact. */
  | {
      readonly _tag: "Played"
      readonly generation: number
      readonly stream: number
      readonly samples: number
      readonly isCleared: boolean
    }
  /** The caller pressed a key. */
  | { readonly _tag: "Dtmf"; readonly button: string }
  /** The caller pressed or released the push-to-talk key. */
  | { readonly _tag: "Talk"; readonly isPressed: boolean }
  /** The caller typed words, or their own side recognised speech: final words of their own turn. */
  | { readonly _tag: "Text"; readonly text: string }
  /** The application on the caller's side sent a message. */
  | { readonly _tag: "Custom"; readonly metadata: { readonly [key: string]: unknown } }
  /** Whether the caller can hear us: they may be on hold or being transferred. Meanwhile, speech waits. */
  | { readonly _tag: "Held"; readonly isHeld: boolean }
  /** The outcome of a transfer. */
  | {
      readonly _tag: "Transferred"
      readonly outcome: "Answered" | "Busy" | "NoAnswer" | "Failed"
      readonly targetPhoneNumber: string
    }
  /** Who answered an outgoing call, according to the carrier. */
  | { readonly _tag: "Answered"; readonly by: "Human" | "Menu" | "Machine" | "Nobody" }

/** The line broke. Fatal for the call. `detail` never contains audio, words or keys. */
export class TransportError extends Data.TaggedError("TransportError")<{
  readonly reason: "Lost" | "Stalled" | "BadInput" | "Refused"
  readonly detail: string
}> {
  override get message(): string {
    return `the line broke (${this.reason}): ${this.detail}`
  }
}

/** The line of one call. */
export interface Transport {
  /** The request of the call. */
  readonly request: CallRequest
  readonly format: AudioFormat.AudioFormat
  readonly capabilities: Capabilities
  /** Events of the line, in order. Ends when the caller has left. For a single reader. */
  readonly incoming: Stream.Stream<Incoming, TransportError>
  /** Sends audio and marks, in order. Must not wait for them to be played. */
  readonly send: (outputs: Arr.NonEmptyReadonlyArray<Playback.Output>) => Effect.Effect<void, TransportError>
  /** Drops what was sent but not played. A line that counts samples answers with `Played` and `isCleared`. */
  readonly clear: (of: { readonly generation: number; readonly stream: number }) => Effect.Effect<void, TransportError>
  /** Shows the caller's side what is going on: texts, turns, words heard. A line without a display ignores it. */
  readonly show?: ((event: Shown) => Effect.Effect<void, TransportError>) | undefined
  /** Presses keys on the line. */
  readonly dtmf?: ((buttons: string) => Effect.Effect<void, TransportError>) | undefined
  /** Transfers the call. `Transferred` reports whether the target answered, if the line knows. */
  readonly transfer?: ((targetPhoneNumber: string) => Effect.Effect<void, TransportError>) | undefined
  /** Forwards a message from the application. */
  readonly custom?: ((metadata: { readonly [key: string]: unknown }) => Effect.Effect<void, TransportError>) | undefined
  /** Hangs up, once everything sent before was played or cleared. */
  readonly hangUp: (reason: string) => Effect.Effect<void>
}

/** What a display may show during the call. Times are audio times in milliseconds. */
export type Shown =
  | { readonly _tag: "Transcript"; readonly text: string; readonly isFinal: boolean }
  | { readonly _tag: "UserTurn"; readonly state: "Started" | "Tentative" | "Ended" | "Abandoned" }
  | { readonly _tag: "AgentText"; readonly turn: number; readonly text: string }
  | { readonly _tag: "AgentHeard"; readonly turn: number; readonly text: string }
  | {
      readonly _tag: "AgentTurn"
      readonly turn: number
      readonly state: "Started" | "Completed" | "Cancelled" | "Failed"
    }
  | { readonly _tag: "Tool"; readonly turn: number; readonly name: string; readonly isRunning: boolean }
  /**
   * How the time of a turn was spent: milliseconds from the end of the caller's speech. Absent stages did not happen.
   */
  | {
      readonly _tag: "Latency"
      readonly turn: number
      readonly endOfTurnMs?: number | undefined
      readonly firstTextMs?: number | undefined
      readonly firstAudioMs?: number | undefined
      readonly firstHeardMs?: number | undefined
    }

/** What the history keeps of an event apart from its text, in bytes. A rough figure. */
const entryBytes = 512

/**
 * A transport that tells how much memory the words of its call take: `kept` gets the bytes of each event that a history keeps, roughly.
 * A server ends the largest call first if memory runs out.
 */
export const weighed = (transport: Transport, kept: (bytes: number) => void): Transport => ({
  ...transport,
  show: (event) =>
    Effect.suspend(() => {
      const isText = event._tag === "AgentText" || event._tag === "AgentHeard"
      if (isText || (event._tag === "Transcript" && event.isFinal)) kept(entryBytes + event.text.length)
      return transport.show?.(event) ?? Effect.void
    })
})
