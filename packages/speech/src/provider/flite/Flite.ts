/**
 * A voice that needs no key, no network and nothing native: flite, from Carnegie Mellon University, as WebAssembly.
 *
 * It sounds like 1999. It speaks English, about 30 times as fast as it is heard, in a thread of its own that all calls of the process
 * share. Text is said clause by clause, each when it is asked for, so that the first is heard soon, and a voice that is cut off
 * leaves the thread to others within a tenth of a second.
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

/** The voices: `slt` is a woman's, the others are men's. `kal` and `kal16` are quickest and sound worst. */
export const Voice = Schema.Literals(["slt", "rms", "awb", "kal16", "kal"])
export type Voice = typeof Voice.Type

/** How a text is spoken. */
export interface Options {
  /** By default `slt`. */
  readonly voice?: Voice | undefined
  /** 1 is the usual speed, 2 twice as fast. Held between 0.5 and 2. */
  readonly speed?: number | undefined
  /** By default 16-bit at 16000 Hz, which is what the voices have (`kal`: 8000 Hz). */
  readonly format?: AudioFormat.AudioFormat | undefined
}

/** Speaks. */
export interface Flite {
  /**
   * Speaks a text. Each part is a clause, synthesised when it is pulled; its words have their phonemes, in the alphabet of the CMU
   * dictionary. What cannot be read out (emoji, other scripts) takes no time. Interrupting the stream drops the clause
   * that is being synthesised.
   */
  readonly speak: (text: string, options?: Options) => Stream.Stream<SpokenAudio.SpokenAudio, FliteError>
}

/**
 * Something could not be said. Fatal for the text, not for the voice: the next text may succeed.
 *
 * `Load`: the program is missing or broken. `Synthesis`: it failed on a clause. `Exited`: its thread ended; the next text
 * starts another.
 */
export class FliteError extends Schema.TaggedError<FliteError>()("FliteError", {
  reason: Schema.Literals(["Load", "Synthesis", "Exited"]),
  cause: Schema.Defect()
}) {
  override get message() {
    return `flite: ${this.reason}: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

/** Starts the thread, which ends when the scope closes. Fails with `Load` if the program is not there. */
export const make: Effect.Effect<Flite, FliteError, Scope.Scope> = Effect.map(
  Thread.make((reason, cause) => new FliteError({ reason, cause })),
  (say): Flite => ({
    speak: (text, { format = AudioFormat.pcm16000, speed = 1, voice = "slt" } = {}) =>
      Speech.speak(say, text, { format, voice, stretch: 1 / Math.min(2, Math.max(0.5, speed)) })
  })
)
