/**
 * A voice that needs no key, no network and no native code: Carnegie Mellon's flite, compiled to WebAssembly.
 *
 * It speaks English, and sounds like 1999. Synthesis runs in a worker thread that all calls share, about 30 times
 * faster than real time, so about 30 calls can speak at once. It proceeds clause by clause, on demand: the first clause
 * is ready early, and after an interruption the thread is free again within about a tenth of a second.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import type * as SpokenAudio from "../../SpokenAudio.ts"
import * as Speech from "./internal/speech.ts"
import * as Thread from "./internal/thread.ts"

/** The voices: `slt` is female, the others are male. `kal` and `kal16` are the fastest and sound worst. */
export const Voice = Schema.Literals(["slt", "rms", "awb", "kal16", "kal"])
export type Voice = typeof Voice.Type

/** How to speak a text. */
export interface Options {
  /** Defaults to `slt`. */
  readonly voice?: Voice | undefined
  /** Relative speed, clamped to 0.5 to 2. Defaults to 1. */
  readonly speed?: number | undefined
  /** Defaults to `pcm_16000`, the native format of all voices except `kal` (8000 Hz). */
  readonly format?: AudioFormat.AudioFormat | undefined
}

/** A running voice. */
export interface Flite {
  /**
   * Speaks a text. Each element is one clause, synthesised when it is pulled. Its words carry phonemes in the notation
   * of the CMU dictionary. Words that cannot be pronounced (emoji, other scripts) take no time. Interrupting the stream
   * discards the clause in progress.
   */
  readonly speak: (text: string, options?: Options) => Stream.Stream<SpokenAudio.SpokenAudio, FliteError>
}

/**
 * Speech synthesis failed. Fatal for this text, but not for the voice: the next text may succeed.
 *
 * `Load`: flite is missing or broken. `Synthesis`: flite failed on a clause. `Exited`: the worker thread died; the next
 * text starts a new one.
 */
export class FliteError extends Schema.TaggedError<FliteError>()("FliteError", {
  reason: Schema.Literals(["Load", "Synthesis", "Exited"]),
  cause: Schema.Defect()
}) {
  override get message() {
    return `flite: ${this.reason}: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

/** Starts the worker thread, and stops it when the scope closes. Fails with `Load` if flite cannot be loaded. */
export const make: Effect.Effect<Flite, FliteError, Scope.Scope> = Effect.map(
  Thread.make((reason, cause) => new FliteError({ reason, cause })),
  (say): Flite => ({
    speak: (text, { format = AudioFormat.pcm16000, speed = 1, voice = "slt" } = {}) =>
      Speech.speak(say, text, { format, voice, stretch: 1 / Math.min(2, Math.max(0.5, speed)) })
  })
)
